//! The last net: the values of secrets that a call used are replaced by their names in whatever
//! leaves it.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::error::ToolError;
use super::escape::percent_encode;

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
        let quoted = serde_json::Value::from(value).to_string();
        let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
        let forms = [value.to_owned(), inner.to_owned(), percent_encode(value), BASE64_STANDARD.encode(value)];
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

    /// The error without values of secrets.
    pub(super) fn error(&self, mut error: ToolError) -> ToolError {
        let texts: Vec<&mut String> = match &mut error {
            ToolError::Definition { reason, .. } => vec![reason],
            ToolError::Refused { host, reason } | ToolError::Network { host, reason } => vec![host, reason],
            ToolError::Redirect { location, reason, .. } => vec![location, reason],
            ToolError::Timeout { host, .. } => vec![host],
            ToolError::TooLarge { media_type, .. } => vec![media_type],
            ToolError::Status { message, hint, .. } => vec![message, hint],
            ToolError::Arguments { .. } | ToolError::MissingSecret { .. } | ToolError::Busy { .. } => Vec::new(),
        };
        for text in texts {
            *text = self.text(text).into_owned();
        }
        error
    }
}
