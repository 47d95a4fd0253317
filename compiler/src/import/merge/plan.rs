//! What importing again does to each file of an api's folder.

use std::collections::BTreeSet;

use super::Side;
use super::base::{Files, write_base};
use super::file::{Merged, merge_file};
use super::pair::{Pair, operation_of, pairs};
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::import::Import;
use crate::source::SourceId;
use crate::syntax::Pointer;

/// What a person chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who wins a conflict; without it, a file with a conflict stays as it is.
    pub settle: Option<Side>,
    /// Whether files that a person edited are overwritten.
    pub overwrite: bool,
    /// Whether files that a person deleted are written again.
    pub restore: bool,
}

/// What the document makes now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The files, by their names in the api's folder.
    pub files: Files,
    /// The operations and path items that the document has, and that cannot be imported this time:
    /// JSON Pointers.
    pub skipped: BTreeSet<String>,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is new.
    Added,
    /// Nobody edited it, and the document changed it.
    Updated,
    /// It has what a person wrote and what the document changed.
    Merged,
    /// It stays as it is.
    Unchanged,
    /// The document lost it, and nobody edited it.
    Removed,
    /// A person deleted it, and it stays so.
    Deleted,
    /// The document lost it; it was edited, and stays.
    Kept,
    /// It is not what the document makes, and nothing is known of what it was.
    Differs,
    /// It has a conflict, and stays as it is.
    Conflict,
}

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its name in the api's folder.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
    /// What is to be written.
    pub text: Option<String>,
    /// The name that it had, if the document gives it another one: this file is to be removed.
    pub was: Option<String>,
    /// What there is to say about it.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Each file, by name.
    pub changes: Vec<Change>,
    /// The text of the new base; to be written when all files are.
    pub base: String,
}

/// The three forms of an api's folder.
struct Folder<'f> {
    shown: &'f str,
    base: &'f Files,
    ours: &'f Files,
    theirs: &'f Files,
    made: &'f Made,
}

/// Plans an import into a folder that people see as `shown`. `base` is what was written last, if that
/// is known, `ours` what stands there, `theirs` what the document makes.
#[must_use]
pub fn plan(shown: &str, base: Option<&Files>, ours: &Files, theirs: &Made, policy: Policy) -> Plan {
    let none = Files::new();
    let folder = Folder { shown, base: base.unwrap_or(&none), ours, theirs: &theirs.files, made: theirs };
    let pairs = pairs(folder.base, ours, folder.theirs);
    let mut next = Files::new();
    let mut changes: Vec<Change> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.ours.is_some() || pair.theirs.is_some()) {
        let change = folder.change(pair, policy);
        if let Some((name, text)) = folder.remembered(pair, change.fate) {
            next.entry(name.to_owned()).or_insert_with(|| text.clone());
        }
        changes.push(change);
    }
    if base.is_none() {
        changes.extend(folder.strangers(&pairs));
    }
    changes.sort_by(|one, other| one.name.cmp(&other.name));
    Plan { changes, base: write_base(&next) }
}

impl Made {
    /// What an import made.
    #[must_use]
    pub fn of(import: &Import) -> Self {
        let name = |path: &String| path.rsplit('/').next().unwrap_or(path).to_owned();
        let skipped = import.summary.skipped.iter().map(|skipped| &skipped.pointer);
        Self {
            files: import.files.iter().map(|(path, text)| (name(path), text.clone())).collect(),
            skipped: skipped.chain(&import.summary.unread).cloned().collect(),
        }
    }
}

impl<'f> Folder<'f> {
    fn change(&self, pair: &Pair<'f>, policy: Policy) -> Change {
        let base = pair.base.and_then(|name| self.base.get(name));
        let ours = pair.ours.and_then(|name| Some((name, self.ours.get(name)?)));
        let theirs = pair.theirs.and_then(|name| Some((name, self.theirs.get(name)?)));
        match (base, ours, theirs) {
            (Some(base), Some((name, ours)), Some((_, theirs))) => self.both(pair, name, [base, ours, theirs], policy),
            (None, Some((name, ours)), Some((_, theirs))) => {
                if same(ours, theirs) {
                    change(name, Fate::Unchanged)
                } else if policy.overwrite {
                    written(name, Fate::Updated, theirs.clone())
                } else {
                    change(name, Fate::Differs)
                }
            }
            (Some(_), None, Some((name, theirs))) if policy.restore => self.added(name, theirs),
            (Some(_), None, Some((name, _))) => change(name, Fate::Deleted),
            (None, None, Some((name, theirs))) => self.added(name, theirs),
            (Some(base), Some((name, _)), None) if self.may_come_back(base) => change(name, Fate::Unchanged),
            (Some(base), Some((name, ours)), None) if same(ours, base) => change(name, Fate::Removed),
            (Some(_), Some((name, ours)), None) => {
                Change { diagnostics: vec![self.lost(name, ours)], ..change(name, Fate::Kept) }
            }
            (_, None, None) => change(pair.base.unwrap_or_default(), Fate::Removed),
            (None, Some((name, _)), None) => change(name, Fate::Unchanged),
        }
    }

