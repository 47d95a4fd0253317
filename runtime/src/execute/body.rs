//! Request bodies: JSON, forms, multipart, text and bytes.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cap_compiler::capability::{Binding, BodyContent, BodyPart, HttpCall, Text, XmlBody};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bind::{self, Scope, plain_text};
use super::encode::{is_json, join_pairs};
use super::error::ToolError;
use super::escape::has_control;
use super::plan::{PlannedBody, PlannedContent, PlannedPart, named_pairs};
use super::{select, xml};

/// The body of one request, or none if it is optional and nothing was given for it.
pub(super) fn plan(call: &HttpCall, scope: &Scope<'_>) -> Result<Option<PlannedBody>, ToolError> {
    let Some(body) = &call.body else { return Ok(None) };
    let (selected, content) = select::select(body, call, scope)?;
    if body.optional && !is_given(content, scope) {
        return Ok(None);
    }
    let media_type = match selected {
        Some(name) => name.to_owned(),
        None => header_text(&body.media_type, scope)?.unwrap_or_else(|| fallback(content).to_owned()),
    };
    let planned = plan_content(content, &media_type, scope)?;
    Ok(planned.map(|content| PlannedBody { media_type: with_parameters(media_type, &content), content }))
}

fn plan_content(
    content: &BodyContent,
    media_type: &str,
    scope: &Scope<'_>,
) -> Result<Option<PlannedContent>, ToolError> {
    Ok(match content {
        BodyContent::Json(binding) => bind::value(binding, scope)?.map(|value| PlannedContent::Text(value.to_string())),
        BodyContent::JsonLines(binding) => {
            bind::value(binding, scope)?.map(|value| PlannedContent::Text(json_lines(value, media_type)))
        }
        BodyContent::Form(parameters) => {
            let mut pairs = Vec::new();
            for parameter in parameters {
                if let Some(value) = bind::value(&parameter.value, scope)? {
                    pairs.extend(named_pairs(parameter, &value));
                }
            }
            Some(PlannedContent::Text(join_pairs(&pairs)))
        }
        BodyContent::Multipart(parts) => Some(multipart(parts, scope)?),
        BodyContent::Text(binding) => {
            let value = bind::value(binding, scope)?;
            value.map(|value| PlannedContent::Text(text_content(&value, media_type)))
        }
        BodyContent::Binary(binding) => match bind::value(binding, scope)? {
            Some(value) => Some(PlannedContent::Bytes(decode(&value, &argument_of(binding), scope)?)),
            None => None,
        },
        BodyContent::Xml(body) => match bind::value(&body.value, scope)? {
            Some(value) => Some(PlannedContent::Text(document(body, &value, scope)?)),
            None => None,
        },
    })
}

/// One line for each item; a text sequence (RFC 7464) begins each with a record separator.
fn json_lines(value: Value, media_type: &str) -> String {
    let items = if let Value::Array(items) = value { items } else { vec![value] };
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let begin = if essence.ends_with("json-seq") { "\u{1e}" } else { "" };
    items.iter().map(|item| format!("{begin}{item}\n")).collect()
}

fn document(body: &XmlBody, value: &Value, scope: &Scope<'_>) -> Result<String, ToolError> {
    xml::write(body, value).map_err(|fault| {
        let path: Vec<&str> = fault.path.iter().map(String::as_str).collect();
        let (argument, below) = match (&body.value, path.split_first()) {
            (Binding::Object(members), Some((first, below))) => {
                let member = members.iter().find(|(name, _)| name == first).map(|(_, binding)| argument_of(binding));
                (member.unwrap_or_else(|| (*first).to_owned()), below)
            }
            _ => (argument_of(&body.value), path.as_slice()),
        };
        let name = std::iter::once(argument.as_str()).chain(below.iter().copied()).collect::<Vec<_>>().join(".");
        scope.argument(name, fault.message)
    })
}

impl PlannedContent {
    /// The bytes that are sent.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::Multipart { boundary, parts } => {
                let mut out = Vec::new();
                for part in parts {
                    out.extend_from_slice(format!("--{boundary}\r\n{}\r\n\r\n", part.head()).as_bytes());
                    out.extend_from_slice(&part.bytes);
                    out.extend_from_slice(b"\r\n");
                }
                out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
                out
            }
        }
    }
}

impl PlannedPart {
    /// The header lines of the part.
    #[must_use]
    pub fn head(&self) -> String {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", quoted(&self.name));
        if let Some(filename) = &self.filename {
            head.push_str(&format!("; filename=\"{}\"", quoted(filename)));
        }
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("\r\nContent-Type: {content_type}"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("\r\n{name}: {value}"));
        }
        head
    }
}

