//! The key by which a server knows the tries of one call, as it is written.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::fields::Node;
use super::read;

/// The header that carries an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKeyDefinition {
    /// The header's name.
    pub header: String,
}

impl IdempotencyKeyDefinition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        if matches!(node.value(), Value::Object(_)) {
            return node.fields(|fields| Some(Self { header: fields.required("header", read::text)? }));
        }
        read::text(node).map(|header| Self { header })
    }
}

impl Serialize for IdempotencyKeyDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.header)
    }
}

impl JsonSchema for IdempotencyKeyDefinition {
    fn schema_name() -> Cow<'static, str> {
        "IdempotencyKey".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "The header by which the server knows the tries of one call.",
            "anyOf": [{"type": "string"}, {
                "type": "object",
                "additionalProperties": false,
                "required": ["header"],
                "properties": {"header": {"type": "string", "description": "The header's name."}}
            }]
        })
    }
}
