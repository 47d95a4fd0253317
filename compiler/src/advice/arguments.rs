//! Inputs that an agent has to guess at, or that take more room than the task.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Finding;
use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

/// Bytes of an input schema beyond which it is in an agent's way: about 8,000 tokens.
const LARGE: usize = 32 << 10;
/// References and branches that lead from an argument to what describes it.
const STEPS: usize = 4;
/// Arguments that are named in one diagnostic.
const NAMED: usize = 6;

pub(super) fn check(capability: &Capability) -> Vec<Finding> {
    let Value::Object(input) = capability.input.read() else { return Vec::new() };
    undescribed(capability, &input).into_iter().chain(large(capability, &input)).collect()
}

fn undescribed(capability: &Capability, input: &Map<String, Value>) -> Option<Finding> {
    let root = Value::Object(input.clone());
    let properties = input.get("properties")?.as_object()?;
    let mut described = Described { root: &root, seen: HashMap::new() };
    let silent: Vec<&String> =
        properties.iter().filter(|(_, schema)| !described.within(schema, STEPS)).map(|(name, _)| name).collect();
    let first = silent.first()?;
    let names: Vec<String> = silent.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let open = if silent.len() > NAMED { ", …" } else { "" };
    let (is, count) =
        if silent.len() == 1 { ("argument", String::new()) } else { ("arguments", format!("{} ", silent.len())) };
    let message = format!("{count}{is} of `{}` without a description: {}{open}", capability.tool, names.join(", "));
    let place = Place::key(&capability.origin.definition, Pointer::of(["input", "properties", first]));
    let diagnostic = Diagnostic::new(Code::UNDESCRIBED_ARGUMENTS, message, place)
        .label("an agent has to guess what belongs here")
        .help("add `description`: what it means, in which form, where to get it; or `enum` or `examples`");
    Some(Finding::new(capability, "undescribed", diagnostic))
}

/// Which schemas of one tool say what a value means: in words, by example, or by listing what there is.
struct Described<'s> {
    root: &'s Value,
    /// What was found out, by where the schema is and how many steps were left: many arguments may refer to one
    /// schema of many branches, or that to itself.
    seen: HashMap<(*const Value, usize), bool>,
}

impl<'s> Described<'s> {
    /// Whether this one does, or one that so many steps lead to.
    fn within(&mut self, schema: &'s Value, steps: usize) -> bool {
        let key = (std::ptr::from_ref(schema), steps);
        if let Some(known) = self.seen.get(&key) {
            return *known;
        }
        let found = self.look(schema, steps);
        self.seen.insert(key, found);
        found
    }

    fn look(&mut self, schema: &'s Value, steps: usize) -> bool {
        let Value::Object(map) = schema else { return false };
        let says = ["description", "enum", "const", "examples", "title"].iter().any(|key| map.contains_key(*key));
        if says || steps == 0 {
            return says;
        }
        let root = self.root;
        let target = map.get("$ref").and_then(Value::as_str).and_then(|it| root.pointer(it.strip_prefix('#')?));
        let branches = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| map.get(key)?.as_array()).flatten();
        target.into_iter().chain(branches).chain(map.get("items")).any(|schema| self.within(schema, steps - 1))
    }
}

fn large(capability: &Capability, input: &Map<String, Value>) -> Option<Finding> {
    let bytes = capability.input.as_str().len();
    if bytes <= LARGE {
        return None;
    }
    let parts = ["properties", "$defs"].into_iter().filter_map(|key| Some((key, input.get(key)?.as_object()?)));
    let sizes =
        parts.flat_map(|(key, map)| map.iter().map(move |(name, schema)| (schema.to_string().len(), key, name)));
    let (size, key, name) = sizes.max()?;
    let message = format!("the input of `{}` is a schema of {}", capability.tool, kib(bytes));
    let place = Place::key(&capability.origin.definition, Pointer::of(["input"]));
    let diagnostic = Diagnostic::new(Code::LARGE_INPUT, message, place)
        .label("an agent reads all of it before it can call")
        .note(format!("the largest part is `{key}/{name}` with {}", kib(size)))
        .help(
            "leave out arguments that agents do not need, or write `{type: object}` with a description for a large one",
        );
    Some(Finding::new(capability, "large", diagnostic))
}

fn kib(bytes: usize) -> String {
    format!("{} KiB", bytes.div_ceil(1 << 10))
}
