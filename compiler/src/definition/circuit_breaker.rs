//! When a server that fails is left alone for a while, as it is written.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::fields::{Fields, Node};
use super::limits::{DURATIONS, parse_duration, write_quantity};

/// `off`, or what opens the circuit and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitBreakerDefinition {
    /// A server is called however often it fails.
    Off,
    /// A server that fails is left alone for a while.
    On {
        /// Failures one after another.
        failures: Option<u32>,
        /// The first pause.
        pause: Option<Duration>,
    },
}

impl CircuitBreakerDefinition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        if matches!(node.value(), Value::Object(_)) {
            return node.fields(Self::read_fields);
        }
        node.choice(&[("off", Self::Off)])
    }

    fn read_fields(fields: &mut Fields<'_>) -> Option<Self> {
        let failures = fields.optional("failures", |node| node.integer(1, 1_000));
        let pause = fields
            .optional("pause", |node| node.quantity("a time such as `30s`, `500ms` or `2m`", "s", parse_duration));
        Some(Self::On { failures, pause })
    }
}

impl Serialize for CircuitBreakerDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::On { failures, pause } = self else { return serializer.serialize_str("off") };
        let mut map = serializer.serialize_map(None)?;
        if let Some(failures) = failures {
            map.serialize_entry("failures", failures)?;
        }
        if let Some(pause) = pause {
            let milliseconds = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            map.serialize_entry("pause", &write_quantity(milliseconds, &DURATIONS))?;
        }
        map.end()
    }
}

impl JsonSchema for CircuitBreakerDefinition {
    fn schema_name() -> Cow<'static, str> {
        "CircuitBreaker".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "When a server that fails is left alone for a while, or `off`.",
            "anyOf": [{"const": "off"}, {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "failures": {
                        "type": "integer", "minimum": 1, "maximum": 1000,
                        "description": "How many failures one after another open the circuit."
                    },
                    "pause": {
                        "type": "string",
                        "description": "How long the server is left alone at first, such as `30s`; the pause doubles while it fails."
                    }
                }
            }]
        })
    }
}
