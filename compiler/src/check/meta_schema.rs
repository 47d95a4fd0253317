//! Rules of JSON Schemas on their own: they are valid 2020-12, and the usual mistakes are named.

use serde_json::Value;

use super::Report;
use super::schema::each_schema;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::json_schema::is_regular_expression;
use crate::syntax::Pointer;

/// Checks a schema against the meta-schema of JSON Schema 2020-12, and its patterns.
pub(super) fn check(schema: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let Err(error) = jsonschema::draft202012::meta::validate(schema) else {
        check_patterns(schema, pointer, report);
        return;
    };
    let at = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let place = report.value(&at.tokens().iter().fold(pointer.clone(), |place, token| place.child(token.as_str())));
    let diagnostic = Diagnostic::new(Code::INVALID_SCHEMA, "this is not valid JSON Schema 2020-12", place);
    report.push(match schema.pointer(&at.to_string()).and_then(|value| usual_mistake(at.tokens(), value)) {
        Some((label, help)) => diagnostic.label(label).help(help),
        None => diagnostic
            .label(bounded(&error.to_string()))
            .note("https://json-schema.org/draft/2020-12/json-schema-validation lists the keywords"),
    });
}

/// The label and help for a mistake that many people make.
fn usual_mistake(path: &[String], value: &Value) -> Option<(String, String)> {
    let keyword = path.iter().rev().find(|token| token.parse::<usize>().is_err())?.as_str();
    match (keyword, value) {
        ("required", Value::Bool(_)) => {
            let name = path.iter().rev().nth(1).map_or("NAME", String::as_str);
            let help = format!("remove it, and write `required: [{name}]` beside `properties` if it is meant");
            Some(("`required` is a list of names".to_owned(), help))
        }
        ("required" | "enum" | "examples", Value::String(text)) => {
            Some((format!("`{keyword}` is a list"), format!("write `[{text}]`")))
        }
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => {
            let other = if keyword == "exclusiveMinimum" { "minimum" } else { "maximum" };
            let help = format!("write the bound itself, such as `{keyword}: 10`, in place of `{other}`");
            Some((format!("`{keyword}` is a number"), help))
        }
        ("type", Value::String(name)) => {
            let help = format!("write `type: {}`", meant_type(name)?);
            Some((format!("there is no type `{name}`"), help))
        }
        _ => None,
    }
}

/// The JSON type that a word of other languages means.
fn meant_type(name: &str) -> Option<String> {
    if let Some(name) = name.strip_suffix('?') {
        let name = if TYPES.contains(&name) { name.to_owned() } else { meant_type(name)? };
        return Some(format!("[{name}, \"null\"]"));
    }
    let known = match name.to_ascii_lowercase().as_str() {
        "int" | "int32" | "int64" | "long" | "uint" => "integer",
        "float" | "double" | "decimal" | "num" => "number",
        "str" | "text" | "date" | "datetime" | "date-time" | "uuid" | "file" | "char" | "url" | "email" => "string",
        "bool" => "boolean",
        "list" | "set" | "tuple" => "array",
        "dict" | "map" | "mapping" | "hash" | "struct" => "object",
        "none" | "nil" | "nullable" => "\"null\"",
        _ => return Some(nearest(name, TYPES).map_or_else(|| TYPES.join("`, `"), str::to_owned)),
    };
    Some(known.to_owned())
}

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

fn check_patterns(schema: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let mut faults = Vec::new();
    each_schema(schema, &mut Vec::new(), &mut |path, schema| {
        let Some(pattern) = schema.get("pattern").and_then(Value::as_str) else { return };
        if !is_regular_expression(pattern) {
            let place = path.iter().fold(pointer.clone(), |place, token| place.child(token.as_str()));
            faults.push(place.child("pattern"));
        }
    });
    for fault in faults {
        let place = report.value(&fault);
        report.push(
            Diagnostic::new(Code::INVALID_SCHEMA, "a pattern is not a regular expression", place)
                .label("this does not compile")
                .help("close its brackets, and write a backslash before signs that are meant as they stand"),
        );
    }
}

fn bounded(message: &str) -> String {
    let mut text: String = message.chars().take(160).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    text
}
