//! Schemas that are referred to: their names in `schemas.yaml`, and which of them are needed.
//!
//! A name depends on the schema's address only, never on the order in which it was met. A schema
//! that looks different to the server's caller and to its reader (`readOnly`, `writeOnly`
//! somewhere below it) is shared once for each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Direction;
use super::name::Names;
use crate::openapi::reference::reference_of;
use crate::openapi::{Address, Document, Spot, Trail};

/// The shared schemas of one document.
pub struct SharedSchemas<'d> {
    names: Names,
    facts: BTreeMap<Address, Facts>,
    known: BTreeSet<String>,
    pending: Vec<(String, Spot<'d>, Direction)>,
}

/// What one schema says about directions, and which others it refers to.
#[derive(Clone, Debug, Default)]
struct Facts {
    read_only: bool,
    write_only: bool,
    references: BTreeSet<Address>,
}

/// A schema with at most this many choices, and nothing below it, is written where it is used.
const SMALL_CHOICES: usize = 12;
/// Text in a small schema.
const SMALL_TEXT: usize = 200;

impl<'d> SharedSchemas<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { names: Names::of(document), facts: BTreeMap::new(), known: BTreeSet::new(), pending: Vec::new() }
    }

    /// The name under which the schema at `target` is shared for `direction`; it is needed from now on.
    pub(super) fn want(&mut self, document: &'d Document, target: &Spot<'d>, direction: Direction) -> String {
        let plain = self.names.name(&target.address);
        let (name, direction) = match direction {
            Direction::Input if self.depends_on(document, target, |facts| facts.read_only) => {
                (format!("{plain}.input"), Direction::Input)
            }
            Direction::Output if self.depends_on(document, target, |facts| facts.write_only) => {
                (format!("{plain}.output"), Direction::Output)
            }
            Direction::Whole | Direction::Input | Direction::Output => (plain, Direction::Whole),
        };
        if self.known.insert(name.clone()) {
            self.pending.push((name.clone(), target.clone(), direction));
        }
        name
    }

    pub(super) fn next_pending(&mut self) -> Option<(String, Spot<'d>, Direction)> {
        self.pending.pop()
    }

    /// Whether a schema, or one that it refers to however far, has a property of this kind.
    fn depends_on(&mut self, document: &'d Document, target: &Spot<'d>, wanted: fn(&Facts) -> bool) -> bool {
        let mut seen = BTreeSet::from([target.address.clone()]);
        let mut queue = vec![target.clone()];
        while let Some(spot) = queue.pop() {
            let facts = self.facts.entry(spot.address.clone()).or_insert_with(|| facts(document, &spot));
            if wanted(facts) {
                return true;
            }
            for address in &facts.references {
                if seen.insert(address.clone())
                    && let Some(next) = document.at(address)
                {
                    queue.push(next);
                }
            }
        }
        false
    }
}

/// Whether a property stays out of what travels this way.
pub(super) fn is_hidden(document: &Document, property: &Value, from: Trail<'_>, direction: Direction) -> bool {
    let key = match direction {
        Direction::Whole => return false,
        Direction::Input => "readOnly",
        Direction::Output => "writeOnly",
    };
    let flagged = |value: &Value| value.get(key) == Some(&Value::Bool(true));
    if flagged(property) {
        return true;
    }
    reference_of(property)
        .and_then(|reference| document.lookup(reference, from))
        .is_some_and(|target| flagged(target.value))
}

/// Whether a schema is written where it is used: a scalar with little to say.
pub(super) fn is_small(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return true };
    const STRUCTURE: [&str; 13] = [
        "properties",
        "additionalProperties",
        "patternProperties",
        "items",
        "prefixItems",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "$ref",
        "$dynamicRef",
        "required",
    ];
    let choices = map.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
    let text = map.get("description").and_then(Value::as_str).map_or(0, str::len);
    !STRUCTURE.iter().any(|key| map.contains_key(*key)) && choices <= SMALL_CHOICES && text <= SMALL_TEXT
}

/// Whether a schema describes bytes rather than text.
#[must_use]
pub fn is_binary(schema: &Value) -> bool {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let file =
        text("type") == Some("file") || text("format") == Some("binary") || text("contentEncoding") == Some("binary");
    let octets = text("contentMediaType").is_some_and(|media_type| {
        !media_type.starts_with("text/") && !media_type.contains("json") && text("contentEncoding").is_none()
    });
    file || octets
}

/// Whether a schema describes a single value, which every style writes alike.
#[must_use]
pub fn is_text_like(schema: &Value) -> bool {
    let scalar = |name: &str| matches!(name, "string" | "number" | "integer" | "boolean" | "null");
    match schema.get("type") {
        Some(Value::String(name)) => scalar(name),
        Some(Value::Array(names)) => names.iter().all(|name| name.as_str().is_some_and(scalar)),
        _ => schema.get("enum").and_then(Value::as_array).is_some_and(|choices| {
            !choices.is_empty() && choices.iter().all(|choice| !choice.is_array() && !choice.is_object())
        }),
    }
}

fn facts(document: &Document, schema: &Spot<'_>) -> Facts {
    let mut facts = Facts::default();
    let mut queue = vec![schema.value];
    let from = Trail::Start(&schema.address);
    while let Some(value) = queue.pop() {
        match value {
            Value::Array(items) => queue.extend(items),
            Value::Object(map) => {
                facts.read_only |= map.get("readOnly") == Some(&Value::Bool(true));
                facts.write_only |= map.get("writeOnly") == Some(&Value::Bool(true));
                let target = reference_of(value).and_then(|it| document.lookup(it, from));
                facts.references.extend(target.map(|target| target.address));
                queue.extend(map.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    facts
}
