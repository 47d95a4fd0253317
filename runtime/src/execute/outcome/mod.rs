//! An answer becomes an outcome: text, structured JSON, images, sounds or bytes; a failure becomes an
//! error with the server's words and what to do.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use encoding_rs::{Encoding, UTF_8};
use serde_json::Value;

use super::error::ToolError;
use super::mask::Mask;
use super::plan::is_json;
use super::send::Answer;

/// What a call gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolOutcome {
    /// For the agent to read, in order; never empty.
    pub content: Vec<Content>,
    /// The answer as JSON, if it is JSON and whole.
    pub structured: Option<Value>,
    /// What was repaired in the arguments or left out of the answer.
    pub notes: Vec<String>,
}

/// A piece of an outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text.
    Text(String),
    /// A picture.
    Image {
        /// Its bytes in base64.
        data: String,
        /// Such as `image/png`.
        media_type: String,
    },
    /// A sound.
    Audio {
        /// Its bytes in base64.
        data: String,
        /// Such as `audio/mpeg`.
        media_type: String,
    },
    /// Other bytes.
    Blob {
        /// The bytes in base64.
        data: String,
        /// Such as `application/pdf`.
        media_type: String,
    },
}

/// Reads an answer.
///
/// # Errors
/// `Status` for a failure, `TooLarge` for bytes that cannot be cut.
pub(crate) fn read(answer: &Answer, mask: &Mask, limit: u64) -> Result<ToolOutcome, ToolError> {
    success(answer)?;
    if answer.body.is_empty() {
        let text = format!("the server answered {} without content", answer.status);
        return Ok(ToolOutcome { content: vec![Content::Text(text)], ..ToolOutcome::default() });
    }
    let media_type = essence(answer);
    if is_text(&media_type, &answer.body) {
        return Ok(read_text(answer, &media_type, mask));
    }
    if answer.cut {
        return Err(ToolError::TooLarge { media_type, limit });
    }
    let data = BASE64_STANDARD.encode(mask.bytes(&answer.body));
    let media_type = if media_type.is_empty() { "application/octet-stream".to_owned() } else { media_type };
    let content = match media_type.split('/').next() {
        Some("image") => Content::Image { data, media_type },
        Some("audio") => Content::Audio { data, media_type },
        _ => Content::Blob { data, media_type },
    };
    Ok(ToolOutcome { content: vec![content], ..ToolOutcome::default() })
}

/// Whether the server did what was asked.
///
/// # Errors
/// `Status` if it did not.
pub(crate) fn success(answer: &Answer) -> Result<(), ToolError> {
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(failure(answer)) }
}

fn read_text(answer: &Answer, media_type: &str, mask: &Mask) -> ToolOutcome {
    let decoded = decode(answer);
    let mut text = mask.text(&decoded).into_owned();
    let mut outcome = ToolOutcome::default();
    if answer.cut {
        mask.cut(&mut text);
        outcome.notes.push(format!(
            "the answer was cut after {} bytes, the limit of this tool; ask for less, with a filter or a page",
            answer.body.len()
        ));
    } else if is_json(media_type) || media_type.is_empty() {
        outcome.structured = serde_json::from_str(&decoded).ok();
        // JSON has many spellings of one text, so secrets are looked for in what it says.
        if outcome.structured.as_mut().is_some_and(|value| mask.value(value)) {
            text = outcome.structured.as_ref().map(Value::to_string).unwrap_or_default();
        }
        if outcome.structured.is_none() && is_json(media_type) {
            outcome.notes.push("the server calls its answer JSON, but it is not".to_owned());
        }
    }
    outcome.content.push(Content::Text(text));
    outcome
}

/// The media type without parameters, in lower case; empty if the server said none.
fn essence(answer: &Answer) -> String {
    let said = answer.content_type.as_deref().unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_text(media_type: &str, body: &[u8]) -> bool {
    const TEXTS: [&str; 9] = [
        "application/xml",
        "application/javascript",
        "application/ecmascript",
        "application/x-www-form-urlencoded",
        "application/yaml",
        "application/x-yaml",
        "application/x-ndjson",
        "application/jsonl",
        "application/graphql",
    ];
    if media_type.is_empty() {
        return std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0'));
    }
    media_type.starts_with("text/")
        || is_json(media_type)
        || media_type.ends_with("+xml")
        || media_type.ends_with("+yaml")
        || TEXTS.contains(&media_type)
}

/// The body as text: by its byte order mark, by the character set that the server names, or as
/// UTF-8. What is not valid there becomes a replacement character.
fn decode(answer: &Answer) -> String {
    let parameters = answer.content_type.as_deref().unwrap_or_default().split(';').skip(1);
    let charset = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, value)| Encoding::for_label(value.trim().trim_matches('"').as_bytes()));
    let (text, _, _) = charset.unwrap_or(UTF_8).decode(&answer.body);
    // A cut may have gone through a character.
    if answer.cut { text.trim_end_matches('\u{fffd}').to_owned() } else { text.into_owned() }
}

fn failure(answer: &Answer) -> ToolError {
    let text = decode(answer);
    let message = match serde_json::from_str::<Value>(&text) {
        Ok(value) => words(&value).unwrap_or_else(|| value.to_string()),
        Err(_) if essence(answer).contains("html") => without_tags(&text),
        Err(_) => text.trim().to_owned(),
    };
    ToolError::Status {
        status: answer.status,
        // Bounded when it has been masked.
        message,
        retry_after: answer.retry_after,
        hint: hint(answer.status).to_owned(),
    }
}

/// The server's own words in a JSON body: RFC 9457 problem details, and the fields that most other
/// APIs use.
fn words(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    let field = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut said = match (field("title"), field("detail")) {
        (Some(title), Some(detail)) => Some(format!("{title}: {detail}")),
        (title, detail) => detail.or(title).map(ToOwned::to_owned),
    };
    if said.is_none() {
        let named = ["message", "error_description", "error_message", "errorMessage", "description", "reason", "error"];
        said = named.iter().find_map(|name| field(name)).map(ToOwned::to_owned);
    }
    let said = said.or_else(|| value.get("error").filter(|error| error.is_object()).and_then(words))?;
    match value.get("errors").filter(|errors| !errors.is_null()) {
        Some(errors) => Some(format!("{said}\n{errors}")),
        None => Some(said),
    }
}

/// What stands between the tags of a page, roughly.
fn without_tags(page: &str) -> String {
    let text: String = page.split('<').skip(1).filter_map(|part| part.split_once('>')).map(|(_, text)| text).fold(
        String::new(),
        |mut all, text| {
            all.push(' ');
            all.push_str(text);
            all
        },
    );
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn hint(status: u16) -> &'static str {
    match status {
        400 | 422 => "the server did not accept the arguments; change them as it says",
        401 => "the credential is missing, wrong or expired; whoever runs the gateway has to renew it",
        403 => "the credential does not allow this",
        404 => "nothing is there; check the names and numbers that were given",
        405 | 501 => "the server does not offer this; the definition may be out of date",
        409 => "this conflicts with what is there now; read it again before changing it",
        410 => "it is gone for good",
        413 => "the request is too large; send less",
        429 => "too many calls; wait before the next one",
        500..=599 => "the server failed; trying again later may help",
        _ => "",
    }
}
