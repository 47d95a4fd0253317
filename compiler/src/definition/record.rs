//! `source` and `import`: which document a file was imported from, and how.

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
    /// The SHA-256 digests of the overlays that were applied to it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub overlays: Vec<String>,
    /// The version of `cap` that compiled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<String>,
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
            overlays: fields.optional("overlays", read::texts).unwrap_or_default(),
            cap: fields.optional("cap", read::text),
            operation: fields.optional("operation", read::text),
        })
    }
}

/// How an api was imported: `cap import --update` does the same again. Written by `cap import`;
/// nothing else reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ImportRecord {
    /// The OpenAPI document: a path, seen from this file's folder, or an http(s) URL. Absent if it
    /// came from standard input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Overlays, applied in this order: paths, seen from this file's folder, or http(s) URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub overlays: Vec<String>,
    /// Globs on tool name, `operationId` or path: only these operations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub include: Vec<String>,
    /// Globs on tool name, `operationId` or path: not these operations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub exclude: Vec<String>,
    /// Only operations with one of these tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub tags: Vec<String>,
    /// Only operations with one of these HTTP methods.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub methods: Vec<String>,
    /// Only these media types of bodies, by glob, most preferred first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub media_types: Vec<String>,
    /// The server to call instead of the document's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
}

impl ImportRecord {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let document = fields.optional("document", read::text);
        let mut texts = |key: &'static str| fields.optional(key, read::texts).unwrap_or_default();
        let (overlays, include, exclude) = (texts("overlays"), texts("include"), texts("exclude"));
        let (tags, methods, media_types) = (texts("tags"), texts("methods"), texts("media_types"));
        let server = fields.optional("server", read::text);
        Some(Self { document, overlays, include, exclude, tags, methods, media_types, server })
    }
}
