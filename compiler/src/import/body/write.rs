//! Planned bodies to definitions, with the names that the arguments got.

use serde_json::{Map, Value};

use super::merge::Entry;
use super::{BodyPlan, ContentType, Form, FormField, Part, Shape};
use crate::definition::{
    BodyDefinition, ContentDefinition, ParameterDefinition, PartDefinition, Template, TemplateValue, XmlDefinition,
    argument_expression,
};
use crate::openapi::Serialization;

impl BodyPlan {
    /// The definition, with the names that the fields' arguments got.
    pub(in crate::import) fn definition(&self, names: &[String]) -> BodyDefinition {
        let mut definition = BodyDefinition { optional: self.optional, ..BodyDefinition::default() };
        let asks = self.empty.and_then(|index| names.get(index));
        definition.empty = asks.map(|name| Template::argument(name));
        if let Some(select) = self.select.and_then(|index| names.get(index)) {
            definition.select = Some(Template::argument(select));
            let entry = |entry: &Entry| (entry.name.clone(), entry.form.content(&entry.names(names)));
            definition.media_types = Some(self.entries.iter().map(entry).collect());
        } else if let Some(entry) = self.entries.first() {
            let names = entry.names(names);
            definition.content = entry.form.content(&names);
            definition.content_type = entry.form.content_type.as_ref().map(|it| content_type(it, &names));
        }
        definition
    }
}

impl Entry {
    /// The names of the form's own fields.
    fn names<'n>(&self, names: &'n [String]) -> Vec<&'n str> {
        self.places.iter().map(|place| names.get(*place).map(String::as_str).unwrap_or_default()).collect()
    }
}

fn name<'n>(names: &[&'n str], index: usize) -> &'n str {
    names.get(index).copied().unwrap_or_default()
}

fn content_type(content_type: &ContentType, names: &[&str]) -> Template {
    match content_type {
        ContentType::Fixed(text) => Template::literal(text),
        ContentType::Field(index, None) => Template::argument(name(names, *index)),
        ContentType::Field(index, Some(default)) => {
            let argument = argument_expression(name(names, *index));
            // Media types are tokens, so the expression parses.
            let source = format!("{{{{ {argument} | default('{default}') }}}}");
            Template::parse(&source).unwrap_or_else(|_| Template::literal(default))
        }
    }
}

impl Form {
    fn content(&self, names: &[&str]) -> ContentDefinition {
        let mut definition = ContentDefinition::default();
        let first = || Some(TemplateValue::argument(name(names, 0)));
        match &self.shape {
            Shape::Json => definition.json = first(),
            Shape::JsonLines => definition.json_lines = first(),
            Shape::Text => definition.text = first(),
            Shape::Binary => definition.binary = first(),
            Shape::JsonObject => definition.json = Some(self.json_object(names)),
            Shape::Xml(plan) => {
                let value = if plan.whole { TemplateValue::argument(name(names, 0)) } else { self.json_object(names) };
                let (root, types) = (plan.root.clone(), plan.types.clone());
                definition.xml = Some(XmlDefinition { value, root, types });
            }
            Shape::Form(fields) => {
                definition.form = Some(fields.iter().map(|it| self.form_field(it, names)).collect());
            }
            Shape::Multipart(parts) => {
                definition.multipart = Some(parts.iter().map(|it| self.part(it, names)).collect());
            }
        }
        definition
    }

    fn json_object(&self, names: &[&str]) -> TemplateValue {
        if self.fields.is_empty() {
            return TemplateValue::Literal(Value::Object(Map::new()));
        }
        let members = self.fields.iter().zip(names);
        TemplateValue::Object(
            members.map(|(field, name)| (field.wire.clone(), TemplateValue::argument(name))).collect(),
        )
    }

    fn wire(&self, index: usize) -> String {
        self.fields.get(index).map(|field| field.wire.clone()).unwrap_or_default()
    }

    fn form_field(&self, it: &FormField, names: &[&str]) -> (String, ParameterDefinition) {
        let mut definition = ParameterDefinition::plain(TemplateValue::argument(name(names, it.field)));
        match &it.serialization {
            Serialization::Style { style, explode, allow_reserved } => {
                (definition.style, definition.explode) = (*style, *explode);
                definition.allow_reserved = *allow_reserved;
            }
            Serialization::Content(media_type) => definition.content = Some(media_type.clone()),
        }
        (self.wire(it.field), definition)
    }

    fn part(&self, it: &Part, names: &[&str]) -> (String, PartDefinition) {
        let definition = PartDefinition {
            value: TemplateValue::argument(name(names, it.field)),
            binary: it.binary,
            filename: it.filename.map(|index| Template::argument(name(names, index))),
            content_type: it.content_type.as_ref().map(|it| content_type(it, names)),
            style: it.style,
            explode: it.explode,
            headers: it.headers.iter().map(|(name, value)| (name.clone(), Template::literal(value))).collect(),
        };
        (self.wire(it.field), definition)
    }
}
