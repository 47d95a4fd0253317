//! Annotations where the method says less than the operation.

use super::naming::snake;
use crate::definition::AnnotationsDefinition;
use crate::openapi::Outline;

/// Last words of paths under which a POST only looks things up.
const SEARCHES: [&str; 5] = ["search", "query", "lookup", "find", "graphql_query"];
/// Words of names that contradict.
const CHANGES: [&str; 14] = [
    "create", "add", "update", "delete", "remove", "save", "set", "put", "insert", "upload", "import", "start", "run",
    "submit",
];

/// What has to be said because it does not follow from the method.
pub(super) fn annotations(outline: &Outline<'_>, name: &str) -> AnnotationsDefinition {
    if outline.method == "post" && is_search(outline, name) {
        return AnnotationsDefinition {
            read_only: Some(true),
            idempotent: Some(true),
            ..AnnotationsDefinition::default()
        };
    }
    AnnotationsDefinition::default()
}

fn is_search(outline: &Outline<'_>, name: &str) -> bool {
    let last = outline.path.rsplit(['/', ':']).find(|part| !part.is_empty() && !part.starts_with('{'));
    let by_path = last.is_some_and(|last| SEARCHES.contains(&snake(last).as_str()));
    let words: Vec<&str> = name.split('_').collect();
    let by_name = words.first() == Some(&"search") || words.last() == Some(&"search");
    by_path && by_name && !words.iter().any(|word| CHANGES.contains(word))
}
