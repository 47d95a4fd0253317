//! Changes between two sets of capabilities to something people or programs read.
//!
//! Texts of others stand in the sentences; each format escapes them for its readers.

mod github;
mod json;
mod markdown;
mod sarif;

pub use github::render_github;
pub use json::render_json;
pub use markdown::render_markdown;
pub use sarif::render_sarif;

use super::Places;
use crate::diagnostic::Place;
use crate::diff::{Changes, Class, Group, Member};

/// Changes, and what is known of both sides.
#[derive(Debug)]
pub struct Review<'r> {
    /// What changed.
    pub changes: &'r Changes,
    /// Where it was.
    pub old: Origin<'r>,
    /// Where it is.
    pub new: Origin<'r>,
    /// The classes that are not wanted.
    pub denied: &'r [Class],
}

/// One of the two sides.
#[derive(Debug)]
pub struct Origin<'r> {
    /// What people call it, such as `HEAD`.
    pub label: &'r str,
    /// How the names of its files begin for its readers; empty or without a trailing slash.
    pub prefix: &'r str,
    /// Where places are.
    pub places: &'r Places,
}

/// A place as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The file.
    pub file: String,
    /// The line, from one.
    pub line: usize,
    /// The column in characters, from one.
    pub column: usize,
}

impl Origin<'_> {
    /// Where a place is; of a whole file, its beginning.
    #[must_use]
    pub fn find(&self, place: &Place) -> Shown {
        let name = place.source.as_str();
        let file = if self.prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        let found = self.places.find(place);
        Shown { file, line: found.as_ref().map_or(1, |it| it.line), column: found.as_ref().map_or(1, |it| it.column) }
    }
}

impl Review<'_> {
    /// Where a change is to be looked at: in the new form, or in the old one if there is no new one.
    #[must_use]
    pub fn place(&self, member: &Member) -> Option<Shown> {
        let new = member.new.as_ref().map(|place| self.new.find(place));
        new.or_else(|| member.old.as_ref().map(|place| self.old.find(place)))
    }

    /// Whether a class is not wanted and there are changes of it.
    #[must_use]
    pub fn is_denied(&self, class: Class) -> bool {
        self.denied.contains(&class) && self.changes.count(class) > 0
    }

    /// Groups of a class.
    fn of_class(&self, class: Class) -> impl Iterator<Item = &Group> {
        self.changes.groups.iter().filter(move |group| group.class() == class)
    }
}
