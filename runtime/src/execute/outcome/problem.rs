//! Failures: the server's words, as short as they can be told, and what the caller can do.

use serde_json::{Map, Value};

use super::{html, media};
use crate::execute::arguments::bounded;
use crate::execute::error::ToolError;
use crate::execute::send::Answer;

/// Whether the server did what was asked.
///
/// # Errors
/// `Status` if it did not.
pub(crate) fn success(answer: &Answer) -> Result<(), ToolError> {
    let done = (200..300).contains(&answer.status) || answer.status == 304;
    if done { Ok(()) } else { Err(failure(answer)) }
}

fn failure(answer: &Answer) -> ToolError {
    let text = media::decode(answer);
    let kind = media::essence(answer);
    let message = match serde_json::from_str::<Value>(&text) {
        Ok(value) => words(&value).unwrap_or_else(|| value.to_string()),
        Err(_) if kind.contains("html") => html::text(&text),
        Err(_) if kind.contains("xml") => xml_words(&text),
        Err(_) => text.trim().to_owned(),
    };
    let retry_after = answer.retry_after.or_else(|| answer.reset_after());
    // Bounded when it has been masked.
    ToolError::Status { status: answer.status, message, retry_after, hint: hint(answer) }
}

/// Members that say what is wrong, best first.
const WORDS: [&str; 11] = [
    "message",
    "error_description",
    "error_message",
    "errorMessage",
    "Message",
    "msg",
    "description",
    "reason",
    "fault",
    "error",
    "code",
];
/// Members of problem details that are told already, or that tell an agent nothing.
const TOLD: [&str; 4] = ["title", "detail", "status", "type"];
/// Bytes of further members.
const LONGEST_EXTENSION: usize = 1_000;

/// The server's own words in a JSON body: RFC 9457 problem details, and the fields that most other
/// APIs use.
fn words(value: &Value) -> Option<String> {
    let members = match value {
        Value::String(text) => return Some(text.clone()),
        Value::Array(items) => return list(items),
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) => return None,
    };
    let field = |name: &str| members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (title, detail) = (field("title"), field("detail"));
    if title.is_some() || detail.is_some() {
        return Some(problem(members, title, detail));
    }
    let said = WORDS.iter().find_map(|name| field(name)).map(ToOwned::to_owned);
    let nested = || ["error", "fault", "Error"].iter().find_map(|name| members.get(*name)).and_then(words);
    let errors = ["errors", "invalid-params", "details", "fieldErrors"].iter().find_map(|name| members.get(*name));
    match (said.or_else(nested), errors.filter(|errors| !errors.is_null())) {
        (Some(said), Some(errors)) => Some(format!("{said}\n{}", bounded(&errors.to_string(), LONGEST_EXTENSION))),
        (Some(said), None) => Some(said),
        (None, Some(Value::Array(errors))) => list(errors),
        (None, _) => None,
    }
}

/// Problem details (RFC 9457), with their extension members.
fn problem(members: &Map<String, Value>, title: Option<&str>, detail: Option<&str>) -> String {
    let mut said = match (title, detail) {
        (Some(title), Some(detail)) => format!("{title}: {detail}"),
        (title, detail) => detail.or(title).unwrap_or_default().to_owned(),
    };
    let kind = members.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty() && *kind != "about:blank");
    if let Some(kind) = kind {
        said.push_str(&format!(" ({kind})"));
    }
    for (name, value) in members.iter().filter(|(name, value)| !TOLD.contains(&name.as_str()) && !value.is_null()) {
        let value = bounded(&value.to_string(), LONGEST_EXTENSION);
        // The list that most servers add needs no name.
        said.push_str(&if name == "errors" { format!("\n{value}") } else { format!("\n{name}: {value}") });
    }
    said
}

/// A list of errors, as GraphQL and JSON:API have it.
fn list(errors: &[Value]) -> Option<String> {
    let said: Vec<String> = errors.iter().take(10).filter_map(words).collect();
    (!said.is_empty()).then(|| said.join("\n"))
}

/// What stands between the tags, with the names of the innermost ones.
fn xml_words(text: &str) -> String {
    let mut said = Vec::new();
    let mut name = "";
    for part in text.split('<').skip(1) {
        let Some((tag, content)) = part.split_once('>') else { continue };
        let content = content.trim();
        name = if tag.starts_with(['/', '?', '!']) { "" } else { tag.split_whitespace().next().unwrap_or_default() };
        if !content.is_empty() {
            said.push(if name.is_empty() { content.to_owned() } else { format!("{name}: {content}") });
        }
    }
    let _ = name;
    let all = said.join("\n");
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")]
        .into_iter()
        .fold(all, |text, (entity, plain)| text.replace(entity, plain))
}

fn hint(answer: &Answer) -> String {
    let hint = match answer.status {
        400 | 422 => "the server did not accept the arguments; change them as it says",
        401 => return unauthorized(answer),
        402 => "the account that the credential belongs to has to pay first",
        403 => "the credential does not allow this; whoever runs the gateway has to give it the right or scope",
        404 => "nothing is there; check the names and numbers that were given",
        405 | 501 => "the server does not offer this; the definition may be out of date",
        406 | 415 => "the server does not speak this media type; the definition may be out of date",
        408 => "the server waited too long; try again",
        409 => "this conflicts with what is there now; read it again before changing it",
        410 => "it is gone for good",
        412 => "it was changed meanwhile; read it again and send what you read, such as its `ETag`",
        413 => "the request is too large; send less",
        423 => "it is locked; try again later",
        428 => "the server wants to know which version is changed; read it and send its `ETag`",
        429 => "too many calls; wait before the next one",
        500..=599 => "the server failed; trying again later may help",
        _ => "",
    };
    hint.to_owned()
}

fn unauthorized(answer: &Answer) -> String {
    let hint = "the credential is missing, wrong or expired; whoever runs the gateway has to renew it";
    match answer.header("www-authenticate").filter(|asked| asked.is_ascii()) {
        Some(asked) => format!("{hint}\nthe server asks for: {}", bounded(asked, 200)),
        None => hint.to_owned(),
    }
}
