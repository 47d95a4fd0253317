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
    suspects.into_iter().find_map(|(pointer, schema)| find(capability, &pointer, &schema.read()))
}

fn find(capability: &Capability, pointer: &Pointer, schema: &Value) -> Option<Finding> {
    match schema {
        Value::Object(map) => own(capability, pointer, map)
            .or_else(|| map.iter().find_map(|(key, value)| find(capability, &pointer.child(key.as_str()), value))),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| find(capability, &pointer.item(index), item))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn own(capability: &Capability, pointer: &Pointer, schema: &Map<String, Value>) -> Option<Finding> {
    let text = schema.get("description").or_else(|| schema.get("title"))?.as_str()?;
    let (rest, _) = schema.iter().find(|(key, value)| value.is_null() && key.contains(' '))?;
    let place = Place::key(&capability.origin.definition, pointer.child(rest.as_str()));
    let diagnostic =
        Diagnostic::new(Code::TEXT_CUT, format!("a text of `{}` ends at its comma", capability.tool), place)
            .label("this is a keyword of its own, and says nothing")
            .help(format!("put quotes round the text: `\"{text}, {rest}\"`"));
    Some(Finding::new(capability, "cut", diagnostic))
}
