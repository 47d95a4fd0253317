//! `kind: upstream`: an MCP server whose tools are served beside the compiled ones.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::auth::AuthDefinition;
use super::capability::AnnotationsDefinition;
use super::fields::{Fields, Node, is_false};
use super::limits::{LimitsDefinition, NetworkDefinition};
use super::read;
use super::template::Template;
use super::transport::TlsDefinition;

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
    /// Credentials of an HTTP transport. Without them, a server that asks for a login is logged in to with
    /// `cap auth login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthDefinition>,
    /// Which addresses the server may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkDefinition>,
    /// The proxy that connections go through, such as `http://proxy.example:3128`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Template>,
    /// Certificates of connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDefinition>,
    /// Globs of the tools that are served, under the server's own names; all when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Globs of the tools that are not; stronger than `allow`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub deny: Vec<String>,
    /// What is said of tools in place of the server's own words, by the server's names of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub tools: BTreeMap<String, ToolOverrideDefinition>,
    /// What becomes of tools that `tools.json` does not have; `hold` when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<NewToolsDefinition>,
    /// Whether each client has a session of its own; found out when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionsDefinition>,
    /// When it is connected to; `eager` when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<ConnectDefinition>,
    /// Not connected to, and its tools not called, for now.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub paused: bool,
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
    /// The folder that the program runs in, seen from this file's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// What is said of a tool in place of its server's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ToolOverrideDefinition {
    /// A short name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does and when to use it, for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Topics, for search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub tags: Vec<String>,
    /// Hints about its effects.
    #[serde(skip_serializing_if = "AnnotationsDefinition::is_empty")]
    #[schemars(default)]
    pub annotations: AnnotationsDefinition,
}

/// What becomes of tools that nobody has approved yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum NewToolsDefinition {
    /// They wait until `cap pin` approves them.
    Hold,
    /// They are served.
    Serve,
}

/// Whether the clients of the gateway share a session with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionsDefinition {
    /// All share one.
    Shared,
    /// Each has its own.
    Own,
}

/// When a server is connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConnectDefinition {
    /// When the gateway starts.
    Eager,
    /// When one of its tools is called.
    Lazy,
}

impl UpstreamDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", read::text);
        let title = fields.optional("title", read::text);
        let description = fields.optional("description", read::text);
        let transport = fields.required_mapping("transport", TransportDefinition::read);
        let headers = fields.entries("headers", read::template);
        let auth = fields.optional("auth", AuthDefinition::read);
        let network = fields.optional("network", NetworkDefinition::read);
        let proxy = fields.optional("proxy", read::template);
        let tls = fields.mapping("tls", TlsDefinition::read);
        let allow = fields.optional("allow", read::texts);
        let deny = fields.optional("deny", read::texts).unwrap_or_default();
        let tools = fields.entries("tools", |node| node.fields(ToolOverrideDefinition::read));
        let new = fields.optional("new", NewToolsDefinition::read);
        let sessions = fields.optional("sessions", SessionsDefinition::read);
        let connect = fields.optional("connect", ConnectDefinition::read);
        let paused = fields.optional("paused", read::boolean).unwrap_or_default();
        let limits = fields.mapping("limits", LimitsDefinition::read).unwrap_or_default();
        Some(Self {
            name: name?,
            title,
            description,
            transport: transport?,
            headers: headers.into_iter().collect(),
            auth,
            network,
            proxy,
            tls,
            allow,
            deny,
            tools: tools.into_iter().collect(),
            new,
            sessions,
            connect,
            paused,
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
            directory: fields.optional("directory", read::text),
        })
    }
}

impl ToolOverrideDefinition {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            title: fields.optional("title", read::text),
            description: fields.optional("description", read::text),
            tags: fields.optional("tags", read::texts).unwrap_or_default(),
            annotations: fields.mapping("annotations", AnnotationsDefinition::read).unwrap_or_default(),
        })
    }
}

impl NewToolsDefinition {
    fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&[("hold", Self::Hold), ("serve", Self::Serve)])
    }
}

impl SessionsDefinition {
    fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&[("shared", Self::Shared), ("own", Self::Own)])
    }
}

impl ConnectDefinition {
    fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&[("eager", Self::Eager), ("lazy", Self::Lazy)])
    }
}
