//! What an answer's bytes are: its media type, its character set, and whether it is text at all.

use encoding_rs::{Encoding, UTF_8};

use crate::execute::plan::is_json;
use crate::execute::send::Answer;

/// The media type without parameters, in lower case; empty if the server said none.
pub(super) fn essence(answer: &Answer) -> String {
    let said = answer.content_type.as_deref().unwrap_or_default();
    said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

const TEXTS: [&str; 12] = [
    "application/xml",
    "application/javascript",
    "application/ecmascript",
    "application/x-www-form-urlencoded",
    "application/yaml",
    "application/x-yaml",
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/jsonlines",
    "application/graphql",
    "application/sql",
];

pub(super) fn is_text(media_type: &str, body: &[u8]) -> bool {
    if media_type.is_empty() || media_type.starts_with("multipart/") {
        return std::str::from_utf8(body).is_ok_and(|text| !text.contains('\0'));
    }
    media_type.starts_with("text/")
        || is_json(media_type)
        || media_type.ends_with("+xml")
        || media_type.ends_with("+yaml")
        || TEXTS.contains(&media_type)
}

/// Whether each line is a JSON text of its own.
pub(super) fn is_json_lines(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" | "application/jsonlines" | "text/x-ndjson"
    )
}

/// Whether a text that the server does not call JSON may be JSON all the same.
pub(super) fn looks_like_json(media_type: &str, text: &str) -> bool {
    let vague = matches!(media_type, "" | "text/plain" | "text/html" | "text/json" | "text/javascript");
    vague && text.trim_start().starts_with(['{', '['])
}

/// The body as text: by its byte order mark, by the character set that the server names, or as
/// UTF-8. What is not valid there becomes a replacement character.
pub(super) fn decode(answer: &Answer) -> String {
    let parameters = answer.content_type.as_deref().unwrap_or_default().split(';').skip(1);
    let charset = parameters
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .and_then(|(_, value)| Encoding::for_label(value.trim().trim_matches('"').as_bytes()));
    let (text, _, _) = charset.unwrap_or(UTF_8).decode(&answer.body);
    // A cut may have gone through a character.
    if answer.cut { text.trim_end_matches('\u{fffd}').to_owned() } else { text.into_owned() }
}
