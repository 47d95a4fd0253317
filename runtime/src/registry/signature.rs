//! An input schema in one line: `owner: string, repo: string, state?: open|closed|all`.

use serde_json::{Map, Value};

/// The arguments in one line, those that must be given first, otherwise in the schema's order.
/// Bounded: what does not fit is counted.
#[must_use]
pub fn signature(input: &Value) -> String {
    let Some(properties) = input.get("properties").and_then(Value::as_object) else { return String::new() };
    let required = |name: &str| is_required(input, name);
    let (first, rest): (Vec<_>, Vec<_>) = properties.iter().partition(|(name, _)| required(name));
    let arguments = first.into_iter().chain(rest);
    joined(arguments.map(|(name, schema)| {
        let mark = if required(name) { "" } else { "?" };
        format!("{name}{mark}: {}", kind(input, schema, 0))
    }))
}

/// Whether an argument must be given by a caller who leaves every choice at its default.
fn is_required(input: &Value, name: &str) -> bool {
    let rules = input.get("allOf").and_then(Value::as_array).into_iter().flatten();
    lists(input, name) || rules.chain([input]).any(|rule| by_default(rule).is_some_and(|then| lists(then, name)))
}

fn lists(schema: &Value, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|entry| entry.as_str() == Some(name)))
}

/// What an `if` asks for that holds when its arguments are not given.
fn by_default(rule: &Value) -> Option<&Value> {
    let test = rule.get("if")?.as_object()?;
    test.keys().all(|key| key == "properties").then(|| rule.get("then")).flatten()
}

fn joined(arguments: impl Iterator<Item = String>) -> String {
    let mut line = String::new();
    let mut left_out = 0_usize;
    for argument in arguments {
        if left_out > 0 || line.len() + argument.len() > LONGEST {
            left_out += 1;
            continue;
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(&argument);
    }
    if left_out > 0 {
        line.push_str(&format!("{}… {left_out} more", if line.is_empty() { "" } else { ", " }));
    }
    line
}

/// The values that a schema allows, in a word.
fn kind(root: &Value, schema: &Value, depth: usize) -> String {
    if depth > DEEPEST {
        return "any".to_owned();
    }
    let Some(schema) = schema.as_object() else { return "any".to_owned() };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str).and_then(|reference| resolved(root, reference)) {
        return kind(root, target, depth + 1);
    }
    constants(schema)
        .or_else(|| schema.get("type").and_then(|name| typed(root, schema, name, depth)))
        .or_else(|| alternatives(root, schema, depth))
        .or_else(|| combined(root, schema, depth))
        .unwrap_or_else(|| if schema.contains_key("properties") { "object" } else { "any" }.to_owned())
}

/// The target of a reference into the same schema.
fn resolved<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

fn constants(schema: &Map<String, Value>) -> Option<String> {
    let values: Vec<String> = match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => vec![literal(value)],
        (None, Some(Value::Array(values))) if !values.is_empty() => values.iter().map(literal).collect(),
        _ => return None,
    };
    let shown = values.iter().take(MOST_CONSTANTS).cloned().collect::<Vec<_>>().join("|");
    Some(if values.len() > MOST_CONSTANTS { format!("{shown}|…") } else { shown })
}

fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn typed(root: &Value, schema: &Map<String, Value>, name: &Value, depth: usize) -> Option<String> {
    match name {
        Value::String(name) if name == "array" => Some(list(root, schema.get("items"), depth)),
        Value::String(name) => Some(name.clone()),
        Value::Array(names) => union(names.iter().filter_map(|name| typed(root, schema, name, depth + 1))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn list(root: &Value, items: Option<&Value>, depth: usize) -> String {
    let item = items.map_or_else(|| "any".to_owned(), |items| kind(root, items, depth + 1));
    if item.contains('|') { format!("({item})[]") } else { format!("{item}[]") }
}

fn alternatives(root: &Value, schema: &Map<String, Value>, depth: usize) -> Option<String> {
    let branches = schema.get("anyOf").or_else(|| schema.get("oneOf"))?.as_array()?;
    union(branches.iter().take(MOST_CONSTANTS).map(|branch| kind(root, branch, depth + 1)))
}

/// The first part of an `allOf` that says what kind of value it is.
fn combined(root: &Value, schema: &Map<String, Value>, depth: usize) -> Option<String> {
    let parts = schema.get("allOf")?.as_array()?;
    parts.iter().map(|part| kind(root, part, depth + 1)).find(|kind| kind != "any")
}

fn union(kinds: impl Iterator<Item = String>) -> Option<String> {
    let mut distinct: Vec<String> = Vec::new();
    for kind in kinds.filter(|kind| kind != "null") {
        if !distinct.contains(&kind) {
            distinct.push(kind);
        }
    }
    (!distinct.is_empty()).then(|| distinct.join("|"))
}

/// In bytes.
const LONGEST: usize = 300;
const MOST_CONSTANTS: usize = 8;
const DEEPEST: usize = 8;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::signature;

    #[test]
    fn arguments_are_one_line() {
        let input = json!({
            "type": "object",
            "required": ["owner", "repo", "body"],
            "properties": {
                "state": {"$ref": "#/$defs/State"},
                "owner": {"type": "string"},
                "labels": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
                "repo": {"type": ["string", "null"]},
                "body": {"allOf": [{"description": "x"}, {"type": "object"}]},
                "loop": {"$ref": "#/$defs/Loop"},
                "anything": true,
            },
            "$defs": {
                "State": {"enum": ["open", "closed", "all"]},
                "Loop": {"type": "array", "items": {"$ref": "#/$defs/Loop"}},
            },
        });
        let line = signature(&input);
        assert!(line.starts_with("owner: string, repo: string, body: object, state?: open|closed|all"), "{line}");
        assert!(line.contains("labels?: (string|object)[]"), "{line}");
        assert!(line.ends_with("anything?: any"), "{line}");
    }

    #[test]
    fn what_the_default_choice_requires_is_required() {
        let only = |name: &str| json!({"properties": {"kind": {"const": name}}});
        let properties = json!({"a": {"type": "string"}, "b": {"type": "string"}, "kind": {"enum": ["x", "y"]}});
        let then = |name: &str| json!({"required": [name]});
        let input = json!({"properties": properties, "if": only("x"), "then": then("b"), "else": then("a")});
        assert_eq!(signature(&input), "b: string, a?: string, kind?: x|y");
        let mut other = only("y");
        other["required"] = json!(["kind"]);
        let rules = json!([{"if": only("x"), "then": then("b")}, {"if": other, "then": then("a")}]);
        let input = json!({"properties": properties, "allOf": rules});
        assert_eq!(signature(&input), "b: string, a?: string, kind?: x|y");
    }

    #[test]
    fn long_lines_are_cut() {
        let properties: serde_json::Map<_, _> =
            (0..100).map(|n| (format!("argument_{n}"), json!({"type": "string"}))).collect();
        let line = signature(&json!({"properties": properties}));
        assert!(line.len() < 330 && line.ends_with("more"), "{line}");
        assert_eq!(signature(&json!({})), "");
    }
}
