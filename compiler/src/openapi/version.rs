//! Which version of OpenAPI a document is written in.
//!
//! 3.0 and 3.1 are read as they are: where they differ is known to the readers of single things
//! (most of all [`super::schema`]), and what leaves them is in one dialect. A version with another
//! shape, such as Swagger 2.0, is to be turned into that shape here, before anything reads it.

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// A version that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// OpenAPI 3.0: schemas in a dialect of their own.
    V3_0,
    /// OpenAPI 3.1: schemas are JSON Schema 2020-12.
    V3_1,
}

/// The version that a document says it is written in.
///
/// # Errors
/// When it says none, or one that is not read.
pub(super) fn detect(source: &SourceId, root: &Value) -> Result<Version, Box<Diagnostic>> {
    if let Some(version) = root.get("openapi").and_then(version_text) {
        return match version.trim() {
            "3" | "3.0" => Ok(Version::V3_0),
            "3.1" => Ok(Version::V3_1),
            long if long.starts_with("3.0.") || long.starts_with("3.0-") => Ok(Version::V3_0),
            long if long.starts_with("3.1.") || long.starts_with("3.1-") => Ok(Version::V3_1),
            other => Err(unread(source, "openapi", other)),
        };
    }
    if let Some(version) = root.get("swagger").and_then(version_text) {
        return Err(unread(source, "swagger", &version));
    }
    Err(Box::new(
        Diagnostic::new(
            Code::NOT_OPENAPI,
            "the text is not an OpenAPI document",
            Place::value(source, Pointer::root()),
        )
        .label("there is no `openapi: 3.…` at its top")
        .help("import the OpenAPI document itself; a page that shows it usually links to it"),
    ))
}

fn version_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn unread(source: &SourceId, key: &str, version: &str) -> Box<Diagnostic> {
    let name = if key == "swagger" { "Swagger" } else { "OpenAPI" };
    let help = if key == "swagger" {
        "convert the document to OpenAPI 3.0, for example with `npx swagger2openapi`, and import the result"
    } else {
        "save the document as OpenAPI 3.1: what 3.1 does not have is rarely used"
    };
    Box::new(
        Diagnostic::new(
            Code::OPENAPI_VERSION,
            format!("{name} {version} is not among the versions that are imported"),
            Place::value(source, Pointer::of([key])),
        )
        .label("OpenAPI 3.0 and 3.1 are")
        .help(help),
    )
}
