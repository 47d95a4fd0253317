//! The file kinds as they are written: what `cap import` writes, people edit and `cap check` reads.
//!
//! A definition is the text taken apart and nothing more. Whether it makes sense is asked in
//! [`crate::check`]; what it means is decided in [`crate::lower`].

mod answer;
mod api;
mod auth;
mod body;
mod capability;
mod circuit_breaker;
mod expression;
mod fields;
mod idempotency;
mod json_schema;
mod limits;
mod oauth2;
pub mod read;
mod record;
mod request;
mod schema_value;
mod schemas;
mod signature;
mod template;
mod transport;
mod upstream;
mod xml;

pub use answer::{PageStyle, PaginationDefinition, ResponseDefinition};
pub use api::ApiDefinition;
pub use auth::{AuthDefinition, BasicDefinition, CombinationDefinition};
pub use body::{BodyDefinition, ContentDefinition, PartDefinition};
pub use capability::{AnnotationsDefinition, CapabilityDefinition};
pub use circuit_breaker::CircuitBreakerDefinition;
pub use fields::{Fields, Node, Sink};
pub use idempotency::IdempotencyKeyDefinition;
pub use json_schema::{file_schema, json_schema};
pub use limits::{LimitsDefinition, NetworkDefinition};
pub use oauth2::{ClientAuthenticationDefinition, GrantDefinition, OAuth2Definition};
pub use record::{ImportRecord, SourceRecord};
pub use request::{ParameterDefinition, PathParameterDefinition, RequestDefinition};
pub use schemas::SchemasDefinition;
pub use signature::AwsSigV4Definition;
pub use template::{
    FilterKind, FilterUse, Hole, NameUse, Template, TemplateError, TemplateName, TemplatePiece, TemplateValue,
    argument_expression,
};
pub use transport::TlsDefinition;
pub use upstream::{
    ConnectDefinition, NewToolsDefinition, SessionsDefinition, ToolOverrideDefinition, TransportDefinition,
    UpstreamDefinition,
};
pub use xml::{XmlDefinition, XmlElementDefinition};

use serde_json::Value;

use crate::diagnostic::Outcome;
use crate::source::SourceId;
use crate::syntax;

/// One file of a capabilities folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// One tool.
    Capability(Box<CapabilityDefinition>),
    /// What the tools of one API share.
    Api(Box<ApiDefinition>),
    /// JSON Schemas that tools share.
    Schemas(SchemasDefinition),
    /// An MCP server.
    Upstream(Box<UpstreamDefinition>),
}

/// The kinds of files, with the words that name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `kind: capability`
    Capability,
    /// `kind: api`
    Api,
    /// `kind: schemas`
    Schemas,
    /// `kind: upstream`
    Upstream,
}

/// The version of the file formats that this compiler reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// Reads one definition file.
#[must_use]
pub fn parse(source: &SourceId, text: &[u8]) -> Outcome<Definition> {
    match syntax::parse_definition(source, text) {
        Ok(tree) => read_tree(source, &tree),
        Err(diagnostic) => Outcome::failed(*diagnostic),
    }
}

/// Reads a definition from its tree.
#[must_use]
pub fn read_tree(source: &SourceId, tree: &Value) -> Outcome<Definition> {
    let sink = Sink::new(source);
    let value = Node::root(tree, &sink).fields(|fields| {
        let version = fields.required("version", |node| node.integer(FORMAT_VERSION, FORMAT_VERSION));
        let kind = fields.required("kind", |node| node.choice(&Kind::NAMES));
        let definition = match kind {
            Some(kind) => Definition::read(kind, fields),
            None => {
                // Without a kind no key is known, so none is unknown.
                fields.accept_all();
                None
            }
        };
        version.and(definition)
    });
    Outcome { value, diagnostics: sink.into_diagnostics() }
}

impl Definition {
    fn read(kind: Kind, fields: &mut Fields<'_>) -> Option<Self> {
        match kind {
            Kind::Capability => CapabilityDefinition::read(fields).map(|it| Self::Capability(Box::new(it))),
            Kind::Api => ApiDefinition::read(fields).map(|it| Self::Api(Box::new(it))),
            Kind::Schemas => SchemasDefinition::read(fields).map(Self::Schemas),
            Kind::Upstream => UpstreamDefinition::read(fields).map(|it| Self::Upstream(Box::new(it))),
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Capability(_) => Kind::Capability,
            Self::Api(_) => Kind::Api,
            Self::Schemas(_) => Kind::Schemas,
            Self::Upstream(_) => Kind::Upstream,
        }
    }
}

impl Kind {
    const NAMES: [(&'static str, Self); 4] = [
        ("capability", Self::Capability),
        ("api", Self::Api),
        ("schemas", Self::Schemas),
        ("upstream", Self::Upstream),
    ];

    /// The word that names it in a file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Api => "api",
            Self::Schemas => "schemas",
            Self::Upstream => "upstream",
        }
    }
}
