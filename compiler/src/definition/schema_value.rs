//! How "any JSON Schema" looks in the generated schemas of the file kinds.

use schemars::{Schema, SchemaGenerator};

/// A mapping that is itself a JSON Schema 2020-12.
pub(super) fn json_schema_value(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({
        "type": "object",
        "$ref": "https://json-schema.org/draft/2020-12/schema"
    })
}
