//! Schemas that are referred to: their names in `schemas.yaml`, and which of them are needed.
//!
//! A name depends on the schema's address only, never on the order in which it was met. A schema
//! that looks different to the server's caller and to its reader (`readOnly`, `writeOnly`
//! somewhere below it) is shared once for each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Direction;
use crate::openapi::{Document, Spot};
use crate::syntax::Pointer;

/// The shared schemas of one document.
pub struct SharedSchemas<'d> {
    /// Safe names of the component schemas that have not a safe one already.
    renamed: BTreeMap<&'d str, String>,
    /// Every safe name of a component schema.
    taken: BTreeSet<String>,
    facts: BTreeMap<Pointer, Facts>,
    known: BTreeSet<String>,
    pending: Vec<(String, Spot<'d>, Direction)>,
}

/// What one schema says about directions, and which others it refers to.
#[derive(Clone, Debug, Default)]
struct Facts {
    read_only: bool,
    write_only: bool,
    references: BTreeSet<Pointer>,
}

/// A schema with at most this many choices, and nothing below it, is written where it is used.
const SMALL_CHOICES: usize = 12;
/// Text in a small schema.
const SMALL_TEXT: usize = 200;

impl<'d> SharedSchemas<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        let mut names: Vec<&str> = Vec::new();
        if let Some(Value::Object(schemas)) = document.components("schemas").map(|spot| spot.value) {
            names.extend(schemas.keys().map(String::as_str));
        }
        names.sort_unstable();
        let mut taken: BTreeSet<String> =
            names.iter().filter(|name| is_safe(name)).map(|name| (*name).to_owned()).collect();
        let mut renamed = BTreeMap::new();
        for name in names.into_iter().filter(|name| !is_safe(name)) {
            let plain = safe(name);
            let free = if plain.is_empty() || taken.contains(&plain) { hashed(&plain, name) } else { plain };
            taken.insert(free.clone());
            renamed.insert(name, free);
        }
        Self { renamed, taken, facts: BTreeMap::new(), known: BTreeSet::new(), pending: Vec::new() }
    }

    /// The name under which the schema at `target` is shared for `direction`; it is needed from now on.
    pub(super) fn want(&mut self, document: &'d Document, target: &Spot<'d>, direction: Direction) -> String {
        let pointer = &target.address.pointer;
        let plain = self.name(pointer);
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

    fn name(&self, pointer: &Pointer) -> String {
        match pointer.tokens() {
            [components, schemas, name] if components == "components" && schemas == "schemas" => {
                self.renamed.get(name.as_str()).cloned().unwrap_or_else(|| name.clone())
            }
            tokens => {
                let kept = tokens.strip_prefix(&["components".to_owned()]).unwrap_or(tokens);
                let kept = kept.strip_prefix(&["schemas".to_owned()]).unwrap_or(kept);
                let joined = kept.join(".");
                let plain: String = safe(&joined).chars().take(64).collect();
                let exact = plain == joined && kept.iter().all(|token| !token.contains('.'));
                if exact && !self.taken.contains(&plain) { plain } else { hashed(&plain, &pointer.to_string()) }
            }
        }
    }

    /// Whether a schema, or one that it refers to however far, has a property of this kind.
    fn depends_on(&mut self, document: &'d Document, target: &Spot<'d>, wanted: fn(&Facts) -> bool) -> bool {
        let mut seen = BTreeSet::from([target.address.pointer.clone()]);
        let mut queue = vec![target.clone()];
        while let Some(spot) = queue.pop() {
            let facts = self.facts.entry(spot.address.pointer.clone()).or_insert_with(|| facts(document, spot.value));
            if wanted(facts) {
                return true;
            }
            for pointer in &facts.references {
                if seen.insert(pointer.clone())
                    && let Some(next) = document.at(pointer)
                {
                    queue.push(next);
                }
            }
        }
        false
    }
}

/// Whether a property stays out of what travels this way.
pub(super) fn is_hidden(document: &Document, property: &Value, direction: Direction) -> bool {
    let key = match direction {
        Direction::Whole => return false,
        Direction::Input => "readOnly",
        Direction::Output => "writeOnly",
    };
    let flagged = |value: &Value| value.get(key) == Some(&Value::Bool(true));
    if flagged(property) {
        return true;
    }
    let reference = property.get("$ref").and_then(Value::as_str);
    reference.and_then(|reference| document.lookup(reference)).is_some_and(|target| flagged(target.value))
}

/// Whether a schema is written where it is used: a scalar with little to say.
pub(super) fn is_small(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return true };
    const STRUCTURE: [&str; 12] = [
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

fn facts(document: &Document, schema: &Value) -> Facts {
    let mut facts = Facts::default();
    let mut queue = vec![schema];
    while let Some(value) = queue.pop() {
        match value {
            Value::Array(items) => queue.extend(items),
            Value::Object(map) => {
                facts.read_only |= map.get("readOnly") == Some(&Value::Bool(true));
                facts.write_only |= map.get("writeOnly") == Some(&Value::Bool(true));
                let target = map.get("$ref").and_then(Value::as_str).and_then(|it| document.lookup(it));
                facts.references.extend(target.map(|target| target.address.pointer));
                queue.extend(map.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    facts
}

fn is_safe(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(is_safe_byte)
}

fn is_safe_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The name with other characters than `[A-Za-z0-9._-]` folded to one `_`.
fn safe(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii() && is_safe_byte(u8::try_from(c).unwrap_or(b'_')) {
            out.push(c);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out.truncate(120);
    out.trim_end_matches('_').to_owned()
}

/// `plain` with a few digits that depend on `whole` only.
fn hashed(plain: &str, whole: &str) -> String {
    let digest = Sha256::digest(whole.as_bytes());
    let digits: String = digest.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    if plain.is_empty() { format!("schema_{digits}") } else { format!("{plain}_{digits}") }
}
