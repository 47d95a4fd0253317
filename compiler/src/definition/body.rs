//! `request.body`: what a body is made of, in one way or in several that the caller chooses from.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::fields::{Fields, Node, is_false};
use super::read;
use super::request::{Pairs, ParameterDefinition, STYLES, StyleSchema, plain_value, write_optional_pairs};
use super::template::{Template, TemplateValue};
use super::xml::XmlDefinition;
use crate::capability::Style;

/// The request body: one form, or several media types of which the caller selects one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct BodyDefinition {
    /// The media type; the usual one of the form when not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<Template>,
    /// No body is sent when none of its arguments was given.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub optional: bool,
    /// The argument that asks for an optional body although none of its own arguments was given,
    /// such as `{{ empty_body }}`: an empty object is not the same as no body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty: Option<Template>,
    /// The argument that names one of `media_types`, such as `{{ content_type }}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub select: Option<Template>,
    /// Instead of one form: forms by media type, the default first.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_pairs")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, ContentDefinition>>")]
    pub media_types: Option<Vec<(String, ContentDefinition)>>,
    /// The one form, where there is one.
    #[serde(flatten)]
    pub content: ContentDefinition,
}

/// How the bytes of a body are made, in exactly one form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ContentDefinition {
    /// A JSON value with templates in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub json: Option<TemplateValue>,
    /// A list whose items are JSON values, each on a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Value>")]
    pub json_lines: Option<TemplateValue>,
    /// URL-encoded fields by name.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_pairs")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, ParameterDefinition>>")]
    pub form: Option<Vec<(String, ParameterDefinition)>>,
    /// Parts of a multipart form by field name.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_pairs")]
    #[schemars(with = "Option<std::collections::BTreeMap<String, PartDefinition>>")]
    pub multipart: Option<Vec<(String, PartDefinition)>>,
    /// Text, sent as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub text: Option<TemplateValue>,
    /// Bytes: the argument is their base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub binary: Option<TemplateValue>,
    /// An XML document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<XmlDefinition>,
}

/// A part of a multipart body. Written as its value alone when nothing else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct PartDefinition {
    /// The part's content.
    pub value: TemplateValue,
    /// Whether the argument is base64 of the bytes.
    pub binary: bool,
    /// The file name.
    pub filename: Option<Template>,
    /// The part's media type.
    pub content_type: Option<Template>,
    /// Further headers of the part, by name.
    pub headers: Vec<(String, Template)>,
    /// OpenAPI's style: the value makes as many parts as a form has fields of it.
    pub style: Option<Style>,
    /// Whether arrays and objects make one part each; the style's default when not said.
    pub explode: Option<bool>,
}

impl BodyDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            content_type: fields.optional("content_type", read::template),
            optional: fields.optional("optional", read::boolean).unwrap_or_default(),
            empty: fields.optional("empty", read::template),
            select: fields.optional("select", read::template),
            media_types: fields.optional_entries("media_types", |node| node.fields(ContentDefinition::read)),
            content: ContentDefinition::read(fields)?,
        })
    }

    /// All forms that it has: its own, and those of its media types.
    pub fn contents(&self) -> impl Iterator<Item = &ContentDefinition> {
        std::iter::once(&self.content).chain(self.media_types.iter().flatten().map(|(_, content)| content))
    }
}

