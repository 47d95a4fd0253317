//! `kind: upstream`: an MCP server whose tools are served beside the compiled ones.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::Fields;
use super::limits::{LimitsDefinition, NetworkDefinition};
use super::read;
use super::template::Template;

/// An MCP server: how to reach it, with which credentials, and which of its tools are served.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct UpstreamDefinition {
    /// The name that its tools' names begin with.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_-]{1,48}$"))]
    pub name: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the server is about, for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How it is reached.
    pub transport: TransportDefinition,
    /// Headers sent with every request of an HTTP transport.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, Template>,
    /// Which addresses the server may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkDefinition>,
    /// Globs of the tools that are served; all when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Globs of the tools that are not; stronger than `allow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub deny: Vec<String>,
    /// Bounds on each call.
    #[serde(skip_serializing_if = "LimitsDefinition::is_empty")]
    #[schemars(default)]
    pub limits: LimitsDefinition,
}

/// How an upstream server is reached; exactly one of `http`, `sse` and `stdio`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TransportDefinition {
    /// The URL of a Streamable HTTP endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<Template>,
    /// The URL of a legacy HTTP+SSE endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sse: Option<Template>,
    /// A program and its arguments, spoken to over its standard input and output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stdio: Option<Vec<String>>,
    /// Environment variables of the program.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub env: BTreeMap<String, Template>,
}

impl UpstreamDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", read::text);
        let title = fields.optional("title", read::text);
        let description = fields.optional("description", read::text);
        let transport = fields.required_mapping("transport", TransportDefinition::read);
        let headers = fields.entries("headers", read::template);
        let network = fields.optional("network", NetworkDefinition::read);
        let allow = fields.optional("allow", read::texts);
        let deny = fields.optional("deny", read::texts).unwrap_or_default();
        let limits = fields.mapping("limits", LimitsDefinition::read).unwrap_or_default();
        Some(Self {
            name: name?,
            title,
            description,
            transport: transport?,
            headers: headers.into_iter().collect(),
            network,
            allow,
            deny,
            limits,
        })
    }
}

impl TransportDefinition {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            http: fields.optional("http", read::template),
            sse: fields.optional("sse", read::template),
            stdio: fields.optional("stdio", read::texts),
            env: fields.entries("env", read::template).into_iter().collect(),
        })
    }
}
