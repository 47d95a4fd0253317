//! What is kept of a JSON answer: members by their paths, or what a filter makes of it.

use serde_json::{Map, Value};

/// Keeps the members that the paths lead to. Lists are passed through.
pub(super) fn keep(value: Value, paths: &[Vec<String>]) -> Value {
    let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
    project(value, &paths)
}

fn project(value: Value, paths: &[&[String]]) -> Value {
    // A path that ends here keeps everything below.
    if paths.iter().any(|path| path.is_empty()) {
        return value;
    }
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| project(item, paths)).collect()),
        Value::Object(members) => Value::Object(kept(members, paths)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

fn kept(members: Map<String, Value>, paths: &[&[String]]) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, member) in members {
        let below: Vec<&[String]> = paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| **first == name)
            .map(|it| it.1)
            .collect();
        if !below.is_empty() {
            kept.insert(name, project(member, &below));
        }
    }
    kept
}
