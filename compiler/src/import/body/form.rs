//! Forms: URL-encoded and multipart bodies, property by property.

use serde_json::{Map, Value, json};

use super::choice::Files;
use super::{ContentType, Field, Form, FormField, Part, Shape, VIEW, as_object, choice, dependent};
use crate::capability::{Style, is_connection_header};
use crate::openapi::schema::{Converter, is_binary, is_text_like};
use crate::openapi::{MediaType, RequestBody, Serialization, Spot, is_header_name};

/// A URL-encoded form.
pub(super) fn form<'d>(
    body: &RequestBody<'d>,
    chosen: &MediaType<'d>,
    files: Files,
    converter: &mut Converter<'d>,
) -> Form {
    let mut object = chosen.schema.as_ref().map(|spot| converter.loose_object(spot)).unwrap_or_default();
    files.filter(&mut object);
    let mut fields = Vec::new();
    let mut pairs = Vec::new();
    for (name, spot) in &object.properties {
        pairs.push(FormField { field: fields.len(), serialization: pair(chosen, name, spot, converter) });
        fields.push(property(body, object.required.contains(name), name, spot, converter));
    }
    if fields.is_empty() {
        // An object of any shape: its members become the pairs.
        let schema = chosen.schema.as_ref().map(|spot| converter.convert(spot, VIEW)).unwrap_or_default();
        fields.push(Field::new("body", as_object(schema), body.required));
        pairs.push(FormField { field: 0, serialization: styled(None, None) });
    }
    let content_type = choice::content_type(chosen, "application/x-www-form-urlencoded").map(ContentType::Fixed);
    Form { dependent: dependent(body, &object), ..Form::new(fields, content_type, Shape::Form(pairs)) }
}

/// A multipart form. A file's name is an argument of its own: servers tell files from fields by it.
pub(super) fn multipart<'d>(body: &RequestBody<'d>, chosen: &MediaType<'d>, converter: &mut Converter<'d>) -> Form {
    let object = chosen.schema.as_ref().map(|spot| converter.loose_object(spot)).unwrap_or_default();
    let mut fields = Vec::new();
    let mut parts = Vec::new();
    for (name, spot) in &object.properties {
        let resolved = converter.document().follow(spot.clone(), converter.report());
        let binary = resolved.as_ref().is_some_and(|spot| is_file(spot.value));
        let mut field = property(body, object.required.contains(name), name, spot, converter);
        if binary {
            field.schema = file_schema(field.schema);
        }
        let headers = encoding(chosen, name).map(|it| part_headers(&it, converter)).unwrap_or_default();
        let (style, explode) = if binary { (None, None) } else { part_style(chosen, name, resolved.as_ref()) };
        parts.push(Part { field: fields.len(), binary, filename: None, content_type: None, headers, style, explode });
        fields.push(field);
    }
    add_filenames(&mut fields, &mut parts);
    add_content_types(&mut fields, &mut parts, chosen);
    let content_type = choice::content_type(chosen, "multipart/form-data").map(ContentType::Fixed);
    Form { dependent: dependent(body, &object), ..Form::new(fields, content_type, Shape::Multipart(parts)) }
}

fn add_filenames(fields: &mut Vec<Field>, parts: &mut [Part]) {
    for part in parts.iter_mut().filter(|part| part.binary) {
        let Some(field) = fields.get(part.field) else { continue };
        // Many files in one argument have no names of their own.
        if field.schema.get("type").is_some_and(|name| name == "array") {
            continue;
        }
        let description = format!("The name of the file in `{}`, such as `photo.png`.", field.wire);
        let schema = json!({"type": "string", "description": description});
        let field = Field::new(&format!("{}_filename", field.wire), schema, false);
        part.filename = Some(fields.len());
        fields.push(field);
    }
}

/// How a property of a multipart body becomes parts, if its encoding says so. A single value is one
/// part in any style.
fn part_style(chosen: &MediaType<'_>, name: &str, resolved: Option<&Spot<'_>>) -> (Option<Style>, Option<bool>) {
    let Some(encoding) = encoding(chosen, name) else { return (None, None) };
    let said = encoding.text("style");
    let explode = encoding.value.get("explode").and_then(Value::as_bool);
    if said.is_none() && explode.is_none() || resolved.is_some_and(|spot| is_text_like(spot.value)) {
        return (None, None);
    }
    let known = [Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::DeepObject];
    let style = known.into_iter().find(|style| Some(style.name()) == said).unwrap_or(Style::Form);
    (Some(style), explode.filter(|explode| *explode != (style == Style::Form) && style != Style::DeepObject))
}

/// The media types of parts. Of several, a file's is the caller's to say; other parts are sent as
/// the first, because an argument more for each of them would cost more than it tells.
fn add_content_types(fields: &mut Vec<Field>, parts: &mut [Part], chosen: &MediaType<'_>) {
    for part in parts {
        let Some(wire) = fields.get(part.field).map(|field| field.wire.clone()) else { continue };
        let said = encoding(chosen, &wire).and_then(|it| it.text("contentType")).unwrap_or_default();
        let names: Vec<&str> = said.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let first = names.iter().find_map(|name| fixed(name));
        let open = names.len() > 1 || names.iter().any(|name| name.ends_with("/*") && *name != "*/*");
        if part.binary && open {
            part.content_type = Some(ContentType::Field(fields.len(), first.clone()));
            fields.push(part_type_field(&wire, &names, first));
        } else {
            part.content_type = first.map(ContentType::Fixed);
        }
    }
}

