//! Request bodies to arguments: which media types are sent, and what of them the agent gives.
//!
//! A JSON object whose schema is plain becomes one argument for each property. Everything else is
//! one argument, `body`. Of several media types the best is the default; the others are forms of
//! their own, and one more argument selects among them.

mod choice;
mod form;
mod merge;
mod write;
mod xml;

use serde_json::{Map, Value, json};

use self::choice::{Family, Files, family};
use self::merge::Entry;
use super::arguments::Target;
use crate::capability::Style;
use crate::openapi::schema::{Converter, Direction, Holder, PlainObject, View};
use crate::openapi::{MediaType, Operation, RequestBody, Spot, is_header_name, prose};

/// A body on its way to a definition.
#[derive(Clone, Debug)]
pub(super) struct BodyPlan {
    /// The arguments that it is made of.
    pub(super) fields: Vec<Field>,
    /// Whether it may be left out.
    optional: bool,
    /// The ways to write it, the default first.
    entries: Vec<Entry>,
    /// The field that selects among several.
    select: Option<usize>,
    /// The field that asks for a body without fields.
    empty: Option<usize>,
}

/// One way to write a body.
#[derive(Clone, Debug)]
struct Form {
    /// The arguments that it is made of.
    fields: Vec<Field>,
    /// Arguments that need others: `dependentRequired` of an optional body with required properties.
    dependent: Vec<(usize, Vec<usize>)>,
    /// `anyOf` and `oneOf` over which arguments must be there.
    choices: Vec<(&'static str, Vec<Vec<usize>>)>,
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
    /// What it is for, which decides about its name.
    pub(super) target: Target,
}

/// How fields make a body. Numbers are places in the list of fields.
#[derive(Clone, Debug)]
enum Shape {
    /// The first field is the JSON value.
    Json,
    /// The first field is a list of JSON values.
    JsonLines,
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
    /// An XML document: the first field, or each field a member of its root.
    Xml(Box<xml::Plan>),
}

#[derive(Clone, Debug)]
enum ContentType {
    Fixed(String),
    /// The field whose value it is, and the value without it.
    Field(usize, Option<String>),
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
    content_type: Option<ContentType>,
    /// Headers with one value.
    headers: Vec<(String, String)>,
    /// How the value becomes several parts.
    style: Option<Style>,
    explode: Option<bool>,
}

pub(super) const VIEW: View = View { direction: Direction::Input, holder: Holder::Operation };

/// Plans the body of an operation. `wanted` are globs on media types, most preferred first.
pub(super) fn plan<'d>(
    operation: &Operation<'d>,
    wanted: &[String],
    converter: &mut Converter<'d>,
) -> Option<BodyPlan> {
    let body = operation.body.as_ref()?;
    let chosen = choice::choose(body, wanted, converter);
    let (best, others) = chosen.split_first()?;
    // An agent writes a body whose arguments are said. Beside another form, XML is a ready document:
    // its arguments would be the same once more, in another notation.
    let structured = if xml::is_xml(&best.essence) { xml::form(body, best, converter) } else { None };
    let files = choice::files(&chosen, converter);
    let mut forms = vec![structured.unwrap_or_else(|| form(body, best, files, converter))];
    if others.is_empty() && xml::is_xml(&best.essence) {
        forms.iter_mut().for_each(describe_document);
    }
    forms.extend(others.iter().map(|media_type| form(body, media_type, files, converter)));
    let forms = by_name(forms);
    (!forms.is_empty()).then(|| merge::merge(forms, !body.required))
}

/// Forms by the media type that is sent. A range is sent as a media type that may be there as well:
/// the better of the two stays.
fn by_name(forms: Vec<Form>) -> Vec<(String, Form)> {
    let mut named: Vec<(String, Form)> = Vec::with_capacity(forms.len());
    for form in forms {
        let name = form.name();
        if !named.iter().any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            named.push((name, form));
        }
    }
    named
}

/// A document that is given whole says so, unless the schema says more.
fn describe_document(form: &mut Form) {
    if let (Shape::Text, Some(Field { schema: Value::Object(schema), .. })) = (&form.shape, form.fields.first_mut()) {
        schema.entry("description").or_insert_with(|| "An XML document.".into());
    }
}

fn form<'d>(body: &RequestBody<'d>, media_type: &MediaType<'d>, files: Files, converter: &mut Converter<'d>) -> Form {
    match family(media_type) {
        Family::Json => json_body(body, media_type, files, converter),
        Family::JsonLines => single(body, media_type, Shape::JsonLines, converter),
        Family::Form => form::form(body, media_type, files, converter),
        Family::Multipart => form::multipart(body, media_type, converter),
        Family::Text => single(body, media_type, Shape::Text, converter),
        Family::Binary => single(body, media_type, Shape::Binary, converter),
    }
}

fn json_body<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, files: Files, converter: &mut Converter<'d>) -> Form {
    let object = chosen.schema.as_ref().and_then(|spot| converter.plain_object(spot));
    let Some(mut object) = object else { return single(body, chosen, Shape::Json, converter) };
    files.filter(&mut object);
    let fields = fields(body, &object, converter);
    let content_type = choice::content_type(chosen, "application/json").map(ContentType::Fixed);
    Form {
        dependent: dependent(body, &object),
        choices: choices(body, &object),
        ..Form::new(fields, content_type, Shape::JsonObject)
    }
}

