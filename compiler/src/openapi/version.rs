//! Which version of OpenAPI a document is written in.
//!
//! 3.0, 3.1 and 3.2 are read as they are: where they differ is known to the readers of single
//! things (most of all [`super::schema`]), and what leaves them is in one dialect. Swagger 2.0 has
//! another shape; [`super::swagger`] rewrites it before anything reads it.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value;

use super::Report;
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A version that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Swagger 2.0, in the shape of OpenAPI 3 since it was read.
    V2_0,
    /// OpenAPI 3.0: schemas in a dialect of their own.
    V3_0,
    /// OpenAPI 3.1: schemas are JSON Schema 2020-12.
    V3_1,
    /// OpenAPI 3.2: more methods, locations and media type fields.
    V3_2,
}

/// Whether a text says that it is an OpenAPI document, of whatever version. Only its top is looked at,
/// so that folders can be searched.
#[must_use]
pub fn is_document(bytes: &[u8]) -> bool {
    let named = |key: &str| matches!(key, "openapi" | "swagger");
    if let Ok(members) = serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(bytes) {
        return members.keys().any(|key| named(key));
    }
    let text = String::from_utf8_lossy(bytes);
    text.trim_start_matches('\u{feff}')
        .lines()
        .any(|line| line.split_once(':').is_some_and(|(key, _)| named(key.trim_end().trim_matches(['"', '\'']))))
}

/// The version that a document says it is written in. A minor version that nobody knows yet is read
/// as the newest, with a warning.
///
/// # Errors
/// When it says none, or one that is not read.
pub(super) fn detect(source: &SourceId, root: &Value, report: &Report) -> Result<Version, Box<Diagnostic>> {
    if let Some(text) = root.get("openapi").and_then(version_text) {
        return match minor(text.trim(), "3") {
            Some(0) => Ok(Version::V3_0),
            Some(1) => Ok(Version::V3_1),
            Some(2) => Ok(Version::V3_2),
            Some(_) => {
                report.say(newer(source, &text));
                Ok(Version::V3_2)
            }
            None => Err(unread(source, "openapi", &text)),
        };
    }
    if let Some(text) = root.get("swagger").and_then(version_text) {
        return match minor(text.trim(), "2") {
            Some(0) => Ok(Version::V2_0),
            Some(_) | None => Err(unread(source, "swagger", &text)),
        };
    }
    Err(Box::new(
        Diagnostic::new(
            Code::NOT_OPENAPI,
            "the text is not an OpenAPI document",
            Place::value(source, Pointer::root()),
        )
        .label("there is no `openapi: 3.…` and no `swagger: \"2.0\"` at its top")
        .help("import the OpenAPI document itself; a page that shows it usually links to it"),
    ))
}

/// The minor version of `major`, 0 where only the major one is said.
fn minor(text: &str, major: &str) -> Option<u32> {
    let rest = text.strip_prefix(major)?;
    let Some(rest) = rest.strip_prefix('.') else { return rest.is_empty().then_some(0) };
    rest.split(['.', '-']).next()?.parse().ok()
}

fn version_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn newer(source: &SourceId, version: &str) -> Diagnostic {
    let message = format!("OpenAPI {version} is newer than the versions that are known");
    let mut diagnostic =
        Diagnostic::new(Code::OPENAPI_VERSION, message, Place::value(source, Pointer::of(["openapi"])))
            .label("read as OpenAPI 3.2");
    diagnostic.severity = Severity::Warning;
    diagnostic
}

fn unread(source: &SourceId, key: &str, version: &str) -> Box<Diagnostic> {
    let name = if key == "swagger" { "Swagger" } else { "OpenAPI" };
    Box::new(
        Diagnostic::new(
            Code::OPENAPI_VERSION,
            format!("{name} {version} is not among the versions that are imported"),
            Place::value(source, Pointer::of([key])),
        )
        .label("Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 are")
        .help("convert the document to one of them and import the result"),
    )
}
