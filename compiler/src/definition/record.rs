//! `source`: which document a file was imported from.

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::Fields;
use super::read;

/// Where an imported definition comes from. Written by `cap import`, kept for reviews.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SourceRecord {
    /// The SHA-256 digest of the OpenAPI document: `sha256:` and 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The document's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The version that the document gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The JSON Pointer of the operation within the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

impl SourceRecord {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            document: fields.optional("document", read::text),
            title: fields.optional("title", read::text),
            version: fields.optional("version", read::text),
            operation: fields.optional("operation", read::text),
        })
    }
}
