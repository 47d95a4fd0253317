//! The gateway's settings: what they say is for the runtime to know, and that they say something else for a reviewer.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Change, ChangeCode};

/// The keys that are not as they were.
pub(super) fn compare(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Change> {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = keys.into_iter().filter(|key| old.get(*key) != new.get(*key));
    changed.map(|key| change(key, old.get(key), new.get(key))).collect()
}

fn change(key: &str, old: Option<&Value>, new: Option<&Value>) -> Change {
    let code = if HARMLESS.contains(&key) { ChangeCode::SETTING_OF_LOOKS } else { ChangeCode::SETTING_CHANGED };
    let sentence = match (old, new) {
        // What stands there is where credentials are, and nothing to be repeated in a comment.
        _ if key == "secrets" => "`secrets` says something else".to_owned(),
        (Some(old), Some(new)) => format!("`{key}` is {}; it was {}", shown(new), shown(old)),
        (None, Some(new)) => format!("`{key}` is {}; it was not there", shown(new)),
        (old, None) => format!("`{key}` is gone; it was {}", old.map(shown).unwrap_or_default()),
    };
    Change { code, subject: SUBJECT.to_owned(), sentence, texts: None, old: None, new: None }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// What people call the file.
const SUBJECT: &str = "cap.yaml";
/// Keys by which nobody is served otherwise.
const HARMLESS: [&str; 2] = ["expose", "log"];
/// Characters of a value that are quoted.
const SHOWN: usize = 200;
