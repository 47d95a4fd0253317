//! Which of a body's media types are sent.

use globset::GlobBuilder;
use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::schema::{Converter, PlainObject, is_binary};
use crate::openapi::{MediaType, RequestBody, Spot};

/// Ways to write a body, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    /// JSON and what is based on it.
    Json,
    /// JSON values, each on a line.
    JsonLines,
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/…`
    Multipart,
    /// Text, XML among it.
    Text,
    /// Bytes.
    Binary,
}

/// The media types to be sent, the best first, the others in the document's order. `wanted` are
/// globs, most preferred first; without one that fits, all count.
pub(super) fn choose<'d>(body: &RequestBody<'d>, wanted: &[String], converter: &Converter<'d>) -> Vec<MediaType<'d>> {
    let preference = |media_type: &MediaType<'_>| wanted.iter().position(|glob| fits(glob, media_type));
    let narrowed: Vec<&MediaType<'d>> = body.media_types.iter().filter(|it| preference(it).is_some()).collect();
    let offered = if narrowed.is_empty() { body.media_types.iter().collect() } else { narrowed };
    let rank = |it: &MediaType<'_>| (preference(it), family_rank(it, converter), wildness(&it.essence));
    let Some(best) = offered.iter().copied().min_by_key(|it| rank(it)) else { return Vec::new() };
    let mut chosen = vec![best.clone()];
    for media_type in offered.iter().filter(|it| !std::ptr::eq(**it, best)) {
        let known = |it: &MediaType<'_>| is_repeated(media_type, it);
        if !is_open(&best.essence) && !media_type.name.contains(['*', '{']) && !chosen.iter().any(known) {
            chosen.push((*media_type).clone());
        }
    }
    if body.media_types.len() > 1 {
        report_choice(body, &chosen, converter);
    }
    chosen
}

fn fits(glob: &str, media_type: &MediaType<'_>) -> bool {
    let glob = glob.trim().to_ascii_lowercase();
    glob == media_type.essence
        || GlobBuilder::new(&glob).build().is_ok_and(|glob| {
            let glob = glob.compile_matcher();
            glob.is_match(&media_type.essence) || glob.is_match(media_type.name)
        })
}

/// Whether two media types say the same in the same notation: they differ in parameters or in an
/// older name alone. `application/json-patch+json` with the schema of plain JSON is plain JSON: a
/// patch is a list of steps, and frameworks offer the name for every body.
fn is_repeated(one: &MediaType<'_>, other: &MediaType<'_>) -> bool {
    let schema = |it: &MediaType<'_>| it.schema.as_ref().map(|spot| spot.value.clone());
    let names = (notation(&one.essence), notation(&other.essence));
    let patch = matches!(
        names,
        ("application/json-patch+json", "application/json") | ("application/json", "application/json-patch+json")
    );
    (names.0 == names.1 || patch) && schema(one) == schema(other) || one.name.eq_ignore_ascii_case(other.name)
}

/// The usual name of a notation that has several.
fn notation(essence: &str) -> &str {
    match essence {
        "text/json" | "application/x-json" => "application/json",
        "text/xml" => "application/xml",
        "application/x-yaml" | "text/yaml" | "text/x-yaml" => "application/yaml",
        "application/x-ndjson" | "application/jsonlines" => "application/jsonl",
        other => other,
    }
}

/// Says which media types were chosen of several.
fn report_choice(body: &RequestBody<'_>, chosen: &[MediaType<'_>], converter: &Converter<'_>) {
    let Some((best, others)) = chosen.split_first() else { return };
    let say = || {
        let diagnostic = Diagnostic::new(
            Code::MEDIA_TYPE_CHOSEN,
            format!("a body may be written in {} ways", body.media_types.len()),
            body.spot.address.child("content").place(),
        );
        let ranges: Vec<String> = body
            .media_types
            .iter()
            .filter(|it| it.essence.contains('*') && it.essence != best.essence)
            .map(|it| format!("`{}`", it.essence))
            .collect();
        let diagnostic = if ranges.is_empty() {
            diagnostic
        } else {
            diagnostic
                .note(format!("{} stays out: a range beside media types cannot be selected", ranges.join(" and ")))
        };
        let used = format!("`{}` is used", best.essence);
        if others.is_empty() {
            return diagnostic.label(format!("{used}; nothing else is left to select"));
        }
        let names: Vec<String> = others.iter().map(|it| format!("`{}`", it.essence)).collect();
        diagnostic
            .label(format!("{used} unless the argument `content_type` selects {}", names.join(" or ")))
            .help("import with `--media-type` to have fewer of them")
    };
    converter.report().count("", say, Code::MEDIA_TYPE_CHOSEN);
}

/// A body with files is better sent in parts: neither JSON nor pairs can hold bytes.
fn family_rank(media_type: &MediaType<'_>, converter: &Converter<'_>) -> (bool, Family) {
    let family = family(media_type);
    (matches!(family, Family::Json | Family::Form) && has_files(media_type, converter), family)
}

fn has_files(media_type: &MediaType<'_>, converter: &Converter<'_>) -> bool {
    media_type.schema.as_ref().is_some_and(|spot| {
        let object = converter.loose_object(spot);
        object.properties.iter().any(|(_, property)| is_binary(property.value))
    })
}

/// What becomes of files in notations that cannot hold bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// They are text, as the document says: nothing else is offered.
    AsText,
    /// They stay out, because another media type sends them.
    LeftOut,
}

/// Whether the files of other media types are sent in parts.
pub(super) fn files(chosen: &[MediaType<'_>], converter: &Converter<'_>) -> Files {
    let parts = |it: &MediaType<'_>| family(it) == Family::Multipart && has_files(it, converter);
    if chosen.iter().any(parts) { Files::LeftOut } else { Files::AsText }
}

impl Files {
    /// Takes the files out of an object, if they stay out.
    pub(super) fn filter(self, object: &mut PlainObject<'_>) {
        if self == Self::LeftOut {
            object.properties.retain(|(_, property)| !is_binary(property.value));
            let known = |name: &&str| object.properties.iter().any(|(known, _)| known == name);
            object.required.retain(|name| known(name));
            // An alternative that cannot be met any more would say something else than was meant.
            object.choices.retain(|(_, sets)| sets.iter().flatten().all(known));
        }
    }
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
        "application/jsonl" | "application/x-ndjson" | "application/jsonlines" | "application/json-seq"
            if is_sequence(media_type) =>
        {
            Family::JsonLines
        }
        "application/x-www-form-urlencoded" => Family::Form,
        "application/xml"
        | "application/yaml"
        | "application/x-yaml"
        | "application/x-ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/json-seq"
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

/// Whether a sequential media type says what its items are; otherwise it is ready text.
fn is_sequence(media_type: &MediaType<'_>) -> bool {
    let list = |schema: &Spot<'_>| schema.value.get("items").is_some() || schema.text("type") == Some("array");
    media_type.spot.get("itemSchema").is_some() || media_type.schema.as_ref().is_some_and(list)
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

/// The `content_type` to write, unless it is the usual one of its form. The boundary of a multipart
/// body is made with the body.
pub(super) fn content_type(media_type: &MediaType<'_>, usual: &str) -> Option<String> {
    let is_boundary = |part: &&str| part.trim_start().to_ascii_lowercase().starts_with("boundary=");
    let kept: Vec<&str> = media_type.name.trim().split(';').filter(|part| !is_boundary(part)).collect();
    let name = kept.join(";");
    (name != usual && !media_type.essence.contains('*') && !name.contains("{{")).then_some(name)
}

/// Whether the sender has to say which media type it is: a range such as `image/*`.
pub(super) fn is_open(essence: &str) -> bool {
    essence.ends_with("/*") && !essence.starts_with('*') && !matches!(essence, "application/*" | "text/*")
}
