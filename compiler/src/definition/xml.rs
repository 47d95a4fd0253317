//! `xml`: a body that is written as an XML document.
//!
//! The plan stands in the definition and not in the schemas: a reviewer sees the document beside the
//! arguments, and what agents see stays plain JSON Schema. Only what differs from the rule is said:
//! a member becomes an element of its own name, a list one element for each item.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::fields::{Fields, Node};
use super::read;
use super::request::Pairs;
use super::template::TemplateValue;
use crate::capability::XmlNode;

/// A value, and how it is written as an XML document.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct XmlDefinition {
    /// What is written; text may hold `{{ argument }}`. A value that is text is the whole document.
    #[schemars(with = "serde_json::Value")]
    pub value: TemplateValue,
    /// The root element.
    pub root: XmlElementDefinition,
    /// Members of elements that several have, or that contain themselves, by name.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "write_types")]
    #[schemars(
        with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, XmlElementDefinition>>",
        default
    )]
    pub types: Vec<(String, Members)>,
}

/// How members are written, by the names that they have in the value.
pub(super) type Members = Vec<(String, XmlElementDefinition)>;

/// How one value is written. Written as its name alone when nothing else is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct XmlElementDefinition {
    /// The name; the member's own when not said.
    pub name: Option<String>,
    /// The namespace, declared where the name stands.
    pub namespace: Option<String>,
    /// The prefix of the name.
    pub prefix: Option<String>,
    /// The kind of node; an element when not said.
    pub node: Option<XmlNode>,
    /// An element around all items of a list.
    pub wrapper: Option<Box<XmlElementDefinition>>,
    /// The type that says how members are written.
    pub of_type: Option<String>,
    /// How members are written.
    pub members: Members,
}

impl XmlDefinition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let value = fields.required("value", read::template_value);
        let root = fields.required("root", XmlElementDefinition::read);
        let types = fields.entries("types", |node| {
            if !node.is_mapping() {
                node.wrong_type("a mapping");
                return None;
            }
            Some(node.members(XmlElementDefinition::read))
        });
        Some(Self { value: value?, root: root?, types })
    }
}

impl XmlElementDefinition {
    /// Whether nothing is said about it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    fn is_name_only(&self) -> bool {
        self.name.is_some() && Self { name: None, ..self.clone() }.is_plain()
    }

    fn read(node: Node<'_>) -> Option<Self> {
        if !node.is_mapping() {
            return Some(Self { name: Some(read::text(node)?), ..Self::default() });
        }
        node.fields(|fields| {
            Some(Self {
                name: fields.optional("name", read::text),
                namespace: fields.optional("namespace", read::text),
                prefix: fields.optional("prefix", read::text),
                node: fields.optional("node", |node| node.choice(&XmlNode::NAMES)),
                wrapper: fields.optional("wrapper", Self::read).map(Box::new),
                of_type: fields.optional("type", read::text),
                members: fields.entries("members", Self::read),
            })
        })
    }
}

fn write_types<S: Serializer>(types: &[(String, Members)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(types.iter().map(|(name, members)| (name, Pairs(members))))
}

impl Serialize for XmlElementDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(name) = self.name.as_ref().filter(|_| self.is_name_only()) {
            return name.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        let texts = [("name", &self.name), ("namespace", &self.namespace), ("prefix", &self.prefix)];
        for (key, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(key, text)?;
            }
        }
        if let Some(node) = self.node {
            map.serialize_entry("node", node.name())?;
        }
        if let Some(wrapper) = &self.wrapper {
            map.serialize_entry("wrapper", wrapper)?;
        }
        if let Some(of_type) = &self.of_type {
            map.serialize_entry("type", of_type)?;
        }
        if !self.members.is_empty() {
            map.serialize_entry("members", &Pairs(&self.members))?;
        }
        map.end()
    }
}

impl JsonSchema for XmlElementDefinition {
    fn schema_name() -> Cow<'static, str> {
        "XmlElement".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let element = generator.subschema_for::<Self>();
        let nodes: Vec<&str> = XmlNode::NAMES.iter().map(|(name, _)| *name).collect();
        schemars::json_schema!({
            "description": "How a value is written in XML: its name, or more about it.",
            "anyOf": [{"type": "string"}, {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "name": {"type": "string", "description": "The name; the member's own when not said."},
                    "namespace": {"type": "string", "description": "The namespace of the name."},
                    "prefix": {"type": "string", "description": "The prefix of the name."},
                    "node": {"enum": nodes, "description": "The kind of node; an element when not said."},
                    "wrapper": element,
                    "type": {"type": "string", "description": "The type that says how members are written."},
                    "members": {"type": "object", "additionalProperties": element}
                }
            }]
        })
    }
}