/// Whether any argument of a body was given, or it has none at all.
fn is_given(content: &BodyContent, scope: &Scope<'_>) -> bool {
    let mut names = select::content_bindings(content).into_iter().flat_map(bind::names).peekable();
    names.peek().is_none() || names.any(|name| scope.arguments.contains_key(name))
}

fn fallback(content: &BodyContent) -> &'static str {
    match content {
        BodyContent::Json(_) => "application/json",
        BodyContent::JsonLines(_) => "application/jsonl",
        BodyContent::Form(_) => "application/x-www-form-urlencoded",
        BodyContent::Multipart(_) => "multipart/form-data",
        BodyContent::Text(_) => "text/plain; charset=utf-8",
        BodyContent::Binary(_) => "application/octet-stream",
        BodyContent::Xml(_) => "application/xml",
    }
}

fn with_parameters(media_type: String, content: &PlannedContent) -> String {
    match content {
        PlannedContent::Multipart { boundary, .. } => format!("{media_type}; boundary={boundary}"),
        PlannedContent::Text(_) | PlannedContent::Bytes(_) => media_type,
    }
}

/// Text is sent as it is; other values, and text where JSON is said, as JSON.
fn text_content(value: &Value, media_type: &str) -> String {
    if is_json(media_type) && !value.is_string() { value.to_string() } else { plain_text(value) }
}

fn multipart(parts: &[BodyPart], scope: &Scope<'_>) -> Result<PlannedContent, ToolError> {
    let mut planned = Vec::new();
    for part in parts {
        match bind::value(&part.value, scope)? {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                for item in &items {
                    planned.push(plan_part(part, item, scope)?);
                }
            }
            Some(value) => planned.push(plan_part(part, &value, scope)?),
        }
    }
    Ok(PlannedContent::Multipart { boundary: boundary(&planned), parts: planned })
}

fn plan_part(part: &BodyPart, value: &Value, scope: &Scope<'_>) -> Result<PlannedPart, ToolError> {
    let filename = part.filename.as_ref().map(|text| bind::text(text, scope)).transpose()?.flatten();
    let said = part.content_type.as_ref().map(|text| header_text(text, scope)).transpose()?.flatten();
    let (bytes, filename, default_type) = if part.binary {
        // Many servers take a part for a file only if it has a file name.
        let filename = filename.unwrap_or_else(|| part.name.clone());
        (decode(value, &argument_of(&part.value), scope)?, Some(filename), Some("application/octet-stream"))
    } else {
        let json = value.is_object() || value.is_array() || said.as_deref().is_some_and(is_json) && !value.is_string();
        let text = if json { value.to_string() } else { plain_text(value) };
        (text.into_bytes(), filename, json.then_some("application/json"))
    };
    let content_type = said.or_else(|| default_type.map(ToOwned::to_owned));
    let mut headers = Vec::new();
    for (name, text) in &part.headers {
        headers.extend(header_text(text, scope)?.map(|value| (name.clone(), value)));
    }
    Ok(PlannedPart { name: part.name.clone(), filename, content_type, headers, bytes })
}

/// A boundary made from the content: the same for the same body, and not to be met inside of it,
/// because a content with its own digest in it cannot be found.
fn boundary(parts: &[PlannedPart]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.head().as_bytes());
        digest.update(part.bytes.len().to_be_bytes());
        digest.update(&part.bytes);
    }
    let hex: String = digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("cap-{hex}")
}

/// As the HTML standard escapes names in `multipart/form-data`.
fn quoted(text: &str) -> String {
    let text = text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
    text.chars().filter(|c| !c.is_control()).collect()
}

fn header_text(text: &Text, scope: &Scope<'_>) -> Result<Option<String>, ToolError> {
    let found = bind::text(text, scope)?.filter(|found| !found.is_empty());
    if found.as_deref().is_some_and(has_control) {
        let argument = bind::names(&Binding::Text(text.clone())).first().map_or_else(String::new, ToString::to_string);
        return Err(scope.argument(argument, "has control characters, which a header cannot have"));
    }
    Ok(found)
}

/// Base64 in its usual and its URL-safe form, padded or not, line breaks allowed.
fn decode(value: &Value, argument: &str, scope: &Scope<'_>) -> Result<Vec<u8>, ToolError> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text: String = plain_text(value).split_ascii_whitespace().collect();
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, config)
        .decode(&text)
        .map_err(|error| scope.argument(argument, format!("must be base64 of the bytes to send: {error}")))
}

fn argument_of(binding: &Binding) -> String {
    bind::names(binding).first().map_or_else(|| "body".to_owned(), ToString::to_string)
}
