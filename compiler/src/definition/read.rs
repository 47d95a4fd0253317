//! Readers of single values: the leaves of every definition.

use serde_json::{Map, Value};

use super::fields::Node;
use super::template::{Template, TemplateValue};
use crate::diagnostic::{Code, Diagnostic};

/// Text.
pub fn text(node: Node<'_>) -> Option<String> {
    let Value::String(text) = node.value() else {
        match node.value() {
            Value::Number(_) | Value::Bool(_) => {
                node.wrong_type_edit("text", &format!("it in quotes: `\"{}\"`", node.value()));
            }
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => node.wrong_type("text"),
        }
        return None;
    };
    Some(text.clone())
}

/// A list of texts.
pub fn texts(node: Node<'_>) -> Option<Vec<String>> {
    match node.value() {
        Value::Array(_) => return Some(node.items(text)),
        Value::String(text) => node.wrong_type_edit("a list of texts", &format!("`[{text}]`")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => node.wrong_type("a list of texts"),
    }
    None
}

/// `true` or `false`.
pub fn boolean(node: Node<'_>) -> Option<bool> {
    let Value::Bool(value) = node.value() else {
        let word = node.value().as_str().map(str::to_ascii_lowercase);
        match word.as_deref() {
            Some("true" | "yes" | "on" | "y") => node.wrong_type_edit("`true` or `false`", "`true`"),
            Some("false" | "no" | "off" | "n") => node.wrong_type_edit("`true` or `false`", "`false`"),
            _ => node.wrong_type("`true` or `false`"),
        }
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
            let help = advice(text, error.range.start);
            let place = node.place_within(error.range);
            let message = "template does not parse";
            node.report(Diagnostic::new(Code::TEMPLATE_SYNTAX, message, place).help(help).label(error.message));
            None
        }
    }
}

/// The edit for a template that does not parse, by the characters at the fault.
fn advice(text: &str, at: usize) -> String {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    if after.starts_with("{%") {
        return "use an expression such as `{{ a if b else c }}`".to_owned();
    }
    if after.starts_with("{#") {
        return "remove the comment; YAML's own begin with `#` outside of the text".to_owned();
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let second: String = after.chars().take_while(|c| is_word(*c)).collect();
    let before = before.trim_end();
    let first = before.rfind(|c| !is_word(c)).map_or(before, |at| before.get(at + 1..).unwrap_or_default());
    if first.is_empty() || second.is_empty() {
        return "write `{{ argument }}`, or `{{ '{{' }}` for the braces themselves".to_owned();
    }
    format!("join texts with `~`, such as `{{{{ {first} ~ ' ' ~ {second} }}}}`")
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
