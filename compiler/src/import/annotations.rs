//! Annotations where the method says less than the operation.
//!
//! A POST that only looks things up is read-only, and a GET that ends a session is not. One sign
//! alone proves nothing (`POST /saved_query` saves), so two of three must agree: the verb of the
//! name, the last part of the path, and the first word of the text.

use super::naming::snake;
use crate::definition::AnnotationsDefinition;
use crate::openapi::Operation;

/// Verbs of operations that only read.
const READS: [&str; 16] = [
    "search", "query", "find", "lookup", "look", "list", "get", "fetch", "retrieve", "return", "read", "count",
    "scroll", "describe", "validate", "check",
];
/// Verbs of operations that change something.
const CHANGES: [&str; 37] = [
    "create",
    "add",
    "update",
    "delete",
    "remove",
    "save",
    "set",
    "put",
    "insert",
    "upload",
    "import",
    "start",
    "run",
    "submit",
    "logout",
    "revoke",
    "reset",
    "cancel",
    "send",
    "trigger",
    "restart",
    "stop",
    "unsubscribe",
    "subscribe",
    "activate",
    "deactivate",
    "approve",
    "reject",
    "enable",
    "disable",
    "install",
    "redeem",
    "claim",
    "generate",
    "test",
    "connect",
    "execute",
];

/// What has to be said because it does not follow from the method.
pub(super) fn annotations(operation: &Operation<'_>, name: &str) -> AnnotationsDefinition {
    let signs = Signs::of(operation, name);
    match operation.outline.method {
        "post" if signs.count(&READS) >= 2 && !signs.any(&CHANGES) => {
            AnnotationsDefinition { read_only: Some(true), idempotent: Some(true), ..AnnotationsDefinition::default() }
        }
        // A GET is taken at its word unless its text contradicts: `GET /commands/send` lists commands.
        "get" if is_verb(&signs.text, &CHANGES) && signs.count(&CHANGES) >= 2 => {
            AnnotationsDefinition { read_only: Some(false), ..AnnotationsDefinition::default() }
        }
        _ => AnnotationsDefinition::default(),
    }
}

/// The words of an operation that may tell what it does.
struct Signs {
    /// The words of its name.
    name: Vec<String>,
    /// The last word of its path that is not a parameter.
    path: String,
    /// The first word of its text.
    text: String,
}

impl Signs {
    fn of(operation: &Operation<'_>, name: &str) -> Self {
        let last = operation.outline.path.rsplit(['/', ':', '.']).find(|part| !part.is_empty() && !part.contains('{'));
        let text = operation.summary.or(operation.description).unwrap_or_default();
        let first = text.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        let path = snake(last.unwrap_or_default());
        Self {
            name: name.split('_').map(str::to_owned).collect(),
            path: path.rsplit('_').next().unwrap_or_default().to_owned(),
            text: first.to_ascii_lowercase(),
        }
    }

    /// How many of the three signs are one of these verbs.
    fn count(&self, verbs: &[&str]) -> usize {
        // The verb is the first word, or follows the name of a group: `lookup_users`, `users_lookup`.
        let name = self.name.first().into_iter().chain(self.name.last()).any(|word| verbs.contains(&word.as_str()));
        let path = verbs.contains(&self.path.as_str());
        usize::from(name) + usize::from(path) + usize::from(is_verb(&self.text, verbs))
    }

    /// Whether one of these verbs stands anywhere.
    fn any(&self, verbs: &[&str]) -> bool {
        self.name.iter().any(|word| verbs.contains(&word.as_str())) || is_verb(&self.text, verbs)
    }
}

/// `search` and `searches`, `return` and `returns`.
fn is_verb(word: &str, verbs: &[&str]) -> bool {
    let singular = [word.strip_suffix("es"), word.strip_suffix('s')];
    std::iter::once(Some(word)).chain(singular).flatten().any(|word| verbs.contains(&word))
}
