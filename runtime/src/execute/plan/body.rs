//! Request bodies: JSON, forms, multipart, text and bytes.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cap_compiler::capability::{ArgumentName, Binding, Body, BodyContent, HttpCall, Text, XmlBody};
use serde_json::Value;

use super::bind::{self, Scope, plain_text};
use super::encode::{is_json, join_pairs};
use super::escape::{has_control, percent_encode};
use super::multipart;
use super::select;
use super::xml;
use super::{PlannedBody, PlannedContent, named_pairs};
use crate::execute::error::ToolError;

/// The body of one request, or none if it is optional and nothing was given for it.
pub(crate) fn plan(call: &HttpCall, scope: &Scope<'_>) -> Result<Option<PlannedBody>, ToolError> {
    let Some(body) = &call.body else { return Ok(None) };
    let (selected, content) = select::select(body, call, scope)?;
    if body.optional && !is_given(content, scope) && !is_wanted(body, scope) {
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
                let Some(value) = bind::value(&parameter.value, scope)? else { continue };
                let own = named_pairs(parameter, &value);
                let others = parameters.iter().map(|other| other.name.as_str()).filter(|name| *name != parameter.name);
                refuse_taken(&own, others, &argument_of(&parameter.value), scope)?;
                pairs.extend(own);
            }
            Some(PlannedContent::Text(join_pairs(&pairs)))
        }
        BodyContent::Multipart(parts) => Some(multipart::plan(parts, scope)?),
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

/// The members of an object may become fields of their own, but never somebody else's.
pub(crate) fn refuse_taken<'a>(
    pairs: &[(String, String)],
    others: impl Iterator<Item = &'a str>,
    argument: &str,
    scope: &Scope<'_>,
) -> Result<(), ToolError> {
    let taken = others.map(percent_encode).find(|name| pairs.iter().any(|(key, _)| key == name));
    match taken {
        Some(name) => {
            Err(scope.argument(argument, format!("must not have the member `{name}`, which is a field of its own")))
        }
        None => Ok(()),
    }
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

/// Whether any argument of a body was given, or it has none at all.
/// Whether the caller asks for a body that has nothing in it: by saying so, or by naming its media
/// type.
fn is_wanted(body: &Body, scope: &Scope<'_>) -> bool {
    let given = |name: &ArgumentName| scope.arguments.get(name.0.as_str());
    let asked = body.empty.as_ref().and_then(given).is_some_and(|value| *value == Value::Bool(true));
    asked || body.choice.as_ref().and_then(|choice| given(&choice.select)).is_some_and(|value| !value.is_null())
}

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

pub(crate) fn header_text(text: &Text, scope: &Scope<'_>) -> Result<Option<String>, ToolError> {
    let found = bind::text(text, scope)?.filter(|found| !found.is_empty());
    if found.as_deref().is_some_and(has_control) {
        let argument = bind::names(&Binding::Text(text.clone())).first().map_or_else(String::new, ToString::to_string);
        return Err(scope.argument(argument, "has control characters, which a header cannot have"));
    }
    Ok(found)
}

/// Base64 in its usual and its URL-safe form, padded or not, line breaks allowed.
pub(crate) fn decode(value: &Value, argument: &str, scope: &Scope<'_>) -> Result<Vec<u8>, ToolError> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let text: String = plain_text(value).split_ascii_whitespace().collect();
    let alphabet = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, config)
        .decode(&text)
        .map_err(|error| scope.argument(argument, format!("must be base64 of the bytes to send: {error}")))
}

pub(crate) fn argument_of(binding: &Binding) -> String {
    bind::names(binding).first().map_or_else(|| "body".to_owned(), ToString::to_string)
}
