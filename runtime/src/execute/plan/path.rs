//! The path of a request: a value stays within its segment, or is refused with its argument's name.
//!
//! Encoding alone is not enough. `%2e%2e` is `..` to URL parsers, an empty value changes which path is
//! called, and a label's own dot may make two: so each segment is looked at when it is whole.

use cap_compiler::capability::{Parameter, PathPiece};
use serde_json::Value;

use super::bind::{self, Scope};
use super::encode;
use super::escape::{has_control, is_dots};
use super::named;
use crate::execute::error::ToolError;

/// The path below the server, encoded: empty, or beginning with `/`.
///
/// # Errors
/// `Arguments` with the argument whose value cannot stand in a path.
pub(crate) fn plan(pieces: &[PathPiece], scope: &Scope<'_>) -> Result<String, ToolError> {
    let mut path = String::new();
    // Arguments that stand in the segment that is being written.
    let mut within: Vec<String> = Vec::new();
    for piece in pieces {
        match piece {
            PathPiece::Value(parameter) => {
                path.push_str(&path_value(parameter, scope)?);
                within.push(named(parameter));
            }
            PathPiece::Literal(text) => {
                for (index, part) in text.split('/').enumerate() {
                    if index > 0 {
                        check_segment(&path, &within, scope)?;
                        within.clear();
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
        }
    }
    check_segment(&path, &within, scope)?;
    // Some documents tell paths apart by a fragment, which is never sent.
    let path = path.split('#').next().unwrap_or_default();
    Ok(if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

fn check_segment(path: &str, within: &[String], scope: &Scope<'_>) -> Result<(), ToolError> {
    let segment = path.rsplit('/').next().unwrap_or_default();
    match within.first() {
        Some(argument) if is_dots(segment) => Err(scope.argument(
            argument,
            format!("would make the path segment `{segment}`, which servers read as another path; give a name"),
        )),
        _ => Ok(()),
    }
}

fn path_value(parameter: &Parameter, scope: &Scope<'_>) -> Result<String, ToolError> {
    let name = named(parameter);
    if bind::has_secrets(&parameter.value) {
        return Err(scope.definition("a secret stands in its path"));
    }
    let value = bind::value(&parameter.value, scope)?.filter(|value| !value.is_null());
    let Some(value) = value else {
        return Err(scope.argument(name, "is missing: it is a part of the path"));
    };
    if is_empty(&value) {
        return Err(scope.argument(name, "is empty: it is a part of the path, and would change which path is called"));
    }
    if has_control(&bind::plain_text(&value)) || has_control_inside(&value) {
        return Err(scope.argument(name, "has control characters, such as a line break, which a path cannot have"));
    }
    Ok(encode::path(&parameter.name, &value, &parameter.encoding))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(|item| item.is_null() || item.as_str() == Some("")),
        Value::Object(members) => members.values().all(Value::is_null),
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// JSON text hides control characters behind escapes, so lists and objects are looked through.
fn has_control_inside(value: &Value) -> bool {
    match value {
        Value::String(text) => has_control(text),
        Value::Array(items) => items.iter().any(has_control_inside),
        Value::Object(members) => members.iter().any(|(key, item)| has_control(key) || has_control_inside(item)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