    /// A new file, unless a person's own has its name.
    fn added(&self, name: &str, text: &str) -> Change {
        if self.ours.contains_key(name) {
            change(name, Fate::Differs)
        } else {
            written(name, Fate::Added, text.to_owned())
        }
    }

    fn both(&self, pair: &Pair<'f>, name: &str, [base, ours, theirs]: [&String; 3], policy: Policy) -> Change {
        let named = self.named(pair, name);
        let was = (named != name).then(|| name.to_owned());
        let moved = |mut change: Change, text: &str| {
            if was.is_some() && change.text.is_none() {
                (change.fate, change.text) = (Fate::Updated, Some(text.to_owned()));
            }
            Change { was: was.clone(), ..change }
        };
        if policy.overwrite && !same(ours, theirs) {
            return moved(written(&named, Fate::Updated, theirs.clone()), theirs);
        }
        match merge_file(&SourceId::new(&format!("{}/{name}", self.shown)), base, ours, theirs, policy.settle) {
            Merged::Ours => moved(change(&named, Fate::Unchanged), ours),
            Merged::Theirs => moved(written(&named, Fate::Updated, theirs.clone()), theirs),
            Merged::Both(text) => moved(written(&named, Fate::Merged, text), ours),
            Merged::Conflict(diagnostics) => Change { diagnostics, ..change(name, Fate::Conflict) },
        }
    }

    /// The name of a file from now on: the document's new one, if a person left the old one and the
    /// new one is free.
    fn named(&self, pair: &Pair<'f>, name: &str) -> String {
        match pair.theirs {
            Some(new) if pair.base == Some(name) && !self.ours.contains_key(new) => new.to_owned(),
            Some(_) | None => name.to_owned(),
        }
    }

    /// Whether the document may still have the operation, though it cannot be imported this time.
    fn may_come_back(&self, base: &str) -> bool {
        if self.made.skipped.is_empty() {
            return false;
        }
        let mut place = operation_of(base).and_then(|operation| Pointer::parse(&operation));
        while let Some(pointer) = place {
            if self.made.skipped.contains(&pointer.to_string()) {
                return true;
            }
            place = pointer.parent();
        }
        false
    }

    /// What the next base knows of a file.
    fn remembered(&self, pair: &Pair<'f>, fate: Fate) -> Option<(&'f str, &'f String)> {
        let of = |files: &'f Files, name: Option<&'f str>| name.and_then(|name| Some((name, files.get(name)?)));
        match fate {
            Fate::Added | Fate::Updated | Fate::Merged | Fate::Unchanged | Fate::Deleted => {
                of(self.theirs, pair.theirs).or_else(|| of(self.base, pair.base))
            }
            Fate::Kept | Fate::Conflict => of(self.base, pair.base),
            Fate::Removed | Fate::Differs => None,
        }
    }

    /// Without a base: files with an operation that the document does not have.
    fn strangers(&self, pairs: &[Pair<'f>]) -> Vec<Change> {
        let known = |name: &String| pairs.iter().any(|pair| pair.ours == Some(name.as_str()));
        let left = self.ours.iter().filter(|(name, text)| !known(name) && operation_of(text).is_some());
        left.map(|(name, text)| Change { diagnostics: vec![self.lost(name, text)], ..change(name, Fate::Kept) })
            .collect()
    }

    fn lost(&self, name: &str, ours: &str) -> Diagnostic {
        let source = SourceId::new(&format!("{}/{name}", self.shown));
        let (message, place) = match operation_of(ours) {
            Some(_) => (
                "the document no longer has the operation of this file",
                Place::value(&source, Pointer::of(["source", "operation"])),
            ),
            None => ("the document no longer makes this file", Place::key(&source, Pointer::of(["kind"]))),
        };
        let mut diagnostic = Diagnostic::new(Code::IMPORT_CONFLICT, message, place)
            .label("the file was edited, so it was kept")
            .help("delete the file; or remove its `source`, if it is a tool of your own now");
        diagnostic.severity = Severity::Warning;
        diagnostic
    }
}

/// Whether two texts differ in line breaks at most.
fn same(one: &str, other: &str) -> bool {
    one == other || one.replace("\r\n", "\n") == *other
}

fn change(name: &str, fate: Fate) -> Change {
    Change { name: name.to_owned(), fate, text: None, was: None, diagnostics: Vec::new() }
}

fn written(name: &str, fate: Fate, text: String) -> Change {
    Change { text: Some(text), ..change(name, fate) }
}
