//! The lowered capability: all that a runtime needs to know, and nothing about how it was written.
//!
//! No spans, no references to other files, no template text except for expressions that need the
//! template language at call time ([`Computed`]). Every text that meets the wire is a list of
//! pieces, so that each interpolated value can be encoded for the position it stands in.

mod answer;
mod call;
mod credential;
mod method;
mod schema_text;
mod upstream;
mod xml;

pub use answer::{AnswerRules, NextPage, Pagination};
pub use call::{
    Binding, Body, BodyChoice, BodyContent, BodyPart, Call, ClientIdentity, Computed, Encoding, Expression, HttpCall,
    McpCall, Network, Parameter, PathPiece, Piece, Style, Text, Transport, is_connection_header,
};
pub use credential::{AwsSigV4, ClientAuthentication, Credential, Grant, OAuth2};
pub use upstream::{Connect, ExposedTools, NewTools, Program, Sessions, ToolOverride, Upstream, UpstreamTransport};
pub use xml::{XmlBody, XmlElement, XmlMembers, XmlName, XmlNode, is_xml_name};

pub use method::{METHODS, is_method};
pub use schema_text::SchemaText;

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::source::SourceId;

/// One tool: what an agent sees of it, and what is done when it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Capability {
    /// The unique name agents call it by.
    pub tool: ToolName,
    /// The api it belongs to; a stand-alone capability is a server of its own.
    pub server: ServerName,
    /// A short name for people.
    pub title: Option<String>,
    /// What it does, for agents.
    pub description: String,
    /// The author advises against new use.
    pub deprecated: bool,
    /// Topics, for search.
    pub tags: Vec<String>,
    /// MCP's hints about its effects.
    pub annotations: Annotations,
    /// What the agent must send: self-contained JSON Schema 2020-12 with an object at its root.
    pub input: SchemaText,
    /// What a successful answer looks like, self-contained, where the definition says.
    pub output: Option<SchemaText>,
    /// What is made of a successful answer.
    pub answer: AnswerRules,
    /// What a call does.
    pub call: Call,
    /// Bounds on one call, the api's merged with its own.
    pub limits: Limits,
    /// The files it was compiled from.
    pub origin: Origin,
}

/// A tool's name: at most 64 characters of `[a-zA-Z0-9_-]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ToolName(pub String);

/// The name of an api, an upstream or a stand-alone capability.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ServerName(pub String);

/// The name of an argument, as agents write it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArgumentName(pub String);

/// The name of a secret, never its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretName(pub String);

/// MCP's tool annotations, complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotations {
    /// Changes nothing.
    pub read_only: bool,
    /// May overwrite or delete.
    pub destructive: bool,
    /// Twice is the same as once.
    pub idempotent: bool,
    /// Reaches things outside of the gateway.
    pub open_world: bool,
}

/// Bounds on calls; what is `None` is the runtime's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// For the whole call.
    pub timeout: Option<Duration>,
    /// For a connection to stand.
    pub connect_timeout: Option<Duration>,
    /// The longest silence of the server.
    pub read_timeout: Option<Duration>,
    /// How often a request that may be repeated is tried again.
    pub retries: Option<u32>,
    /// Bytes of an answer's body after decompression.
    pub max_response: Option<u64>,
    /// Bytes that an agent is shown of an answer.
    pub max_output: Option<u64>,
    /// Calls per time.
    pub rate: Option<Rate>,
    /// Calls at one time.
    pub concurrency: Option<u32>,
    /// When a server that fails is left alone for a while.
    pub circuit_breaker: CircuitBreaker,
}

/// When a server that fails is left alone for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitBreaker {
    /// Never.
    Off,
    /// After failures one after another, first for a pause.
    On {
        /// How many failures.
        failures: u32,
        /// How long at first.
        pause: Duration,
    },
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::On { failures: 10, pause: Duration::from_secs(10) }
    }
}

/// A number of calls in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub calls: u32,
    /// In which time.
    pub per: Duration,
}

/// The files that a capability was compiled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its own file.
    pub definition: SourceId,
    /// The file of its api, which is found by its name; shared schemas are found by their paths.
    pub api: Option<SourceId>,
    /// The api and schemas files that it uses, sorted.
    pub dependencies: Vec<SourceId>,
}

/// An api as agents see it: a group of tools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name, the first part of its tools' names.
    pub name: ServerName,
    /// A name for people.
    pub title: Option<String>,
    /// What it is about.
    pub description: Option<String>,
}

impl ToolName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ServerName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
