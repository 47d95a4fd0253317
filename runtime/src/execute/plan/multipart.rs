//! Multipart bodies: one part for each field, list item or file, and the boundary between them.

use cap_compiler::capability::BodyPart;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::bind::{self, Scope, plain_text};
use super::body::{argument_of, decode, header_text, refuse_taken};
use super::encode::{self, is_json};
use super::{PlannedContent, PlannedPart};
use crate::execute::error::ToolError;

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

/// The parts of a body.
pub(crate) fn plan(parts: &[BodyPart], scope: &Scope<'_>) -> Result<PlannedContent, ToolError> {
    let mut planned = Vec::new();
    for part in parts {
        match bind::value(&part.value, scope)? {
            None | Some(Value::Null) => {}
            Some(value) if part.encoding.is_some() => planned.extend(styled(part, parts, &value, scope)?),
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

/// The parts of a value that a style takes apart: those that a form would have as fields.
fn styled(part: &BodyPart, all: &[BodyPart], value: &Value, scope: &Scope<'_>) -> Result<Vec<PlannedPart>, ToolError> {
    let Some(encoding) = &part.encoding else { return Ok(Vec::new()) };
    let pairs = encode::pairs(&part.name, value, encoding);
    let others = all.iter().map(|other| other.name.as_str()).filter(|name| *name != part.name);
    refuse_taken(&pairs, others, &argument_of(&part.value), scope)?;
    let text = |encoded: &str| percent_decode_str(encoded).decode_utf8_lossy().into_owned();
    pairs
        .iter()
        .map(|(name, value)| {
            let planned = plan_part(part, &Value::String(text(value)), scope)?;
            Ok(PlannedPart { name: text(name), ..planned })
        })
        .collect()
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
