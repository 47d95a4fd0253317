//! Request bodies to arguments: which media type is sent, and what of it the agent gives.
//!
//! A JSON object whose schema is plain becomes one argument for each property. Everything else is
//! one argument, `body`.

mod choice;
mod form;

use serde_json::{Map, Value, json};

use self::choice::{Family, family};
use crate::definition::{BodyDefinition, ParameterDefinition, PartDefinition, Template, TemplateValue};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::schema::{Converter, Direction, Holder, PlainObject, View};
use crate::openapi::{MediaType, Operation, RequestBody, prose};

/// A body on its way to a definition.
#[derive(Clone, Debug)]
pub(super) struct BodyPlan {
    /// The arguments that it is made of.
    pub(super) fields: Vec<Field>,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// Arguments that need others: `dependentRequired` of an optional body with required properties.
    pub(super) dependent: Vec<(usize, Vec<usize>)>,
    /// `anyOf` and `oneOf` over which arguments must be there.
    pub(super) choices: Vec<(&'static str, Vec<Vec<usize>>)>,
    content_type: Option<ContentType>,
    shape: Shape,
}

/// An argument of a body.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The name on the wire, or the one to be had if there is none.
    pub(super) wire: String,
    /// What the agent is told.
    pub(super) schema: Value,
    /// Whether it must be given.
    pub(super) required: bool,
}

/// How fields make a body. Numbers are places in the list of fields.
#[derive(Clone, Debug)]
enum Shape {
    /// The first field is the JSON value.
    Json,
    /// Each field is a member.
    JsonObject,
    /// Each field is a pair.
    Form(Vec<FormField>),
    /// Each field is a part, or names another's file.
    Multipart(Vec<Part>),
    /// The first field is the text.
    Text,
    /// The first field is base64 of the bytes.
    Binary,
}

#[derive(Clone, Debug)]
enum ContentType {
    Fixed(String),
    /// The field whose value it is.
    Field(usize),
}

/// A field of a URL-encoded form.
#[derive(Clone, Debug)]
struct FormField {
    field: usize,
    serialization: crate::openapi::Serialization,
}

/// A part of a multipart form.
#[derive(Clone, Debug)]
struct Part {
    field: usize,
    binary: bool,
    /// The field with the file's name.
    filename: Option<usize>,
    content_type: Option<String>,
}

pub(super) const VIEW: View = View { direction: Direction::Input, holder: Holder::Operation };

/// Plans the body of an operation.
pub(super) fn plan<'d>(operation: &Operation<'d>, converter: &mut Converter<'d>) -> Option<BodyPlan> {
    let body = operation.body.as_ref()?;
    let chosen = choice::choose(body, converter)?;
    let mut plan = match family(&chosen) {
        Family::Json => json_body(body, &chosen, converter),
        Family::Form => form::form(body, &chosen, converter),
        Family::Multipart => form::multipart(body, &chosen, converter),
        Family::Text => single(body, &chosen, Shape::Text, converter),
        Family::Binary => single(body, &chosen, Shape::Binary, converter),
    };
    plan.optional = !body.required;
    Some(plan)
}

fn json_body<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, converter: &mut Converter<'d>) -> BodyPlan {
    let object = chosen.schema.as_ref().and_then(|spot| converter.plain_object(spot));
    let Some(object) = object else { return single(body, chosen, Shape::Json, converter) };
    let fields = fields(body, &object, converter);
    let content_type = choice::content_type(chosen, "application/json").map(ContentType::Fixed);
    BodyPlan {
        dependent: dependent(body, &object),
        choices: choices(body, &object),
        ..BodyPlan::new(fields, content_type, Shape::JsonObject)
    }
}

/// One argument for each property.
fn fields<'d>(body: &RequestBody<'d>, object: &PlainObject<'d>, converter: &mut Converter<'d>) -> Vec<Field> {
    object
        .properties
        .iter()
        .map(|(name, spot)| Field {
            wire: (*name).to_owned(),
            schema: as_object(converter.convert(spot, VIEW)),
            required: body.required && object.required.contains(name),
        })
        .collect()
}

/// If any property of an optional body is given, the required ones must be too.
fn dependent(body: &RequestBody<'_>, object: &PlainObject<'_>) -> Vec<(usize, Vec<usize>)> {
    if body.required {
        return Vec::new();
    }
    let place = |(index, (name, _)): (usize, &(&str, _))| object.required.contains(name).then_some(index);
    let required: Vec<usize> = object.properties.iter().enumerate().filter_map(place).collect();
    let Some((first, others)) = required.split_first() else { return Vec::new() };
    // Everything needs the first, and the first needs the rest: as short as it can be said.
    (0..object.properties.len())
        .map(|index| if index == *first { (index, others.to_vec()) } else { (index, vec![*first]) })
        .filter(|(_, needed)| !needed.is_empty())
        .collect()
}

/// Alternatives of required properties, by place.
fn choices(body: &RequestBody<'_>, object: &PlainObject<'_>) -> Vec<(&'static str, Vec<Vec<usize>>)> {
    if !body.required {
        return Vec::new();
    }
    let place = |name: &&str| object.properties.iter().position(|(known, _)| known == name);
    let places = |names: &Vec<&str>| names.iter().filter_map(place).collect();
    object.choices.iter().map(|(key, sets)| (*key, sets.iter().map(places).collect())).collect()
}

