//! An answer becomes an outcome: text, structured JSON, images, sounds or bytes; a failure becomes an
//! error with the server's words and what to do. One file is one kind of answer.
//!
//! Nothing here sends anything, and what leaves is masked and bounded.

mod cut;
mod events;
mod filter;
mod head;
mod html;
mod json;
mod media;
mod problem;
mod schema;
mod shape;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::error::ToolError;
use super::mask::Mask;
use super::plan::is_json;
use super::prepared::Prepared;
use super::send::Answer;

pub(crate) use cut::size;
pub(crate) use filter::Filter;
pub(crate) use json::{finish, value};
pub(crate) use problem::success;
pub(crate) use schema::OutputChecker;

/// What a call gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToolOutcome {
    /// For the agent to read, in order; never empty.
    pub content: Vec<Content>,
    /// The answer as JSON, if it is JSON and keeps to the output schema.
    pub structured: Option<Value>,
    /// What was repaired in the arguments or left out of the answer.
    pub notes: Vec<String>,
    /// What `gateway_invoke` takes as `cursor` for the next page, if there is one.
    pub next_cursor: Option<String>,
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

/// What an answer is read with.
pub(crate) struct Reading<'a> {
    /// The tool that was called.
    pub(crate) tool: &'a Prepared,
    /// The method of the request, in upper case.
    pub(crate) method: &'a str,
    /// The secrets that were sent.
    pub(crate) mask: &'a Mask,
    /// Bytes that were read of the answer at most.
    pub(crate) max_response: u64,
    /// Bytes that an agent is shown of it at most.
    pub(crate) max_output: usize,
}

/// Reads an answer.
///
/// # Errors
/// `Status` for a failure, `TooLarge` for bytes that cannot be cut.
pub(crate) fn read(answer: &Answer, reading: &Reading<'_>) -> Result<ToolOutcome, ToolError> {
    let mut outcome = read_fresh(answer, reading)?;
    if let Some(age) = answer.kept {
        outcome.notes.push(format!("the answer was kept from an earlier call, {} s ago", age.as_secs()));
    }
    Ok(outcome)
}

fn read_fresh(answer: &Answer, reading: &Reading<'_>) -> Result<ToolOutcome, ToolError> {
    if reading.method == "HEAD" {
        success(answer)?;
        return Ok(head::read(answer, reading));
    }
    success(answer)?;
    if answer.body.is_empty() {
        return Ok(empty(answer));
    }
    let media_type = media::essence(answer);
    if !media::is_text(&media_type, &answer.body) {
        return bytes(answer, media_type, reading);
    }
    let decoded = media::decode(answer);
    if media_type == "text/event-stream" {
        return Ok(stream(answer, &decoded, reading));
    }
    if is_json(&media_type) || media::looks_like_json(&media_type, &decoded) {
        return Ok(json::read(answer, &media_type, decoded, reading));
    }
    Ok(plain(answer, &media_type, decoded, reading))
}

fn empty(answer: &Answer) -> ToolOutcome {
    let text = match answer.status {
        304 => "the server answered 304: nothing has changed".to_owned(),
        status => format!("the server answered {status} without content"),
    };
    ToolOutcome { content: vec![Content::Text(text)], ..ToolOutcome::default() }
}

fn bytes(answer: &Answer, media_type: String, reading: &Reading<'_>) -> Result<ToolOutcome, ToolError> {
    if answer.cut {
        return Err(ToolError::TooLarge { media_type, limit: reading.max_response });
    }
    let data = BASE64_STANDARD.encode(reading.mask.bytes(&answer.body));
    let media_type = if media_type.is_empty() { "application/octet-stream".to_owned() } else { media_type };
    let content = match media_type.split('/').next() {
        Some("image") => Content::Image { data, media_type },
        Some("audio") => Content::Audio { data, media_type },
        _ => Content::Blob { data, media_type },
    };
    Ok(ToolOutcome { content: vec![content], ..ToolOutcome::default() })
}

/// Text that is not JSON as a whole.
fn plain(answer: &Answer, media_type: &str, decoded: String, reading: &Reading<'_>) -> ToolOutcome {
    let page = matches!(media_type, "text/html" | "application/xhtml+xml");
    let mut text = if page { html::text(&decoded) } else { decoded };
    text = reading.mask.text(&text).into_owned();
    let mut outcome = ToolOutcome::default();
    if answer.cut {
        reading.mask.cut(&mut text);
        outcome.notes.push(cut_note(answer));
    }
    let records = media_type == "text/csv" || media::is_json_lines(media_type);
    if records && answer.cut {
        let length = text.len();
        cut::at_record(&mut text, length);
    }
    if media::is_json_lines(media_type) {
        outcome.structured = json_lines(&text);
    }
    let of = text.len();
    if of > reading.max_output {
        if records {
            cut::at_record(&mut text, reading.max_output);
        } else {
            cut::at_line(&mut text, reading.max_output);
        }
        outcome.notes.push(format!("{} of {of} bytes are shown; ask for less, with a filter or a page", text.len()));
        outcome.structured = None;
    }
    outcome.structured = json::kept(outcome.structured.take(), reading, &mut outcome.notes);
    outcome.content.push(Content::Text(text));
    outcome
}

fn json_lines(text: &str) -> Option<Value> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).ok()).collect::<Option<Vec<Value>>>().map(Value::Array)
}

fn stream(answer: &Answer, decoded: &str, reading: &Reading<'_>) -> ToolOutcome {
    let events = events::events(decoded);
    let mut notes = Vec::new();
    if answer.cut || events::is_full(&events) {
        notes.push(format!(
            "the stream had not ended; these are its first {} events, {} bytes",
            events.len(),
            answer.body.len()
        ));
    }
    let mut outcome = finish(Value::Array(events), None, reading);
    outcome.notes.splice(0..0, notes);
    outcome
}

fn cut_note(answer: &Answer) -> String {
    format!(
        "the answer was cut after {} bytes, the limit of this tool; ask for less, with a filter or a page",
        answer.body.len()
    )
}
