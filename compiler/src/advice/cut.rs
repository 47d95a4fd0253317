//! Texts without quotes between `{` and `}` that end at their first comma.
//!
//! `{description: One day, in UTC.}` has a keyword `in UTC.` without a value, and a description of two
//! words. JSON Schema allows keywords of any name, so that nothing else says so.

use serde_json::{Map, Value};

use super::Finding;
use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

pub(super) fn check(capability: &Capability) -> Option<Finding> {
    let output = capability.output.as_ref().map(|schema| (Pointer::of(["response", "schema"]), schema));
    let schemas = [(Pointer::of(["input"]), &capability.input)].into_iter().chain(output);
    // Of most schemas the text alone says that there is none.
    let suspects = schemas.filter(|(_, schema)| schema.as_str().contains(":null"));
    suspects.into_iter().find_map(|(pointer, schema)| {
        let schema = schema.read();
        let Cut { text, rest, way } = cut(&schema)?;
        let pointer = way.into_iter().rev().fold(pointer, |pointer, step| match step {
            Step::Key(key) => pointer.child(key),
            Step::Item(index) => pointer.item(index),
        });
        Some(finding(capability, &pointer, text, rest))
    })
}

/// A text that ends at its comma.
struct Cut<'s> {
    text: &'s str,
    /// What should be the rest of it.
    rest: &'s str,
    /// Where it is, innermost first: put together on the way back, because most ways lead nowhere.
    way: Vec<Step<'s>>,
}

enum Step<'s> {
    Key(&'s str),
    Item(usize),
}

fn cut(schema: &Value) -> Option<Cut<'_>> {
    let below = |schema, step| {
        let mut cut = cut(schema)?;
        cut.way.push(step);
        Some(cut)
    };
    match schema {
        Value::Object(map) => {
            own(map).or_else(|| map.iter().find_map(|(key, value)| below(value, Step::Key(key.as_str()))))
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| below(item, Step::Item(index))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn own(schema: &Map<String, Value>) -> Option<Cut<'_>> {
    let text = schema.get("description").or_else(|| schema.get("title"))?.as_str()?;
    let (rest, _) = schema.iter().find(|(key, value)| value.is_null() && key.contains(' '))?;
    Some(Cut { text, rest, way: Vec::new() })
}

fn finding(capability: &Capability, pointer: &Pointer, text: &str, rest: &str) -> Finding {
    let place = Place::key(&capability.origin.definition, pointer.child(rest));
    let diagnostic =
        Diagnostic::new(Code::TEXT_CUT, format!("a text of `{}` ends at its comma", capability.tool), place)
            .label("this is a keyword of its own, and says nothing")
            .help(format!("put quotes round the text: `\"{text}, {rest}\"`"));
    Finding::new(capability, "cut", diagnostic)
}