impl ContentDefinition {
    /// The keys of the forms that are there; a good body has one.
    #[must_use]
    pub fn forms(&self) -> Vec<&'static str> {
        [
            ("json", self.json.is_some()),
            ("json_lines", self.json_lines.is_some()),
            ("form", self.form.is_some()),
            ("multipart", self.multipart.is_some()),
            ("text", self.text.is_some()),
            ("binary", self.binary.is_some()),
            ("xml", self.xml.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, there)| there.then_some(key))
        .collect()
    }

    /// Calls `found` for every template in it.
    pub fn visit<'a>(&'a self, found: &mut dyn FnMut(&'a Template)) {
        let fields = self.form.iter().flatten().map(|(_, field)| &field.value);
        let parts = || self.multipart.iter().flatten().map(|(_, part)| part);
        let xml = self.xml.as_ref().map(|xml| &xml.value);
        let values = [&self.json, &self.json_lines, &self.text, &self.binary].into_iter().flatten().chain(xml);
        for value in values.chain(fields).chain(parts().map(|part| &part.value)) {
            value.visit(&mut Vec::new(), &mut |_, template| found(template));
        }
        let headers = parts().flat_map(|part| &part.headers).map(|(_, value)| value);
        parts().flat_map(|part| [&part.filename, &part.content_type]).flatten().chain(headers).for_each(found);
    }

    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            json: fields.optional("json", read::template_value),
            json_lines: fields.optional("json_lines", read::template_value),
            form: fields.optional_entries("form", ParameterDefinition::read),
            multipart: fields.optional_entries("multipart", PartDefinition::read),
            text: fields.optional("text", read::template_value),
            binary: fields.optional("binary", read::template_value),
            xml: fields.mapping("xml", XmlDefinition::read),
        })
    }
}

impl PartDefinition {
    /// A part that is its value and nothing else.
    #[must_use]
    pub fn plain(value: TemplateValue) -> Self {
        let (filename, content_type, headers) = (None, None, Vec::new());
        Self { value, binary: false, filename, content_type, headers, style: None, explode: None }
    }

    /// Whether it is its value and nothing else.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::plain(self.value.clone())
    }

    fn read(node: Node<'_>) -> Option<Self> {
        if !node.is_mapping() {
            return read::template_value(node).map(Self::plain);
        }
        node.fields(|fields| {
            let value = fields.required("value", read::template_value);
            let binary = fields.optional("binary", read::boolean).unwrap_or_default();
            let filename = fields.optional("filename", read::template);
            let content_type = fields.optional("content_type", read::template);
            let headers = fields.entries("headers", read::template);
            let style = fields.optional("style", |node| node.choice(&STYLES));
            let explode = fields.optional("explode", read::boolean);
            Some(Self { value: value?, binary, filename, content_type, headers, style, explode })
        })
    }
}

impl Serialize for PartDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_plain() {
            return self.value.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.value)?;
        if self.binary {
            map.serialize_entry("binary", &true)?;
        }
        if let Some(filename) = &self.filename {
            map.serialize_entry("filename", filename)?;
        }
        if let Some(content_type) = &self.content_type {
            map.serialize_entry("content_type", content_type)?;
        }
        if let Some(style) = self.style {
            map.serialize_entry("style", style.name())?;
        }
        if let Some(explode) = self.explode {
            map.serialize_entry("explode", &explode)?;
        }
        if !self.headers.is_empty() {
            map.serialize_entry("headers", &Pairs(&self.headers))?;
        }
        map.end()
    }
}

impl JsonSchema for PartDefinition {
    fn schema_name() -> Cow<'static, str> {
        "Part".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let style = generator.subschema_for::<StyleSchema>();
        schemars::json_schema!({
            "description": "A part of a multipart body: its value, or its value with more said about it.",
            "anyOf": [plain_value(), {
                "type": "object",
                "additionalProperties": false,
                "required": ["value"],
                "properties": {
                    "value": {"description": "The part's content; text may hold `{{ argument }}`."},
                    "binary": {"type": "boolean", "description": "Whether the argument is base64 of the bytes."},
                    "filename": {"type": "string", "description": "The file name."},
                    "content_type": {"type": "string", "description": "The part's media type."},
                    "style": style,
                    "explode": {"type": "boolean", "description": "Whether arrays and objects make one part each."},
                    "headers": {
                        "type": "object",
                        "description": "Further headers of the part.",
                        "additionalProperties": {"type": "string"}
                    }
                }
            }]
        })
    }
}