fn part_type_field(wire: &str, names: &[&str], default: Option<String>) -> Field {
    let mut schema = Map::from_iter([("type".to_owned(), "string".into())]);
    let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.iter().all(|name| fixed(name).is_some()) {
        schema.insert("description".to_owned(), format!("The media type of `{wire}`.").into());
        schema.insert("enum".to_owned(), names.into());
    } else {
        let description = format!("The media type of `{wire}`: one of {}.", listed.join(" or "));
        schema.insert("description".to_owned(), description.into());
    }
    schema.extend(default.map(|default| ("default".to_owned(), default.into())));
    Field::new(&format!("{wire}_content_type"), Value::Object(schema), false)
}

/// The headers of a part that have one value only. Its type and its name have places of their own,
/// and bytes are sent as they are, so that a transfer encoding would not be true.
fn part_headers<'d>(encoding: &Spot<'d>, converter: &Converter<'d>) -> Vec<(String, String)> {
    let own = ["content-type", "content-disposition", "content-transfer-encoding"];
    let headers = encoding.get("headers");
    let members = headers.iter().flat_map(Spot::members);
    let usable = members.filter(|(name, _)| {
        is_header_name(name) && !is_connection_header(name) && !own.contains(&name.to_ascii_lowercase().as_str())
    });
    usable
        .filter_map(|(name, spot)| {
            let header = converter.document().follow(spot, converter.report())?;
            let schema = converter.document().follow(header.get("schema")?, converter.report())?;
            Some((name.to_owned(), only_value(schema.value)?))
        })
        .collect()
}

/// The value that a schema leaves no choice about, or that counts without one.
fn only_value(schema: &Value) -> Option<String> {
    let single = schema.get("enum").and_then(Value::as_array).and_then(|choices| match choices.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let text = match schema.get("const").or(single).or_else(|| schema.get("default"))? {
        Value::String(text) => text.clone(),
        value @ (Value::Number(_) | Value::Bool(_)) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.contains(char::is_control) && !text.contains("{{") && !text.contains("{%")).then_some(text)
}

fn property<'d>(
    body: &RequestBody<'d>,
    required: bool,
    name: &str,
    spot: &Spot<'d>,
    converter: &mut Converter<'d>,
) -> Field {
    Field::new(name, as_object(converter.convert(spot, VIEW)), body.required && required)
}

fn encoding<'d>(chosen: &MediaType<'d>, name: &str) -> Option<Spot<'d>> {
    chosen.encoding.as_ref()?.get(name)
}

/// How a property is written in a URL-encoded form. Without an encoding, objects are JSON.
fn pair<'d>(chosen: &MediaType<'d>, name: &str, spot: &Spot<'d>, converter: &Converter<'d>) -> Serialization {
    let resolved = converter.document().follow(spot.clone(), converter.report());
    let object = resolved.is_some_and(|spot| {
        spot.value.get("type").is_some_and(|name| name == "object") || spot.value.get("properties").is_some()
    });
    let Some(encoding) = encoding(chosen, name) else {
        return if object { Serialization::Content("application/json".to_owned()) } else { styled(None, None) };
    };
    let style = encoding.text("style");
    let explode = encoding.value.get("explode").and_then(Value::as_bool);
    let said = style.is_some() || explode.is_some() || encoding.value.get("allowReserved").is_some();
    if !said && let Some(media_type) = encoding.text("contentType").and_then(fixed) {
        if object || media_type.contains("json") {
            return Serialization::Content(media_type);
        }
    } else if !said && object {
        return Serialization::Content("application/json".to_owned());
    }
    let style = [Style::SpaceDelimited, Style::PipeDelimited, Style::DeepObject]
        .into_iter()
        .find(|known| Some(known.name()) == style);
    let explode = explode.filter(|explode| *explode != style.is_none() && style != Some(Style::DeepObject));
    let allow_reserved = encoding.flag("allowReserved");
    Serialization::Style { style, explode, allow_reserved }
}

fn styled(style: Option<Style>, explode: Option<bool>) -> Serialization {
    Serialization::Style { style, explode, allow_reserved: false }
}

/// One media type; a list or a range leaves the choice to the runtime.
fn fixed(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.contains([',', '*', '{', '\''])).then(|| text.to_owned())
}

/// A file, or a list of files.
fn is_file(schema: &Value) -> bool {
    is_binary(schema) || schema.get("items").is_some_and(is_binary)
}

/// What an agent is told about a file: base64 of its bytes.
fn file_schema(schema: Value) -> Value {
    let Value::Object(mut map) = schema else { return schema };
    match map.get_mut("items") {
        Some(items) => *items = file_schema(items.take()),
        None => {
            map.insert("type".to_owned(), "string".into());
            map.insert("contentEncoding".to_owned(), "base64".into());
        }
    }
    Value::Object(map)
}
