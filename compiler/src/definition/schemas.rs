//! `kind: schemas`: JSON Schemas that the capabilities of one folder share.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::Fields;
use super::read;

/// Shared schemas; capabilities refer to them as `schemas.yaml#/$defs/NAME`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct SchemasDefinition {
    /// JSON Schemas 2020-12 by name. They refer to one another as `#/$defs/NAME`.
    #[serde(rename = "$defs")]
    pub defs: Map<String, Value>,
}

impl SchemasDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let defs = fields.required("$defs", read::object);
        Some(Self { defs: defs? })
    }
}
