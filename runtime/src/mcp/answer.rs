//! What the gateway's own tools answer.

use serde::Serialize;

use crate::registry::{ServerStatus, ServerSummary, ToolDefinition, View};

/// The answer of `gateway_list_servers`.
#[derive(Serialize)]
pub(super) struct Servers {
    servers: Vec<SeenServer>,
}

/// A server as it is at this moment.
#[derive(Serialize)]
struct SeenServer {
    #[serde(flatten)]
    summary: ServerSummary,
    /// Why it is so, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Servers {
    pub(super) fn of(view: View<'_>) -> Self {
        let seen = |summary: &ServerSummary| {
            let (status, reason): (ServerStatus, _) = view.status(summary);
            SeenServer { summary: ServerSummary { status, ..summary.clone() }, reason }
        };
        Self { servers: view.servers().map(seen).collect() }
    }
}

/// The answer of `gateway_list_tools`.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    pub(super) tools: Vec<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// A tool in a [`Page`].
#[derive(Serialize)]
pub(super) struct Listed<'a> {
    pub(super) tool: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<&'a str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) arguments: String,
}

/// The answer of `gateway_describe_tools`: one entry for each name, in the order asked.
#[derive(Serialize)]
pub(super) struct Described {
    pub(super) tools: Vec<Description>,
}

/// An entry of [`Described`].
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Description {
    /// What the tool is.
    Known(Box<Definition>),
    /// Why there is nothing to say.
    Unknown { tool: String, error: String },
}

/// A definition, short enough to be read.
#[derive(Serialize)]
pub(super) struct Definition {
    #[serde(flatten)]
    definition: ToolDefinition,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Definition {
    /// Leaves out an output schema that would cost an agent more than it tells.
    pub(super) fn new(mut definition: ToolDefinition) -> Self {
        let length = definition.output_schema.as_ref().map_or(0, |schema| schema.to_string().len());
        let mut note = None;
        if length > LONGEST_OUTPUT_SCHEMA {
            definition.output_schema = None;
            note = Some(format!("the output schema has {length} characters and is left out"));
        }
        Self { definition, note }
    }
}

/// In bytes of JSON.
const LONGEST_OUTPUT_SCHEMA: usize = 8 * 1024;