/// The whole body as one argument.
fn single<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, shape: Shape, converter: &mut Converter<'d>) -> BodyPlan {
    let mut schema = match (&shape, &chosen.schema) {
        (Shape::Json, Some(spot)) => converter.convert(spot, VIEW),
        (Shape::Text, Some(spot)) => text_schema(converter.convert(spot, VIEW)),
        (Shape::Text, None) => json!({"type": "string"}),
        (Shape::Binary, _) => json!({"type": "string", "contentEncoding": "base64"}),
        _ => Value::Object(Map::new()),
    };
    if let (Value::Object(map), Some(text)) = (&mut schema, body.description) {
        let text = prose::shorten(&prose::clean(text), prose::SCHEMA_LIMIT).text;
        if !text.is_empty() && !map.contains_key("description") {
            map.insert("description".to_owned(), text.into());
        }
    }
    let mut fields = vec![Field { wire: "body".to_owned(), schema: as_object(schema), required: body.required }];
    let usual = match shape {
        Shape::Text => "text/plain",
        Shape::Binary => "application/octet-stream",
        Shape::Json | Shape::JsonObject | Shape::Form(_) | Shape::Multipart(_) => "application/json",
    };
    let content_type = if choice::is_open(&chosen.essence) {
        fields.push(content_type_field(chosen, body.required));
        Some(ContentType::Field(1))
    } else {
        choice::content_type(chosen, usual).map(ContentType::Fixed)
    };
    BodyPlan::new(fields, content_type, shape)
}

fn content_type_field(chosen: &MediaType<'_>, required: bool) -> Field {
    let description = format!("The media type of the body, one of `{}`.", chosen.essence);
    Field { wire: "content_type".to_owned(), schema: json!({"type": "string", "description": description}), required }
}

/// A text body is text, whatever else its schema says.
fn text_schema(schema: Value) -> Value {
    let text = schema.get("type").is_some_and(|name| name == "string");
    if text { schema } else { json!({"type": "string"}) }
}

/// `true` as a schema object.
fn as_object(schema: Value) -> Value {
    if schema.is_object() { schema } else { Value::Object(Map::new()) }
}

impl BodyPlan {
    fn new(fields: Vec<Field>, content_type: Option<ContentType>, shape: Shape) -> Self {
        Self { fields, optional: false, dependent: Vec::new(), choices: Vec::new(), content_type, shape }
    }

    /// The definition, with the names that the fields' arguments got.
    pub(super) fn definition(&self, names: &[String]) -> BodyDefinition {
        let name = |index: usize| names.get(index).map(String::as_str).unwrap_or_default();
        let mut definition = BodyDefinition { optional: self.optional, ..BodyDefinition::default() };
        definition.content_type = self.content_type.as_ref().map(|content_type| match content_type {
            ContentType::Fixed(text) => Template::literal(text),
            ContentType::Field(index) => Template::argument(name(*index)),
        });
        match &self.shape {
            Shape::Json => definition.json = Some(TemplateValue::argument(name(0))),
            Shape::Text => definition.text = Some(TemplateValue::argument(name(0))),
            Shape::Binary => definition.binary = Some(TemplateValue::argument(name(0))),
            Shape::JsonObject => definition.json = Some(self.json_object(names)),
            Shape::Form(fields) => {
                definition.form = Some(fields.iter().map(|it| self.form_field(it, name(it.field))).collect());
            }
            Shape::Multipart(parts) => {
                definition.multipart = Some(parts.iter().map(|it| self.part(it, names)).collect());
            }
        }
        definition
    }

    fn json_object(&self, names: &[String]) -> TemplateValue {
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

    fn form_field(&self, it: &FormField, name: &str) -> (String, ParameterDefinition) {
        use crate::openapi::Serialization;

        let mut definition = ParameterDefinition::plain(TemplateValue::argument(name));
        match &it.serialization {
            Serialization::Style { style, explode, allow_reserved } => {
                (definition.style, definition.explode) = (*style, *explode);
                definition.allow_reserved = *allow_reserved;
            }
            Serialization::Content(media_type) => definition.content = Some(media_type.clone()),
        }
        (self.wire(it.field), definition)
    }

    fn part(&self, it: &Part, names: &[String]) -> (String, PartDefinition) {
        let name = |index: usize| names.get(index).map(String::as_str).unwrap_or_default();
        let definition = PartDefinition {
            value: TemplateValue::argument(name(it.field)),
            binary: it.binary,
            filename: it.filename.map(|index| Template::argument(name(index))),
            content_type: it.content_type.as_deref().map(Template::literal),
        };
        (self.wire(it.field), definition)
    }
}

/// Says which media type was chosen of several.
fn report_choice(body: &RequestBody<'_>, chosen: &MediaType<'_>, converter: &Converter<'_>) {
    let say = || {
        Diagnostic::new(
            Code::MEDIA_TYPE_CHOSEN,
            format!("a body may be written in {} ways", body.media_types.len()),
            body.spot.address.child("content").place(),
        )
        .label(format!("`{}` is used", chosen.essence))
    };
    converter.report().count("", say, Code::MEDIA_TYPE_CHOSEN);
}
