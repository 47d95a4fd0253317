//! Credentials as they are written: schemes that go together, and alternatives of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::fields::{Fields, Node};
use super::oauth2::OAuth2Definition;
use super::read;
use super::signature::AwsSigV4Definition;
use super::template::Template;

/// Alternatives, best first. Written as a mapping when there is one, as a list otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuthDefinition {
    /// Each a set of credentials that go together; an empty set means that none are needed.
    pub alternatives: Vec<CombinationDefinition>,
}

/// Credentials that are sent together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct CombinationDefinition {
    /// `Authorization: Bearer …`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer: Option<Template>,
    /// `Authorization: Basic …`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basic: Option<BasicDefinition>,
    /// Headers with credentials.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub header: BTreeMap<String, Template>,
    /// Query parameters with credentials.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub query: BTreeMap<String, Template>,
    /// Cookies with credentials.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub cookie: BTreeMap<String, Template>,
    /// `Authorization: Bearer …` with a token that is obtained from an authorization server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<Box<OAuth2Definition>>,
    /// `Authorization: AWS4-HMAC-SHA256 …`: AWS Signature Version 4 of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aws_sigv4: Option<Box<AwsSigV4Definition>>,
}

/// A user name and a password.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BasicDefinition {
    /// The user name.
    pub username: Template,
    /// The password.
    pub password: Template,
}

impl AuthDefinition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        let alternatives = if node.is_sequence() {
            node.items(CombinationDefinition::read)
        } else {
            vec![CombinationDefinition::read(node)?]
        };
        Some(Self { alternatives })
    }
}

impl CombinationDefinition {
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        node.fields(|fields| {
            Some(Self {
                bearer: fields.optional("bearer", read::template),
                basic: fields.mapping("basic", BasicDefinition::read),
                header: fields.entries("header", read::template).into_iter().collect(),
                query: fields.entries("query", read::template).into_iter().collect(),
                cookie: fields.entries("cookie", read::template).into_iter().collect(),
                oauth2: fields.mapping("oauth2", OAuth2Definition::read).map(Box::new),
                aws_sigv4: fields.mapping("aws_sigv4", AwsSigV4Definition::read).map(Box::new),
            })
        })
    }

    /// Whether it holds no credential.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl BasicDefinition {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let username = fields.required("username", read::template);
        let password = fields.required("password", read::template);
        Some(Self { username: username?, password: password? })
    }
}

/// `security`: a list of lists of scheme names.
pub(super) fn read_requirements(node: Node<'_>) -> Option<Vec<Vec<String>>> {
    let wanted = "a list of lists of scheme names";
    match node.value() {
        Value::Array(items) => match items.iter().find_map(Value::as_str) {
            Some(name) => node.wrong_type_edit(wanted, &format!("`[[{name}]]`")),
            None => return Some(node.items(read::texts)),
        },
        Value::String(name) => node.wrong_type_edit(wanted, &format!("`[[{name}]]`")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => node.wrong_type(wanted),
    }
    None
}

impl Serialize for AuthDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.alternatives.as_slice() {
            [only] => only.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}

impl JsonSchema for AuthDefinition {
    fn schema_name() -> Cow<'static, str> {
        "Auth".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let combination = generator.subschema_for::<CombinationDefinition>();
        schemars::json_schema!({
            "description": "Credentials that go together, or a list of alternatives, best first; an empty mapping means that none are needed.",
            "anyOf": [combination, {"type": "array", "items": combination}]
        })
    }
}
