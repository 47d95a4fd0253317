//! `kind: capability`: one tool.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::answer::{PaginationDefinition, ResponseDefinition};
use super::auth::AuthDefinition;
use super::fields::{Fields, is_false};
use super::limits::{LimitsDefinition, NetworkDefinition};
use super::read;
use super::record::SourceRecord;
use super::request::RequestDefinition;
use super::schema_value::json_schema_value;
use super::template::Template;
use super::transport::TlsDefinition;

/// One tool: what an agent sees of it and the request that a call becomes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CapabilityDefinition {
    /// The tool's name: `[a-zA-Z0-9_-]`. A capability of an api is served as `{api}__{name}`.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_-]{1,64}$"))]
    pub name: String,
    /// The api it belongs to: the `name` of a `kind: api` file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Stand-alone: the URL below which `request.path` stands. With `api`: one of its `servers` by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<Template>,
    /// Which addresses the server may have. Stand-alone capabilities only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkDefinition>,
    /// The proxy that connections go through, such as `http://proxy.example:3128`. Stand-alone capabilities only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Template>,
    /// Certificates of connections. Stand-alone capabilities only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDefinition>,
    /// Credentials. Stand-alone capabilities only; one with `api` chooses with `security`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthDefinition>,
    /// A short name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does and when to use it, for agents.
    pub description: String,
    /// Topics, for search.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub tags: Vec<String>,
    /// The author advises against new use.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub deprecated: bool,
    /// Hints about its effects; what is not said follows from the method.
    #[serde(skip_serializing_if = "AnnotationsDefinition::is_empty")]
    #[schemars(default)]
    pub annotations: AnnotationsDefinition,
    /// Alternatives, each a list of the api's `schemes` that go together; `[]` means no credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<Vec<String>>>,
    /// JSON Schema 2020-12 of what the agent must send, with an object at its root.
    #[schemars(schema_with = "json_schema_value")]
    pub input: Value,
    /// The HTTP request that a call becomes.
    pub request: RequestDefinition,
    /// What comes back.
    #[serde(skip_serializing_if = "ResponseDefinition::is_empty")]
    #[schemars(default)]
    pub response: ResponseDefinition,
    /// How the next page of an answer is found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagination: Option<PaginationDefinition>,
    /// Bounds on one call; what is not said is the api's.
    #[serde(skip_serializing_if = "LimitsDefinition::is_empty")]
    #[schemars(default)]
    pub limits: LimitsDefinition,
    /// Where an imported definition comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRecord>,
}

/// MCP's hints about what a call does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnnotationsDefinition {
    /// Changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// May overwrite or delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
    /// Twice is the same as once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    /// Reaches things outside of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world: Option<bool>,
}

impl CapabilityDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", read::text);
        let api = fields.optional("api", read::text);
        let server = fields.optional("server", read::template);
        let network = fields.optional("network", NetworkDefinition::read);
        let proxy = fields.optional("proxy", read::template);
        let tls = fields.mapping("tls", TlsDefinition::read);
        let auth = fields.optional("auth", AuthDefinition::read);
        let title = fields.optional("title", read::text);
        let description = fields.required("description", read::text);
        let tags = fields.optional("tags", read::texts).unwrap_or_default();
        let deprecated = fields.optional("deprecated", read::boolean).unwrap_or_default();
        let annotations = fields.mapping("annotations", AnnotationsDefinition::read).unwrap_or_default();
        let security = fields.optional("security", super::auth::read_requirements);
        let input = fields.required("input", read::schema);
        let request = fields.required_mapping("request", RequestDefinition::read);
        let response = fields.mapping("response", ResponseDefinition::read).unwrap_or_default();
        let pagination = fields.mapping("pagination", PaginationDefinition::read);
        let limits = fields.mapping("limits", LimitsDefinition::read).unwrap_or_default();
        let source = fields.mapping("source", SourceRecord::read);
        Some(Self {
            name: name?,
            api,
            server,
            network,
            proxy,
            tls,
            auth,
            title,
            description: description?,
            tags,
            deprecated,
            annotations,
            security,
            input: input?,
            request: request?,
            response,
            pagination,
            limits,
            source,
        })
    }
}

impl AnnotationsDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            read_only: fields.optional("read_only", read::boolean),
            destructive: fields.optional("destructive", read::boolean),
            idempotent: fields.optional("idempotent", read::boolean),
            open_world: fields.optional("open_world", read::boolean),
        })
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
