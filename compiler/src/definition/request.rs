//! `request`: how arguments become one HTTP request.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::body::BodyDefinition;
use super::fields::{Fields, Node};
use super::idempotency::IdempotencyKeyDefinition;
use super::read;
use super::template::{Template, TemplateValue};
use crate::capability::Style;

/// The HTTP request that a call becomes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RequestDefinition {
    /// The HTTP method.
    pub method: String,
    /// The path below the server, such as `/repos/{{ owner }}`. Each value stays within its segment.
    pub path: Template,
    /// Serialization of path values that are not `simple`, by argument name.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_pairs")]
    #[schemars(with = "std::collections::BTreeMap<String, PathParameterDefinition>", default)]
    pub path_parameters: Vec<(String, PathParameterDefinition)>,
    /// Query parameters by their wire names.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_pairs")]
    #[schemars(with = "std::collections::BTreeMap<String, ParameterDefinition>", default)]
    pub query: Vec<(String, ParameterDefinition)>,
    /// The query string as a whole, written as the media type that `content` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<ParameterDefinition>,
    /// Headers by their wire names.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_pairs")]
    #[schemars(with = "std::collections::BTreeMap<String, ParameterDefinition>", default)]
    pub headers: Vec<(String, ParameterDefinition)>,
    /// Cookies by their wire names.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_pairs")]
    #[schemars(with = "std::collections::BTreeMap<String, ParameterDefinition>", default)]
    pub cookies: Vec<(String, ParameterDefinition)>,
    /// The request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyDefinition>,
    /// The header by which the server knows the tries of one call, such as `Idempotency-Key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<IdempotencyKeyDefinition>,
}

/// How a path value is written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PathParameterDefinition {
    /// The name on the wire, for `matrix`; the argument's own when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// OpenAPI's style; `simple` when not said.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_style")]
    #[schemars(with = "Option<StyleSchema>")]
    pub style: Option<Style>,
    /// Whether arrays and objects make one item each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
    /// The value is serialized as this media type first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// A query parameter, header, cookie or form field. Written as its value alone when nothing else
/// is said.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterDefinition {
    /// What is sent.
    pub value: TemplateValue,
    /// OpenAPI's style; the location's default when not said.
    pub style: Option<Style>,
    /// Whether arrays and objects make one item each; the style's default when not said.
    pub explode: Option<bool>,
    /// Whether reserved characters stay as they are.
    pub allow_reserved: bool,
    /// The value is serialized as this media type first.
    pub content: Option<String>,
}

impl RequestDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let method = fields.required("method", read::text);
        let path = fields.required("path", read::template);
        let path_parameters = fields.entries("path_parameters", |node| node.fields(PathParameterDefinition::read));
        let query = fields.entries("query", ParameterDefinition::read);
        let query_string = fields.optional("query_string", ParameterDefinition::read);
        let headers = fields.entries("headers", ParameterDefinition::read);
        let cookies = fields.entries("cookies", ParameterDefinition::read);
        let body = fields.mapping("body", BodyDefinition::read);
        let idempotency_key = fields.optional("idempotency_key", IdempotencyKeyDefinition::read);
        Some(Self {
            method: method?,
            path: path?,
            path_parameters,
            query,
            query_string,
            headers,
            cookies,
            body,
            idempotency_key,
        })
    }
}

impl PathParameterDefinition {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            name: fields.optional("name", read::text),
            style: fields.optional("style", |node| node.choice(&STYLES)),
            explode: fields.optional("explode", read::boolean),
            content: fields.optional("content", read::text),
        })
    }
}

impl ParameterDefinition {
    /// A parameter with its location's default serialization.
    #[must_use]
    pub fn plain(value: TemplateValue) -> Self {
        Self { value, style: None, explode: None, allow_reserved: false, content: None }
    }

    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        if !node.is_mapping() {
            return read::template_value(node).map(Self::plain);
        }
        node.fields(|fields| {
            let value = fields.required("value", read::template_value);
            let style = fields.optional("style", |node| node.choice(&STYLES));
            let explode = fields.optional("explode", read::boolean);
            let allow_reserved = fields.optional("allow_reserved", read::boolean).unwrap_or_default();
            let content = fields.optional("content", read::text);
            Some(Self { value: value?, style, explode, allow_reserved, content })
        })
    }

    /// Whether it is its value and nothing else.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.style.is_none() && self.explode.is_none() && !self.allow_reserved && self.content.is_none()
    }
}

pub(super) const STYLES: [(&str, Style); 8] = [
    (Style::Simple.name(), Style::Simple),
    (Style::Label.name(), Style::Label),
    (Style::Matrix.name(), Style::Matrix),
    (Style::Form.name(), Style::Form),
    (Style::SpaceDelimited.name(), Style::SpaceDelimited),
    (Style::PipeDelimited.name(), Style::PipeDelimited),
    (Style::TabDelimited.name(), Style::TabDelimited),
    (Style::DeepObject.name(), Style::DeepObject),
];

/// The styles for the generated JSON Schema; read and written through [`STYLES`].
#[derive(JsonSchema)]
#[schemars(rename = "Style", rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum StyleSchema {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    TabDelimited,
    DeepObject,
}

pub(super) fn write_pairs<S: Serializer, T: Serialize>(
    pairs: &[(String, T)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Pairs that are written as a mapping.
pub(super) struct Pairs<'a, T>(pub(super) &'a [(String, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_pairs(self.0, serializer)
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
pub(super) fn write_optional_pairs<S: Serializer, T: Serialize>(
    pairs: &Option<Vec<(String, T)>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    write_pairs(pairs.as_deref().unwrap_or_default(), serializer)
}

#[expect(clippy::ref_option, reason = "the signature that serde calls")]
fn write_style<S: Serializer>(style: &Option<Style>, serializer: S) -> Result<S::Ok, S::Error> {
    style.map(Style::name).serialize(serializer)
}

impl Serialize for ParameterDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            return self.value.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.value)?;
        if let Some(style) = self.style {
            map.serialize_entry("style", style.name())?;
        }
        if let Some(explode) = self.explode {
            map.serialize_entry("explode", &explode)?;
        }
        if self.allow_reserved {
            map.serialize_entry("allow_reserved", &true)?;
        }
        if let Some(content) = &self.content {
            map.serialize_entry("content", content)?;
        }
        map.end()
    }
}

/// Values that stand for themselves: anything but a mapping.
pub(super) fn plain_value() -> Value {
    serde_json::json!({
        "type": ["string", "number", "boolean", "array", "null"],
        "description": "The value; text may hold `{{ argument }}`."
    })
}

impl JsonSchema for ParameterDefinition {
    fn schema_name() -> Cow<'static, str> {
        "Parameter".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let style = generator.subschema_for::<StyleSchema>();
        schemars::json_schema!({
            "description": "A value, or a value with OpenAPI's serialization rules.",
            "anyOf": [plain_value(), {
                "type": "object",
                "additionalProperties": false,
                "required": ["value"],
                "properties": {
                    "value": {"description": "What is sent; text may hold `{{ argument }}`."},
                    "style": style,
                    "explode": {"type": "boolean", "description": "Whether arrays and objects make one item each."},
                    "allow_reserved": {"type": "boolean", "description": "Whether reserved characters stay as they are."},
                    "content": {"type": "string", "description": "The value is serialized as this media type first."}
                }
            }]
        })
    }
}
