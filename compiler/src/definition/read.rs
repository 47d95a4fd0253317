//! Readers of single values: the leaves of every definition.

use serde_json::{Map, Value};

use super::fields::Node;
use super::template::{Template, TemplateValue};
use crate::diagnostic::{Code, Diagnostic};

/// Text.
pub fn text(node: Node<'_>) -> Option<String> {
    let Value::String(text) = node.value() else {
        node.wrong_type("text");
        return None;
    };
    Some(text.clone())
}

/// A list of texts.
pub fn texts(node: Node<'_>) -> Option<Vec<String>> {
    node.sequence("a list of texts").then(|| node.items(text))
}

/// `true` or `false`.
pub fn boolean(node: Node<'_>) -> Option<bool> {
    let Value::Bool(value) = node.value() else {
        node.wrong_type("`true` or `false`");
        return None;
    };
    Some(*value)
}

/// A mapping, as it is.
pub fn object(node: Node<'_>) -> Option<Map<String, Value>> {
    let Value::Object(map) = node.value() else {
        node.wrong_type("a mapping");
        return None;
    };
    Some(map.clone())
}

/// A JSON Schema: a mapping. What is in it is looked at when it is checked.
pub fn schema(node: Node<'_>) -> Option<Value> {
    if !node.value().is_object() {
        node.wrong_type("a JSON Schema: a mapping such as `{type: object}`");
        return None;
    }
    Some(node.value().clone())
}

/// Text that may have holes; numbers and booleans are taken as their text.
pub fn template(node: Node<'_>) -> Option<Template> {
    match node.value() {
        Value::String(text) => parse_template(node, text),
        Value::Number(number) => Some(Template::literal(&number.to_string())),
        Value::Bool(value) => Some(Template::literal(&value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            node.wrong_type("text");
            None
        }
    }
}

/// Any value, in which texts may have holes.
pub fn template_value(node: Node<'_>) -> Option<TemplateValue> {
    match node.value() {
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(TemplateValue::Literal(node.value().clone())),
        Value::String(text) if !text.contains('{') => Some(TemplateValue::Literal(node.value().clone())),
        Value::String(text) => {
            let template = parse_template(node, text)?;
            Some(if template.is_literal() {
                TemplateValue::Literal(node.value().clone())
            } else {
                TemplateValue::Template(template)
            })
        }
        Value::Array(_) => Some(fold_list(node.items(template_value))),
        Value::Object(_) => Some(fold_object(node.members(template_value))),
    }
}

fn parse_template(node: Node<'_>, text: &str) -> Option<Template> {
    match Template::parse(text) {
        Ok(template) => Some(template),
        Err(error) => {
            let place = node.place_within(error.range);
            let message = "template does not parse";
            node.report(
                Diagnostic::new(Code::TEMPLATE_SYNTAX, message, place)
                    .label(error.message)
                    .help("write `{{ argument }}`, or `{{ '{{' }}` for the braces themselves"),
            );
            None
        }
    }
}

fn fold_list(items: Vec<TemplateValue>) -> TemplateValue {
    let literals: Option<Vec<Value>> = items.iter().map(as_literal).collect();
    literals.map_or(TemplateValue::List(items), |items| TemplateValue::Literal(Value::Array(items)))
}

fn fold_object(members: Vec<(String, TemplateValue)>) -> TemplateValue {
    let literals: Option<Map<String, Value>> =
        members.iter().map(|(key, value)| Some((key.clone(), as_literal(value)?))).collect();
    literals.map_or(TemplateValue::Object(members), |map| TemplateValue::Literal(Value::Object(map)))
}

fn as_literal(value: &TemplateValue) -> Option<Value> {
    match value {
        TemplateValue::Literal(value) => Some(value.clone()),
        TemplateValue::Template(_) | TemplateValue::Object(_) | TemplateValue::List(_) => None,
    }
}
