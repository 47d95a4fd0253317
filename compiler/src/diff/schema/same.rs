//! Whether two schemas say the same: in any order, through references, and apart from words.

use serde_json::{Map, Value};

use super::accepts::equal;
use super::node::Node;
use crate::json_schema::{Shape, shape_of};

/// Whether two schemas say the same of a value. `false` does not mean that they accept different values.
#[must_use]
pub fn are_same(one: &Value, another: &Value) -> bool {
    same(Node::of(one), Node::of(another))
}

pub(super) fn same(one: Node<'_>, another: Node<'_>) -> bool {
    Sameness::default().nodes(one, another, 0)
}

/// Whether a keyword says nothing of which values are accepted.
pub(super) fn is_word(key: &str) -> bool {
    matches!(
        key,
        "title"
            | "description"
            | "default"
            | "examples"
            | "example"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "$comment"
            | "$schema"
            | "$id"
            | "$anchor"
            | "$defs"
            | "definitions"
            | "contentEncoding"
            | "contentMediaType"
            | "contentSchema"
            | "$vocabulary"
            | "discriminator"
            | "externalDocs"
            | "xml"
    ) || key.starts_with("x-")
}

/// References under comparison: two that lead round in circles together are the same.
#[derive(Default)]
struct Sameness {
    open: Vec<(*const Value, *const Value)>,
    steps: usize,
}

impl Sameness {
    fn nodes(&mut self, one: Node<'_>, another: Node<'_>, depth: usize) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS || depth > DEEPEST {
            return false;
        }
        match (alone(one), alone(another)) {
            (Some(one), Some(another)) => self.targets(one, another, depth),
            (Some(one), None) => self.targets(one, another, depth),
            (None, Some(another)) => self.targets(one, another, depth),
            (None, None) => self.values(one, another, depth),
        }
    }

    fn targets(&mut self, one: Node<'_>, another: Node<'_>, depth: usize) -> bool {
        let pair = (std::ptr::from_ref(one.value), std::ptr::from_ref(another.value));
        if self.open.contains(&pair) {
            return true;
        }
        self.open.push(pair);
        // The pair stays: what was found the same once need not be looked at again, and what was not ends it all.
        self.nodes(one, another, depth + 1)
    }

    fn values(&mut self, one: Node<'_>, another: Node<'_>, depth: usize) -> bool {
        match (one.value, another.value) {
            (Value::Object(left), Value::Object(right)) => {
                let count = |map: &Map<String, Value>| map.keys().filter(|key| !is_word(key)).count();
                count(left) == count(right)
                    && left.iter().filter(|(key, _)| !is_word(key)).all(|(key, value)| {
                        let Some(other) = right.get(key) else { return false };
                        self.keyword(key, one.child(value), another.child(other), depth + 1)
                    })
            }
            (left, right) => left == right,
        }
    }

    fn keyword(&mut self, key: &str, one: Node<'_>, another: Node<'_>, depth: usize) -> bool {
        match (key, shape_of(key)) {
            ("$ref", _) => match (target(one), target(another)) {
                (Some(one), Some(another)) => self.targets(one, another, depth),
                _ => one.value == another.value && one.root == another.root,
            },
            ("$dynamicRef" | "$recursiveRef", _) => one.value == another.value && one.root == another.root,
            ("required" | "enum" | "type", _) => same_set(one.value, another.value),
            (_, Shape::Schema) => self.nodes(one, another, depth),
            (_, Shape::Schemas) => match (one.value, another.value) {
                (Value::Array(left), Value::Array(right)) => {
                    left.len() == right.len()
                        && left
                            .iter()
                            .zip(right)
                            .all(|(left, right)| self.nodes(one.child(left), another.child(right), depth))
                }
                (left, right) => left == right,
            },
            (_, Shape::NamedSchemas) => match (one.value, another.value) {
                (Value::Object(left), Value::Object(right)) => {
                    left.len() == right.len()
                        && left.iter().all(|(name, left)| {
                            right
                                .get(name)
                                .is_some_and(|right| self.nodes(one.child(left), another.child(right), depth))
                        })
                }
                (left, right) => left == right,
            },
            (_, Shape::Data) => equal(one.value, another.value),
        }
    }
}

/// The target of a schema that is a reference and nothing else.
fn alone<'a>(node: Node<'a>) -> Option<Node<'a>> {
    let map = node.value.as_object()?;
    let only = map.keys().all(|key| key == "$ref" || is_word(key));
    if only { target(node.get("$ref")?) } else { None }
}

fn target<'a>(reference: Node<'a>) -> Option<Node<'a>> {
    reference.follow(reference.value.as_str()?)
}

fn same_set(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Array(left), Value::Array(right)) => {
            let within = |some: &[Value], all: &[Value]| some.iter().all(|it| all.iter().any(|other| equal(it, other)));
            within(left, right) && within(right, left)
        }
        (Value::Array(list), one) | (one, Value::Array(list)) => matches!(list.as_slice(), [only] if only == one),
        (left, right) => left == right,
    }
}

const MOST_STEPS: usize = 200_000;
const DEEPEST: usize = 128;
