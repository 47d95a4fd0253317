//! Which of a body's media types is sent.

use serde_json::Value;

use super::report_choice;
use crate::openapi::schema::{Converter, is_binary};
use crate::openapi::{MediaType, RequestBody};

/// Ways to write a body, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// JSON and what is based on it.
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/…`
    Multipart,
    /// Text, XML among it.
    Text,
    /// Bytes.
    Binary,
}

/// The best media type, the first of the document among equals.
pub(super) fn choose<'d>(body: &RequestBody<'d>, converter: &Converter<'d>) -> Option<MediaType<'d>> {
    let rank = |media_type: &MediaType<'_>| (family_rank(media_type, converter), wildness(&media_type.essence));
    let chosen = body.media_types.iter().min_by_key(|media_type| rank(media_type))?;
    if body.media_types.len() > 1 {
        report_choice(body, chosen, converter);
    }
    Some(chosen.clone())
}

/// A form with files is better sent in parts.
fn family_rank(media_type: &MediaType<'_>, converter: &Converter<'_>) -> (bool, Family) {
    let family = family(media_type);
    let files = family == Family::Form
        && media_type.schema.as_ref().is_some_and(|spot| {
            let object = converter.loose_object(spot);
            object.properties.iter().any(|(_, property)| is_binary(property.value))
        });
    (files, family)
}

/// Exact names before variants before ranges.
fn wildness(essence: &str) -> u8 {
    match essence {
        "application/json" => 0,
        other if other.contains('*') => 3,
        other if other.contains("patch") => 2,
        _ => 1,
    }
}

/// How a media type is written.
pub(super) fn family(media_type: &MediaType<'_>) -> Family {
    let essence = media_type.essence.as_str();
    let schema = media_type.schema.as_ref().map(|spot| spot.value);
    let bytes = schema.is_some_and(is_binary);
    match essence {
        "application/x-www-form-urlencoded" => Family::Form,
        "application/xml"
        | "application/yaml"
        | "application/x-yaml"
        | "application/x-ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/graphql"
        | "application/javascript"
        | "application/sql" => Family::Text,
        "*/*" | "application/*" if bytes => Family::Binary,
        "*/*" if schema.is_some_and(is_string) => Family::Text,
        "application/json" | "*/*" | "application/*" | "text/json" | "application/x-json" => Family::Json,
        other if other.ends_with("+json") => Family::Json,
        other if other.starts_with("multipart/") => Family::Multipart,
        other if other.ends_with("+xml") || other.starts_with("text/") => Family::Text,
        other if is_object(media_type) && other.starts_with("application/") => Family::Json,
        _ => Family::Binary,
    }
}

fn is_string(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "string")
}

/// A media type that nobody has heard of, with an object for its schema, is most likely JSON.
fn is_object(media_type: &MediaType<'_>) -> bool {
    let known = ["octet-stream", "pdf", "zip", "gzip", "x-tar", "x-gzip"];
    let subtype = media_type.essence.split_once('/').map_or("", |(_, subtype)| subtype);
    let schema = media_type.schema.as_ref().map(|spot| spot.value);
    !known.contains(&subtype)
        && schema.is_some_and(|schema| schema.get("properties").is_some() || schema.get("$ref").is_some())
}

/// The `content_type` to write, unless it is the usual one of its form.
pub(super) fn content_type(media_type: &MediaType<'_>, usual: &str) -> Option<String> {
    let name = media_type.name.trim();
    (name != usual && !media_type.essence.contains('*') && !name.contains("{{")).then(|| name.to_owned())
}

/// Whether the sender has to say which media type it is: a range such as `image/*`.
pub(super) fn is_open(essence: &str) -> bool {
    essence.ends_with("/*") && !essence.starts_with('*') && !matches!(essence, "application/*" | "text/*")
}
