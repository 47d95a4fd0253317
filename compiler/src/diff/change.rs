//! A change as data, and equal changes of many tools as one.

use std::collections::BTreeMap;

use super::code::{ChangeCode, Class};
use crate::diagnostic::{Place, Severity};
use crate::pin::visible;

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which kind of change.
    pub code: ChangeCode,
    /// The tool, or the server or upstream, that it is about, by its new name where it has one.
    pub subject: String,
    /// What is true now, in one sentence without the subject: lower case, no full stop, names between backticks.
    pub sentence: String,
    /// What a text was and what it is, in full, where the change is one of words.
    pub texts: Option<(String, String)>,
    /// Where it was.
    pub old: Option<Place>,
    /// Where it is.
    pub new: Option<Place>,
}

/// The same change of one or more tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which kind of change.
    pub code: ChangeCode,
    /// What is true now of all of them.
    pub sentence: String,
    /// Whom it is about, sorted, with the places.
    pub members: Vec<Member>,
}

/// One of those that a change is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The tool, server or upstream.
    pub subject: String,
    /// What a text was and what it is, in full, where the change is one of words; nothing in it is hidden.
    pub texts: Option<(String, String)>,
    /// Where it was.
    pub old: Option<Place>,
    /// Where it is.
    pub new: Option<Place>,
}

/// All that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Equal changes together; what matters most first.
    pub groups: Vec<Group>,
    /// How many tools there were.
    pub tools_before: usize,
    /// How many tools there are.
    pub tools_after: usize,
    /// How many tools are not as they were, those that came or went among them.
    pub tools_changed: usize,
}

impl Change {
    /// The class of its code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.info().class
    }

    /// The same with what a text was and what it is.
    pub(super) fn saying(self, was: &str, is: &str) -> Self {
        let texts = (was != is).then(|| (was.to_owned(), is.to_owned()));
        Self { texts, ..self }
    }
}

impl Group {
    /// The class of its code.
    #[must_use]
    pub fn class(&self) -> Class {
        self.code.info().class
    }

    /// The severity of its code.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.info().severity
    }
}

impl Changes {
    /// Puts equal changes together.
    pub(super) fn take(&mut self, changes: Vec<Change>) {
        let mut groups: BTreeMap<(Class, ChangeCode, String), Vec<Member>> = BTreeMap::new();
        for change in changes {
            // Names are others' too, and nothing in them may be hidden from whoever reads of them.
            let seen = |text: &str| text.chars().flat_map(visible).collect::<String>();
            let texts = change.texts.as_ref().map(|(was, is)| (seen(was), seen(is)));
            let key = (change.class(), change.code, seen(&change.sentence));
            let member = Member { subject: seen(&change.subject), texts, old: change.old, new: change.new };
            groups.entry(key).or_default().push(member);
        }
        self.groups = groups
            .into_iter()
            .map(|((_, code, sentence), mut members)| {
                members.sort_by(|one, another| one.subject.cmp(&another.subject));
                Group { code, sentence, members }
            })
            .collect();
    }

    /// How many changes of a class there are, each subject counted.
    #[must_use]
    pub fn count(&self, class: Class) -> usize {
        self.groups.iter().filter(|group| group.class() == class).map(|group| group.members.len()).sum()
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}
