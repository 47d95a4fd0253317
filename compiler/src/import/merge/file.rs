//! The three-way merge of one file: texts in, a text or conflicts out.

use serde_json::{Map, Value};

use super::Side;
use super::text::edit;
use super::tree::{Conflict, merge};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::import::emit;
use crate::source::SourceId;
use crate::syntax::{Form, Pointer, layout, parse_definition};

/// Characters of a value that a conflict shows.
const SHOWN: usize = 120;

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Merged {
    /// The document did not change it, or changed it as the person did.
    Ours,
    /// The person did not change it: it is what the document makes.
    Theirs,
    /// Both changed it: the person's text with the document's changes.
    Both(String),
    /// It cannot be merged, and why.
    Conflict(Vec<Diagnostic>),
}

/// Merges a file: `base` is what was written last, `ours` what stands there, `theirs` what the
/// document makes now. `source` is the name of the file that stands there.
#[must_use]
pub fn merge_file(source: &SourceId, base: &str, ours: &str, theirs: &str, settle: Option<Side>) -> Merged {
    let text = ours.replace("\r\n", "\n");
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    if text == theirs || base == theirs {
        return Merged::Ours;
    }
    if text == base {
        return Merged::Theirs;
    }
    let read = |text: &str| parse_definition(source, text.as_bytes());
    let trees = (read(base), read(text), read(theirs));
    let (old, current, new) = match trees {
        (Ok(old), Ok(current), Ok(new)) => (old, current, new),
        (_, Err(fault), _) => return unreadable(*fault, settle),
        (Err(fault), ..) | (.., Err(fault)) => return Merged::Conflict(vec![*fault]),
    };
    let (merged, conflicts) = merge(&old, &current, &new, settle);
    if !conflicts.is_empty() {
        return Merged::Conflict(conflicts.iter().map(|conflict| diagnostic(source, conflict)).collect());
    }
    if merged == current {
        return Merged::Ours;
    }
    let edited = edit(text, &current, &merged).filter(|edited| read(edited).is_ok_and(|tree| tree == merged));
    match (edited, settle) {
        (Some(edited), _) => Merged::Both(like(ours, edited)),
        (None, Some(Side::Ours)) => Merged::Ours,
        (None, Some(Side::Theirs)) => Merged::Theirs,
        (None, None) => Merged::Conflict(vec![uneditable(source, text, &current, &merged)]),
    }
}

/// A file that a person broke has no changes that could be told.
fn unreadable(fault: Diagnostic, settle: Option<Side>) -> Merged {
    match settle {
        Some(Side::Ours) => Merged::Ours,
        Some(Side::Theirs) => Merged::Theirs,
        None => Merged::Conflict(vec![fault]),
    }
}

/// A text with the line breaks and the byte-order mark of another.
fn like(model: &str, text: String) -> String {
    let text = if model.contains("\r\n") { text.replace('\n', "\r\n") } else { text };
    if model.starts_with('\u{FEFF}') { format!("\u{FEFF}{text}") } else { text }
}

fn diagnostic(source: &SourceId, conflict: &Conflict) -> Diagnostic {
    let name = conflict.pointer.tokens().join(".");
    let label =
        if conflict.ours.is_some() { "this is what the file has" } else { "the file does not have it any more" };
    let place = Place::value(source, conflict.pointer.clone());
    Diagnostic::new(Code::IMPORT_CONFLICT, format!("`{name}` was changed here and in the document"), place)
        .label(label)
        .note(format!("when it was imported last: {}", shown(conflict.base.as_ref())))
        .note(format!("in the file: {}", shown(conflict.ours.as_ref())))
        .note(format!("in the document now: {}", shown(conflict.theirs.as_ref())))
        .help("write here what the document has, or import with `--conflicts ours` or `--conflicts theirs`")
}

/// The layout of the text does not let the changes in.
fn uneditable(source: &SourceId, text: &str, current: &Value, merged: &Value) -> Diagnostic {
    let none = Map::new();
    let keys = |tree: &'_ Value| tree.as_object().unwrap_or(&none).clone();
    let (now, then) = (keys(current), keys(merged));
    let changed = then.keys().chain(now.keys().filter(|key| !then.contains_key(*key)));
    let changed: Vec<String> =
        changed.filter(|key| now.get(*key) != then.get(*key)).map(|key| format!("`{key}`")).collect();
    let entries = layout(text).unwrap_or_default().entries;
    let marked =
        entries.into_iter().filter(|(_, entry)| entry.form == Form::Other).min_by_key(|(_, entry)| entry.start);
    let (pointer, label) = match marked {
        Some((pointer, _)) => (pointer, "an anchor, alias or tag stands in the way"),
        None => (Pointer::root(), "the layout of the text stands in the way"),
    };
    let message = format!("what the document changed cannot be written into this text: {}", changed.join(", "));
    Diagnostic::new(Code::IMPORT_CONFLICT, message, Place::value(source, pointer))
        .label(label)
        .help("write it with an entry a line, or import with `--conflicts ours` or `--conflicts theirs`")
}

/// A value on one line.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "absent".to_owned() };
    let text = emit::item(value);
    let text = text.trim_end();
    if text.chars().count() <= SHOWN {
        return format!("`{text}`");
    }
    format!("`{}…`", text.chars().take(SHOWN).collect::<String>())
}
