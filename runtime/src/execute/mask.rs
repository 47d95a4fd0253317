//! The last net: the values of secrets that a call used are replaced by their names in whatever
//! leaves it.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use serde_json::Value;

use super::arguments::bounded;
use super::error::ToolError;
use super::outcome::{Content, ToolOutcome};
use super::plan::percent_encode;
use crate::secret::net;

/// The longest text in an error, in characters. Cut after masking: half a secret is found by nobody.
const LONGEST: usize = 2_000;

/// Shorter values would mask half of every text, and are no secrets.
const SHORTEST: usize = 4;

/// The secrets of one call in all the forms in which they may come back.
#[derive(Default)]
pub(super) struct Mask {
    /// What to look for and what to put there, longest first.
    needles: Vec<(String, String)>,
}

impl Mask {
    /// Adds a secret's value.
    pub(super) fn add(&mut self, name: &str, value: &str) {
        let quoted = Value::from(value).to_string();
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        let forms = [
            value.to_owned(),
            inner.to_owned(),
            percent_encode(value),
            BASE64_STANDARD.encode(value),
            // A host is lower-cased before anything names it.
            value.to_ascii_lowercase(),
        ];
        for form in forms {
            if form.len() >= SHORTEST && !self.needles.iter().any(|(needle, _)| *needle == form) {
                self.needles.push((form, format!("{{secret.{name}}}")));
            }
        }
        self.needles.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// The text without values of secrets.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for (needle, name) in &self.needles {
            if masked.contains(needle.as_str()) {
                masked = Cow::Owned(masked.replace(needle.as_str(), name));
            }
        }
        masked
    }

    /// The bytes without values of secrets, be they text or not.
    pub(super) fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match std::str::from_utf8(bytes).map(|text| self.text(text)) {
            Ok(Cow::Owned(masked)) => Cow::Owned(net::masked(&masked).into_owned().into_bytes()),
            Ok(Cow::Borrowed(_)) | Err(_) => net::masked_bytes(bytes),
        }
    }

    /// Masks every text and key of a JSON value, and says whether there was something to mask.
    pub(super) fn value(&self, value: &mut Value) -> bool {
        mask_texts(value, &|text| self.text(text))
    }

    /// Drops the beginning of a secret at the end of a text that was cut.
    pub(super) fn cut(&self, text: &mut String) {
        for (needle, _) in &self.needles {
            let begun = (SHORTEST..needle.len())
                .rev()
                .find(|length| needle.get(..*length).is_some_and(|beginning| text.ends_with(beginning)));
            if let Some(length) = begun {
                text.truncate(text.len() - length);
            }
        }
    }

    /// The error without values of secrets, and then no longer than an agent should read.
    pub(super) fn error(&self, mut error: ToolError) -> ToolError {
        let texts: Vec<&mut String> = match &mut error {
            ToolError::Definition { reason, .. } => vec![reason],
            ToolError::Login { reason, .. } | ToolError::Scope { fix: reason, .. } => vec![reason],
            ToolError::Token { host, reason } => vec![host, reason],
            ToolError::Refused { host, reason } | ToolError::Network { host, reason } => vec![host, reason],
            ToolError::Redirect { location, reason, .. } => vec![location, reason],
            ToolError::Timeout { host, .. } | ToolError::Unavailable { host, .. } => vec![host],
            ToolError::TooLarge { media_type, .. } => vec![media_type],
            ToolError::Status { message, hint, .. } => vec![message, hint],
            ToolError::Arguments { .. } | ToolError::MissingSecret { .. } | ToolError::Busy { .. } => Vec::new(),
        };
        for text in texts {
            *text = bounded(&net::masked(&self.text(text)), LONGEST);
        }
        error
    }
}

/// Masks what other calls used, in an outcome whose own secrets are masked already.
pub(super) fn net(outcome: &mut ToolOutcome) {
    if net::is_empty() {
        return;
    }
    for content in &mut outcome.content {
        match content {
            Content::Text(text) => caught(text),
            Content::Image { data, .. } | Content::Audio { data, .. } | Content::Blob { data, .. } => caught(data),
        }
    }
    outcome.notes.iter_mut().for_each(caught);
    // Half a cursor leads nowhere.
    outcome.next_cursor = outcome.next_cursor.take().filter(|cursor| matches!(net::masked(cursor), Cow::Borrowed(_)));
    if let Some(value) = &mut outcome.structured {
        mask_texts(value, &|text| net::masked(text));
    }
}

fn caught(text: &mut String) {
    if let Cow::Owned(masked) = net::masked(text) {
        *text = masked;
    }
}

/// Applies `mask` to every text and key of a JSON value, and says whether one was changed.
fn mask_texts(value: &mut Value, mask: &dyn for<'a> Fn(&'a str) -> Cow<'a, str>) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => match mask(text) {
            Cow::Borrowed(_) => false,
            Cow::Owned(masked) => {
                *text = masked;
                true
            }
        },
        Value::Array(items) => items.iter_mut().fold(false, |masked, item| mask_texts(item, mask) | masked),
        Value::Object(members) => {
            let keys = members.keys().any(|key| matches!(mask(key), Cow::Owned(_)));
            if keys {
                let owned = std::mem::take(members);
                members.extend(owned.into_iter().map(|(key, value)| (mask(&key).into_owned(), value)));
            }
            members.values_mut().fold(keys, |masked, member| mask_texts(member, mask) | masked)
        }
    }
}
