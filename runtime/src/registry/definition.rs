//! The full definition of a tool, as agents and people are shown it.

use cap_compiler::capability::{Annotations, SchemaText};
use cap_compiler::pin::Pin;
use serde::Serialize;
use serde_json::Value;

use super::RegisteredTool;

/// Everything that can be said of a tool; the keys are MCP's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolDefinition {
    /// The unique name.
    pub tool: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does.
    pub description: String,
    /// The server it belongs to.
    pub server: String,
    /// Whether its author advises against new use.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Its effects.
    pub annotations: Hints,
    /// What must be sent.
    pub input_schema: Value,
    /// What comes back, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
    /// Whether its definition was reviewed and pinned.
    pub pin: PinStatus,
}

/// MCP's tool annotations under MCP's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hints {
    /// Changes nothing.
    pub read_only_hint: bool,
    /// May overwrite or delete.
    pub destructive_hint: bool,
    /// Twice is the same as once.
    pub idempotent_hint: bool,
    /// Reaches things outside of the gateway.
    pub open_world_hint: bool,
}

/// How far the lock file vouches for a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PinStatus {
    /// It has the digest that was pinned.
    Pinned,
    /// The lock file does not speak of it.
    Unpinned,
}

impl ToolDefinition {
    /// The definition of a tool.
    #[must_use]
    pub fn of(tool: &RegisteredTool) -> Self {
        let capability = tool.capability();
        Self {
            tool: tool.name().to_owned(),
            title: capability.title.clone(),
            description: capability.description.clone(),
            server: tool.server().to_owned(),
            deprecated: capability.deprecated,
            annotations: capability.annotations.into(),
            input_schema: capability.input.read(),
            output_schema: capability.output.as_ref().map(SchemaText::read),
            pin: tool.pin.into(),
        }
    }
}

impl From<Annotations> for Hints {
    fn from(annotations: Annotations) -> Self {
        Self {
            read_only_hint: annotations.read_only,
            destructive_hint: annotations.destructive,
            idempotent_hint: annotations.idempotent,
            open_world_hint: annotations.open_world,
        }
    }
}

impl From<Pin> for PinStatus {
    fn from(pin: Pin) -> Self {
        match pin {
            Pin::Locked => Self::Pinned,
            Pin::Unlisted => Self::Unpinned,
        }
    }
}