/// One argument for each property.
fn fields<'d>(body: &RequestBody<'d>, object: &PlainObject<'d>, converter: &mut Converter<'d>) -> Vec<Field> {
    object
        .properties
        .iter()
        .map(|(name, spot)| {
            let schema = as_object(converter.convert(spot, VIEW));
            Field::new(name, schema, body.required && object.required.contains(name))
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
fn single<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, shape: Shape, converter: &mut Converter<'d>) -> Form {
    let mut schema = match (&shape, &chosen.schema) {
        (Shape::Json, Some(spot)) => converter.convert(spot, VIEW),
        (Shape::JsonLines, _) => lines_schema(chosen, converter),
        (Shape::Text, Some(spot)) if is_text(spot, converter) => converter.convert(spot, VIEW),
        (Shape::Text, _) => json!({"type": "string"}),
        (Shape::Binary, _) => json!({"type": "string", "contentEncoding": "base64"}),
        _ => Value::Object(Map::new()),
    };
    if let (Value::Object(map), Some(text)) = (&mut schema, body.description) {
        let text = prose::shorten(&prose::clean(text), prose::SCHEMA_LIMIT).text;
        if !text.is_empty() && !map.contains_key("description") {
            map.insert("description".to_owned(), text.into());
        }
    }
    let mut fields = vec![Field::new("body", as_object(schema), body.required)];
    let content_type = if choice::is_open(&chosen.essence) {
        let default = range_default(chosen);
        fields.push(content_type_field(chosen, default.as_deref(), body.required));
        Some(ContentType::Field(1, default))
    } else {
        choice::content_type(chosen, shape.usual()).map(ContentType::Fixed)
    };
    Form::new(fields, content_type, shape)
}

/// A list, whatever the document says it by: OpenAPI 3.2's `itemSchema`, or a schema of the list.
fn lines_schema<'d>(chosen: &MediaType<'d>, converter: &mut Converter<'d>) -> Value {
    let items = chosen.spot.get("itemSchema").map(|items| converter.convert(&items, VIEW));
    match (&chosen.schema, items) {
        (Some(list), None) => converter.convert(list, VIEW),
        (_, items) => json!({"type": "array", "items": items.unwrap_or(Value::Bool(true))}),
    }
}

fn content_type_field(chosen: &MediaType<'_>, default: Option<&str>, required: bool) -> Field {
    let description = format!("The media type of the body, one of `{}`.", chosen.essence);
    let mut schema = json!({"type": "string", "description": description});
    if let (Value::Object(map), Some(default)) = (&mut schema, default) {
        map.insert("default".to_owned(), default.into());
    }
    Field { target: Target::Select, ..Field::new("content_type", schema, required && default.is_none()) }
}

/// The media type of a range that the document itself names: in the schema, or as an example's name.
fn range_default(chosen: &MediaType<'_>) -> Option<String> {
    let said = chosen.schema.as_ref().and_then(|schema| schema.text("contentMediaType"));
    let named = chosen.spot.get("examples");
    let names = named.iter().flat_map(Spot::members).map(|(name, _)| name);
    let prefix = chosen.essence.trim_end_matches('*');
    said.into_iter().chain(names).map(str::trim).find(|name| is_within(name, prefix)).map(str::to_owned)
}

fn is_within(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| is_header_name(rest) && !rest.contains(['*', '\'']))
}

/// Whether a schema describes text; a text body is text, whatever else its schema says.
fn is_text<'d>(spot: &Spot<'d>, converter: &Converter<'d>) -> bool {
    let resolved = converter.document().follow(spot.clone(), converter.report());
    resolved.is_some_and(|spot| spot.text("type") == Some("string"))
}

/// `true` as a schema object.
fn as_object(schema: Value) -> Value {
    if schema.is_object() { schema } else { Value::Object(Map::new()) }
}

impl Field {
    fn new(wire: &str, schema: Value, required: bool) -> Self {
        Self { wire: wire.to_owned(), schema, required, target: Target::Body }
    }
}

impl Form {
    fn new(fields: Vec<Field>, content_type: Option<ContentType>, shape: Shape) -> Self {
        Self { fields, dependent: Vec::new(), choices: Vec::new(), content_type, shape }
    }

    /// The media type by which it is selected.
    fn name(&self) -> String {
        match &self.content_type {
            Some(ContentType::Fixed(name)) => name.clone(),
            Some(ContentType::Field(..)) | None => self.shape.usual().to_owned(),
        }
    }

    /// Whether a body without fields is one that the schema allows, and nothing else asks for it.
    fn may_be_empty(&self) -> bool {
        let open = matches!(self.fields.as_slice(), [only] if only.wire == "body");
        !self.fields.is_empty() && !open && !self.is_whole() && self.dependent.is_empty()
    }

    /// Whether the first argument is the whole body.
    fn is_whole(&self) -> bool {
        match &self.shape {
            Shape::Json | Shape::JsonLines | Shape::Text | Shape::Binary => true,
            Shape::Xml(plan) => plan.whole,
            Shape::JsonObject | Shape::Form(_) | Shape::Multipart(_) => false,
        }
    }

    /// The suffix for names of arguments that other media types have too.
    fn suffix(&self) -> &'static str {
        match &self.shape {
            Shape::Json | Shape::JsonObject => "json",
            Shape::JsonLines => "lines",
            Shape::Form(_) => "form",
            Shape::Multipart(_) => "multipart",
            Shape::Text if self.name().contains("xml") => "xml",
            Shape::Text => "text",
            Shape::Binary => "binary",
            Shape::Xml(_) => "xml",
        }
    }
}

impl Shape {
    /// The media type that is not worth a word.
    fn usual(&self) -> &'static str {
        match self {
            Self::Json | Self::JsonObject => "application/json",
            Self::JsonLines => "application/jsonl",
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Multipart(_) => "multipart/form-data",
            Self::Text => "text/plain",
            Self::Binary => "application/octet-stream",
            Self::Xml(_) => "application/xml",
        }
    }
}
