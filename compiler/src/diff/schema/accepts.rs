//! Whether a schema accepts one value: yes, no, or not known. Of a few values, such as those of an `enum`,
//! this decides what no rule about schemas would.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::node::{Fact, Node, Values};
use super::same::is_word;
use super::types::Types;

/// Whether all that is known of some values is true of this one.
pub(super) fn fits(value: &Value, values: &Values<'_>) -> Option<bool> {
    all(values.facts.iter().map(|fact| match fact {
        Fact::Is(node) => accepts(value, *node, 0),
        Fact::Not(node) => accepts(value, *node, 0).map(|it| !it),
        Fact::Has(types) => Some(Types::of(value).is_within(*types)),
    }))
}

/// Whether a schema accepts a value.
pub(super) fn accepts(value: &Value, node: Node<'_>, depth: usize) -> Option<bool> {
    if depth > DEEPEST {
        return None;
    }
    let map = match node.value {
        Value::Bool(accepts) => return Some(*accepts),
        Value::Object(map) => map,
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => return None,
    };
    all(map.iter().filter(|(key, _)| !is_word(key)).map(|(key, of)| keyword(value, key, node.child(of), node, depth)))
}

fn keyword(value: &Value, key: &str, of: Node<'_>, node: Node<'_>, depth: usize) -> Option<bool> {
    let each = |list: &str| node.list(list).map(|part| accepts(value, part, depth + 1)).collect::<Vec<_>>();
    match key {
        "$ref" => accepts(value, node.follow(of.value.as_str()?)?, depth + 1),
        "type" => Some(Types::of(value).is_within(Types::of_keyword(of.value)?)),
        "enum" => Some(of.value.as_array()?.iter().any(|one| equal(one, value))),
        "const" => Some(equal(of.value, value)),
        "allOf" => all(each("allOf").into_iter()),
        "anyOf" => any(&each("anyOf")),
        "oneOf" => one(&each("oneOf")),
        "not" => accepts(value, of, depth + 1).map(|it| !it),
        "if" => {
            let branch = if accepts(value, of, depth + 1)? { "then" } else { "else" };
            node.get(branch).map_or(Some(true), |branch| accepts(value, branch, depth + 1))
        }
        "then" | "else" => Some(true),
        _ => match value {
            Value::Null | Value::Bool(_) => is_about_others(key, &Types::NULL.or(Types::BOOLEAN)),
            Value::Number(number) => of_number(number, key, of.value),
            Value::String(text) => of_text(text, key, of.value),
            Value::Array(items) => of_array(items, key, of, node, depth),
            Value::Object(members) => of_object(members, key, of, node, depth),
        },
    }
}

/// Yes for a keyword that says nothing of values of these types.
fn is_about_others(key: &str, types: &Types) -> Option<bool> {
    let about = match key {
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Types::NUMBER,
        "minLength" | "maxLength" | "pattern" => Types::STRING,
        "format" => Types::STRING.or(Types::NUMBER),
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" | "minContains"
        | "maxContains" | "unevaluatedItems" => Types::ARRAY,
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "required"
        | "minProperties"
        | "maxProperties"
        | "propertyNames"
        | "dependentRequired"
        | "dependentSchemas"
        | "unevaluatedProperties" => Types::OBJECT,
        _ => return if is_known(key) { None } else { Some(true) },
    };
    (!about.has(*types)).then_some(true)
}

/// A keyword with a meaning that is not looked at here; any other says nothing.
fn is_known(key: &str) -> bool {
    matches!(key, "$dynamicRef" | "$recursiveRef" | "dependencies")
}

fn of_number(number: &Number, key: &str, of: &Value) -> Option<bool> {
    let bound = |allowed: &[Ordering]| Some(allowed.contains(&compare(number, of.as_number()?)?));
    match key {
        "minimum" => bound(&[Ordering::Greater, Ordering::Equal]),
        "maximum" => bound(&[Ordering::Less, Ordering::Equal]),
        "exclusiveMinimum" => bound(&[Ordering::Greater]),
        "exclusiveMaximum" => bound(&[Ordering::Less]),
        "multipleOf" => is_multiple(number, of.as_number()?),
        _ => is_about_others(key, &Types::NUMBER),
    }
}

fn of_text(text: &str, key: &str, of: &Value) -> Option<bool> {
    let length = || u64::try_from(text.chars().count()).ok();
    match key {
        "minLength" => Some(length()? >= size(of)?),
        "maxLength" => Some(length()? <= size(of)?),
        "pattern" => matches(of.as_str()?, text),
        _ => is_about_others(key, &Types::STRING),
    }
}

