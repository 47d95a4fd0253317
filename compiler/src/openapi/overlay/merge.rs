//! The deep merge of the Overlay Specification: mappings by key, lists one behind the other, single
//! values replaced.
//!
//! Two readings are more lenient than the specification: `null` in the document gives way to
//! anything, and `null` in an overlay leaves a mapping or list as it is.

use serde_json::Value;

/// Two values that cannot be merged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    /// The keys that lead to them.
    pub(super) keys: Vec<String>,
    /// What the document has.
    pub(super) target: &'static str,
    /// What the overlay has.
    pub(super) update: &'static str,
}

/// Changes a node that an action selects. A list takes anything as a further item.
pub(super) fn merge_selected(target: &mut Value, update: &Value) -> Result<(), Mismatch> {
    match (target, update) {
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (Value::Array(items), one) => items.push(one.clone()),
        (target, update) => merge(target, update, &mut Vec::new())?,
    }
    Ok(())
}

/// Recursion is as deep as the shallower of the two.
fn merge(target: &mut Value, update: &Value, keys: &mut Vec<String>) -> Result<(), Mismatch> {
    match (target, update) {
        (Value::Object(map), Value::Object(update)) => {
            for (key, value) in update {
                let Some(member) = map.get_mut(key) else {
                    map.insert(key.clone(), value.clone());
                    continue;
                };
                keys.push(key.clone());
                merge(member, value, keys)?;
                keys.pop();
            }
        }
        (Value::Array(items), Value::Array(more)) => items.extend(more.iter().cloned()),
        (Value::Object(_) | Value::Array(_), Value::Null) => {}
        (target @ Value::Null, update) => *target = update.clone(),
        (target, update) if is_single(target) && is_single(update) => *target = update.clone(),
        (target, update) => {
            return Err(Mismatch { keys: keys.clone(), target: sort_of(target), update: sort_of(update) });
        }
    }
    Ok(())
}

fn is_single(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}

/// What a value is, in a word.
pub(super) fn sort_of(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "a mapping",
        Value::Array(_) => "a list",
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => "a single value",
    }
}

/// How much memory a value takes, roughly: nodes, and long texts as several.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() / 64,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(map) => 1 + map.iter().map(|(key, value)| 1 + key.len() / 64 + weight(value)).sum::<usize>(),
    }
}

/// Nested collections.
pub(super) fn depth(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or_default(),
    }
}
