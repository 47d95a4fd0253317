//! How values that are more than their type look in the generated schemas of the file kinds.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::template::Template;

/// A mapping that is itself a JSON Schema 2020-12.
pub(super) fn json_schema_value(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({
        "type": "object",
        "$ref": "https://json-schema.org/draft/2020-12/schema"
    })
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": ["string", "number", "boolean"],
            "description": "Text that may hold `{{ expression }}`; numbers and booleans stand for their text."
        })
    }
}