fn of_array(items: &[Value], key: &str, of: Node<'_>, node: Node<'_>, depth: usize) -> Option<bool> {
    let length = u64::try_from(items.len()).ok()?;
    match key {
        "minItems" => Some(length >= size(of.value)?),
        "maxItems" => Some(length <= size(of.value)?),
        "uniqueItems" if of.value == &Value::Bool(false) => Some(true),
        "prefixItems" => all(node.list("prefixItems").zip(items).map(|(part, item)| accepts(item, part, depth + 1))),
        "items" => {
            let first = node.list("prefixItems").count();
            all(items.iter().skip(first).map(|item| accepts(item, of, depth + 1)))
        }
        _ => is_about_others(key, &Types::ARRAY),
    }
}

fn of_object(members: &Map<String, Value>, key: &str, of: Node<'_>, node: Node<'_>, depth: usize) -> Option<bool> {
    let length = u64::try_from(members.len()).ok()?;
    match key {
        "minProperties" => Some(length >= size(of.value)?),
        "maxProperties" => Some(length <= size(of.value)?),
        "required" => all(of.value.as_array()?.iter().map(|name| Some(members.contains_key(name.as_str()?)))),
        "properties" => all(members.iter().map(|(name, value)| match of.get(name) {
            Some(part) => accepts(value, part, depth + 1),
            None => Some(true),
        })),
        "patternProperties" => all(members.iter().flat_map(|(name, value)| {
            let parts = of.value.as_object().into_iter().flatten();
            parts.map(move |(pattern, part)| match matches(pattern, name) {
                Some(true) => accepts(value, of.child(part), depth + 1),
                Some(false) => Some(true),
                None => None,
            })
        })),
        "additionalProperties" => all(members.iter().map(|(name, value)| match is_described(node, name)? {
            true => Some(true),
            false => accepts(value, of, depth + 1),
        })),
        "propertyNames" => all(members.keys().map(|name| accepts(&Value::String(name.clone()), of, depth + 1))),
        _ => is_about_others(key, &Types::OBJECT),
    }
}

/// Whether `properties` or `patternProperties` of a schema speak of a member.
pub(super) fn is_described(node: Node<'_>, name: &str) -> Option<bool> {
    if node.named("properties", name).is_some() {
        return Some(true);
    }
    let patterns = node.get("patternProperties").and_then(|it| it.value.as_object());
    any(&patterns.into_iter().flatten().map(|(pattern, _)| matches(pattern, name)).collect::<Vec<_>>())
}

/// Whether a text has a match of a pattern.
pub(super) fn matches(pattern: &str, text: &str) -> Option<bool> {
    if text.len() > LONGEST_TEXT || !crate::json_schema::is_regular_expression(pattern) {
        return None;
    }
    let validator = jsonschema::draft202012::new(&json!({"pattern": pattern})).ok()?;
    Some(validator.is_valid(&Value::String(text.to_owned())))
}

/// Whether two values are the same; `1` and `1.0` are.
pub(super) fn equal(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Number(left), Value::Number(right)) => compare(left, right) == Some(Ordering::Equal),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, left)| right.get(key).is_some_and(|right| equal(left, right)))
        }
        (left, right) => left == right,
    }
}

pub(super) fn compare(one: &Number, another: &Number) -> Option<Ordering> {
    match (integer(one), integer(another)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => one.as_f64()?.partial_cmp(&another.as_f64()?),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// Whether one number is a multiple of another, where that is certain.
pub(super) fn is_multiple(number: &Number, of: &Number) -> Option<bool> {
    match (integer(number), integer(of)) {
        (Some(number), Some(of)) if of != 0 => Some(number % of == 0),
        _ => None,
    }
}

pub(super) fn size(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0 && *float < 1e15)?;
        format!("{float:.0}").parse().ok()
    })
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

fn any(parts: &[Option<bool>]) -> Option<bool> {
    if parts.contains(&Some(true)) {
        return Some(true);
    }
    if parts.contains(&None) { None } else { Some(false) }
}

fn one(parts: &[Option<bool>]) -> Option<bool> {
    let yes = parts.iter().filter(|part| **part == Some(true)).count();
    match (yes, parts.contains(&None)) {
        (2.., _) => Some(false),
        (_, true) => None,
        (count, false) => Some(count == 1),
    }
}

const DEEPEST: usize = 40;
const LONGEST_TEXT: usize = 1_000;
