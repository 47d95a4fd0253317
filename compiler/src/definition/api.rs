//! `kind: api`: what the capabilities of one REST API share.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::auth::{AuthDefinition, CombinationDefinition, read_requirements};
use super::fields::Fields;
use super::limits::{LimitsDefinition, NetworkDefinition};
use super::read;
use super::record::{ImportRecord, SourceRecord};
use super::template::Template;
use super::transport::TlsDefinition;

/// A REST API: its server, its credentials and its limits.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ApiDefinition {
    /// The name that capabilities refer to and that their tools' names begin with.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_-]{1,48}$"))]
    pub name: String,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the api is about, for agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The URL below which every `request.path` stands.
    pub server: Template,
    /// Further servers, which a capability chooses by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub servers: BTreeMap<String, Template>,
    /// Which addresses the servers may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkDefinition>,
    /// The proxy that connections go through, such as `http://proxy.example:3128`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Template>,
    /// Certificates of connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsDefinition>,
    /// The credentials of every capability that does not choose its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<AuthDefinition>,
    /// Named credentials, which `security` combines.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub schemes: BTreeMap<String, CombinationDefinition>,
    /// Instead of `auth`: alternatives, each a list of `schemes` that go together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<Vec<String>>>,
    /// Headers sent with every request.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub headers: BTreeMap<String, Template>,
    /// Bounds on each call.
    #[serde(skip_serializing_if = "LimitsDefinition::is_empty")]
    #[schemars(default)]
    pub limits: LimitsDefinition,
    /// How it was imported, so that `cap import --update` can do it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportRecord>,
    /// The document that it was imported from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceRecord>,
}

impl ApiDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let name = fields.required("name", read::text);
        let title = fields.optional("title", read::text);
        let description = fields.optional("description", read::text);
        let server = fields.required("server", read::template);
        let servers = fields.entries("servers", read::template);
        let network = fields.optional("network", NetworkDefinition::read);
        let proxy = fields.optional("proxy", read::template);
        let tls = fields.mapping("tls", TlsDefinition::read);
        let auth = fields.optional("auth", AuthDefinition::read);
        let schemes = fields.entries("schemes", CombinationDefinition::read);
        let security = fields.optional("security", read_requirements);
        let headers = fields.entries("headers", read::template);
        let limits = fields.mapping("limits", LimitsDefinition::read).unwrap_or_default();
        let import = fields.mapping("import", ImportRecord::read);
        let source = fields.mapping("source", SourceRecord::read);
        Some(Self {
            name: name?,
            title,
            description,
            server: server?,
            servers: servers.into_iter().collect(),
            network,
            proxy,
            tls,
            auth,
            schemes: schemes.into_iter().collect(),
            security,
            headers: headers.into_iter().collect(),
            limits,
            import,
            source,
        })
    }
}
