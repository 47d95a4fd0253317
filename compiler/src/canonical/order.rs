//! In which order keys stand: as the JSON Schemas of the file kinds list them, which is how the types are
//! declared and how `cap import` writes them. Keys that an author names freely, and those of JSON
//! Schemas, stay as they are: their order reaches agents and servers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::definition::{Kind, json_schema};

/// The orders of keys of some kinds of files. Made once, for many files.
#[derive(Clone, Debug)]
pub struct KeyOrders {
    kinds: BTreeMap<&'static str, Value>,
    /// Of files that have no kind.
    kindless: Value,
}

impl KeyOrders {
    /// For definitions.
    #[must_use]
    pub fn of_definitions() -> Self {
        let kinds = [Kind::Capability, Kind::Api, Kind::Schemas, Kind::Upstream];
        let kinds = kinds.into_iter().map(|kind| (kind.name(), json_schema(kind))).collect();
        Self { kinds, kindless: Value::Null }
    }

    /// Also for files that have no kind, and this JSON Schema.
    #[must_use]
    pub fn with_kindless(self, schema: Value) -> Self {
        Self { kindless: schema, ..self }
    }

    /// A file's tree with its keys in order.
    pub(super) fn ordered(&self, tree: &Value) -> Value {
        let schema = match tree.get("kind") {
            Some(kind) => kind.as_str().and_then(|kind| self.kinds.get(kind)).unwrap_or(&Value::Null),
            None => &self.kindless,
        };
        ordered(tree, schema, schema)
    }
}

fn ordered(value: &Value, schema: &Value, root: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let schema = chosen(schema, root, |it| it.get("properties").or(it.get("additionalProperties")).is_some());
            Value::Object(members(map, schema, root))
        }
        Value::Array(items) => {
            let schema = chosen(schema, root, |it| it.get("items").is_some());
            let inner = schema.get("items").unwrap_or(&Value::Null);
            items.iter().map(|item| ordered(item, inner, root)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn members(map: &Map<String, Value>, schema: &Value, root: &Value) -> Map<String, Value> {
    let known = schema.get("properties").and_then(Value::as_object);
    let other = schema.get("additionalProperties").unwrap_or(&Value::Null);
    let mut keys: Vec<&String> = map.keys().collect();
    if let Some(known) = known {
        let rank: BTreeMap<&String, usize> = known.keys().enumerate().map(|(rank, key)| (key, rank)).collect();
        keys.sort_by_key(|key| rank.get(key).copied().unwrap_or(usize::MAX));
    }
    let schema_of = |key: &String| known.and_then(|known| known.get(key)).unwrap_or(other);
    let member = |key: &String| Some((key.clone(), ordered(map.get(key)?, schema_of(key), root)));
    keys.into_iter().filter_map(member).collect()
}

/// The schema itself, what it refers to, or the first of its alternatives that says what is asked for.
fn chosen<'s>(schema: &'s Value, root: &'s Value, wanted: impl Fn(&Value) -> bool) -> &'s Value {
    let mut waiting = vec![schema];
    // References of these schemas do not lead back to themselves without a step down; the bound is for others.
    for _ in 0..64 {
        let Some(schema) = waiting.pop() else { break };
        if wanted(schema) {
            return schema;
        }
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|it| root.pointer(it.strip_prefix('#')?));
        let branches = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten();
        let mut next: Vec<&Value> = target.into_iter().chain(branches).collect();
        next.reverse();
        waiting.extend(next);
    }
    &Value::Null
}
