//! A schema within its document, and what is known of a value that several schemas accept.

use std::ptr;

use serde_json::Value;

use super::types::Types;
use crate::json_schema::{Shape, shape_of};

/// A schema, and the document that its references are about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) root: &'a Value,
}

/// Something that is known of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact<'a> {
    /// A schema accepts it.
    Is(Node<'a>),
    /// A schema does not accept it.
    Not(Node<'a>),
    /// It has one of these types.
    Has(Types),
}

/// Values of which facts are known: references and `allOf` have been followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) facts: Vec<Fact<'a>>,
    /// Alternatives of which one was taken.
    pub(super) taken: Vec<*const Value>,
}

impl<'a> Node<'a> {
    pub(super) fn of(root: &'a Value) -> Self {
        Self { value: root, root }
    }

    pub(super) fn child(self, value: &'a Value) -> Self {
        Self { value, root: self.root }
    }

    pub(super) fn get(self, key: &str) -> Option<Self> {
        self.value.as_object()?.get(key).map(|value| self.child(value))
    }

    /// The schemas of a list under a keyword.
    pub(super) fn list(self, key: &str) -> impl Iterator<Item = Self> {
        let list = self.value.as_object().and_then(|map| map.get(key)).and_then(Value::as_array);
        list.into_iter().flatten().map(move |value| self.child(value))
    }

    /// The schema under a name within a keyword.
    pub(super) fn named(self, key: &str, name: &str) -> Option<Self> {
        self.get(key)?.get(name)
    }

    pub(super) fn is_at(self, other: Self) -> bool {
        ptr::eq(self.value, other.value)
    }

    /// The schema that a reference leads to, within the document.
    pub(super) fn follow(self, reference: &str) -> Option<Self> {
        let pointer = reference.strip_prefix('#')?;
        if pointer.is_empty() {
            return Some(Self::of(self.root));
        }
        if !pointer.starts_with('/') {
            return None;
        }
        let pointer = crate::source::percent_decoded(pointer);
        self.root.pointer(&pointer).filter(|target| target.is_object() || target.is_boolean()).map(|it| self.child(it))
    }
}

impl<'a> Values<'a> {
    pub(super) fn of(nodes: impl IntoIterator<Item = Node<'a>>) -> Self {
        let mut values = Self::default();
        nodes.into_iter().for_each(|node| values.add(node));
        values
    }

    /// The same values, as far as another schema accepts them too.
    pub(super) fn and(&self, node: Node<'a>) -> Self {
        let mut values = self.clone();
        values.add(node);
        values
    }

    /// The same values, as far as something more is known of them.
    pub(super) fn with(&self, fact: Fact<'a>) -> Self {
        let mut values = self.clone();
        values.facts.push(fact);
        values
    }

    pub(super) fn add(&mut self, node: Node<'a>) {
        if self.facts.len() > MOST_FACTS || self.nodes().any(|known| known.is_at(node)) {
            return;
        }
        match node.value {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.facts.push(Fact::Has(Types::NONE)),
            Value::Object(_) => self.facts.push(Fact::Is(node)),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => return,
        }
        if let Some(target) = node.get("$ref").and_then(|it| it.value.as_str()).and_then(|it| node.follow(it)) {
            self.add(target);
        }
        node.list("allOf").for_each(|part| self.add(part));
        if let Some(not) = node.get("not") {
            self.facts.push(Fact::Not(not));
        }
    }

    /// The schemas that accept them.
    pub(super) fn nodes(&self) -> impl Iterator<Item = Node<'a>> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Is(node) => Some(*node),
            Fact::Not(_) | Fact::Has(_) => None,
        })
    }

    /// The schemas that do not accept them.
    pub(super) fn refusing(&self) -> impl Iterator<Item = Node<'a>> {
        self.facts.iter().filter_map(|fact| match fact {
            Fact::Not(node) => Some(*node),
            Fact::Is(_) | Fact::Has(_) => None,
        })
    }

    /// What stands under a keyword in each schema that has it.
    pub(super) fn keyword(&self, key: &str) -> impl Iterator<Item = Node<'a>> {
        self.nodes().filter_map(move |node| node.get(key))
    }
}

/// Whether the keywords of a document's schemas change what its references are about.
pub(super) fn moves_references(schema: &Value, depth: usize) -> bool {
    let Value::Object(map) = schema else { return false };
    if depth > 0 && map.contains_key("$id") {
        return true;
    }
    if depth > DEEPEST {
        return false;
    }
    map.iter().any(|(key, value)| match (shape_of(key), value) {
        (Shape::Schema, value) => moves_references(value, depth + 1),
        (Shape::Schemas, Value::Array(items)) => items.iter().any(|item| moves_references(item, depth + 1)),
        (Shape::NamedSchemas, Value::Object(map)) => map.values().any(|value| moves_references(value, depth + 1)),
        (Shape::Schemas | Shape::NamedSchemas | Shape::Data, _) => false,
    })
}

const MOST_FACTS: usize = 64;
const DEEPEST: usize = 64;
