//! Text to tree: YAML 1.2 (core schema) and JSON, with bounds on depth, size and aliases.
//!
//! The tree is a plain [`serde_json::Value`] without positions, so that good files pay nothing for
//! them. [`locate()`] reads the text a second time to find where nodes are, when there is something
//! to say about them.

mod advice;
mod json;
mod layout;
mod locate;
mod mend;
mod pointer;
mod scalar;
mod tokens;
mod yaml;

pub use layout::{Entry, Form, Layout, layout};
pub use locate::Located;
pub use pointer::Pointer;
pub use tokens::{Bracket, Comment, Gap, Stand, TextStyle, Token, TokenKind, TokenStream, tokens};
pub use yaml::{Bounds, Fault, FaultKind, Parsed, parse_document, parse_yaml};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;

/// Reads a definition file: YAML (and so JSON too) with unique keys.
///
/// # Errors
/// The diagnostic that says why it does not parse.
pub fn parse_definition(source: &SourceId, bytes: &[u8]) -> Result<Value, Box<Diagnostic>> {
    let text = decode(source, bytes)?;
    let parsed = parse_yaml(text, &Bounds::DEFINITION).map_err(|fault| Box::new(fault.diagnostic(source)))?;
    match parsed.duplicates.into_iter().next() {
        None => Ok(parsed.value),
        Some(duplicate) => Err(Box::new(duplicate.diagnostic(source))),
    }
}

/// Finds nodes in a YAML or JSON text. What is not there has no entry; a text that does not parse
/// gives what stands before the fault.
#[must_use]
pub fn locate(text: &str, wanted: &BTreeSet<Pointer>) -> BTreeMap<Pointer, Located> {
    if text.trim_start().starts_with(['{', '['])
        && let Some(found) = json::locate(text, wanted)
    {
        return found;
    }
    let found = locate::locate(text, wanted);
    match mend::mend(text).filter(|_| found.len() < wanted.len()) {
        None => found,
        Some(mended) => {
            let mut found = locate::locate(&mended.text, wanted);
            for located in found.values_mut() {
                located.value = mended.original(&located.value);
                located.key = located.key.take().map(|key| mended.original(&key));
            }
            found
        }
    }
}

/// The text of a file, without a byte-order mark.
///
/// # Errors
/// When the bytes are not UTF-8.
pub fn decode<'a>(source: &SourceId, bytes: &'a [u8]) -> Result<&'a str, Box<Diagnostic>> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Box::new(
            // Up to here the text is shown as it is; what follows is shown as one character.
            Diagnostic::new(Code::NOT_UTF8, "the file is not UTF-8 text", Place::bytes(source, at..at + REPLACEMENT))
                .label(format!("the byte 0x{:02X} does not belong here", bytes.get(at).copied().unwrap_or_default()))
                .help("save the file as UTF-8"),
        )
    })
}

/// Bytes of U+FFFD, which stands for a byte that is not UTF-8.
const REPLACEMENT: usize = char::REPLACEMENT_CHARACTER.len_utf8();

impl Fault {
    /// The fault as a diagnostic about `source`.
    #[must_use]
    pub fn diagnostic(&self, source: &SourceId) -> Diagnostic {
        let place = Place::bytes(source, self.bytes.clone());
        match self.kind {
            FaultKind::Syntax => {
                let diagnostic =
                    Diagnostic::new(Code::SYNTAX, "the text is not valid YAML", place).label(self.message.clone());
                match &self.help {
                    Some(help) => diagnostic.help(help.clone()),
                    None => diagnostic,
                }
            }
            FaultKind::Limit => {
                Diagnostic::new(Code::TEXT_LIMIT, self.message.clone(), place).label("reading stopped here")
            }
            FaultKind::DuplicateKey => Diagnostic::new(Code::DUPLICATE_KEY, self.message.clone(), place)
                .label("the same key stands above in this mapping")
                .help("remove one of the two"),
        }
    }
}
