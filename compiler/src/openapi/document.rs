//! Text to document: JSON or YAML, of a version that is read.

use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::overlay::{self, Overlay};
use super::{Address, Report, Spot, Version, version};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;
use crate::syntax::{self, Bounds, Pointer};

/// An OpenAPI document as a tree.
#[derive(Clone, Debug)]
pub struct Document {
    source: SourceId,
    root: Value,
    version: Version,
    digest: String,
}

/// What a document says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Its title.
    pub title: Option<String>,
    /// What the API is about, as written.
    pub description: Option<String>,
    /// The version of the API.
    pub version: Option<String>,
}

impl Document {
    /// Reads a document as its overlays leave it.
    ///
    /// # Errors
    /// When the text is no tree, an overlay cannot be applied to it, or the tree is not an OpenAPI
    /// document of a version that is read.
    pub fn read(
        source: &SourceId,
        bytes: &[u8],
        overlays: &[Overlay],
        report: &Report,
    ) -> Result<Self, Box<Diagnostic>> {
        let text = syntax::decode(source, bytes)?;
        let mut root = read_tree(source, text, report)?;
        overlay::apply(overlays, &mut root, report)?;
        let version = version::detect(source, &root)?;
        Ok(Self { source: source.clone(), root, version, digest: digest(bytes) })
    }

    /// The file it was read from.
    #[must_use]
    pub fn source(&self) -> &SourceId {
        &self.source
    }

    /// The tree.
    #[must_use]
    pub fn root(&self) -> &Value {
        &self.root
    }

    /// The version it is written in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// `sha256:` and the digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The whole document.
    #[must_use]
    pub fn spot(&self) -> Spot<'_> {
        Spot { value: &self.root, address: Address { source: self.source.clone(), pointer: Pointer::root() } }
    }

    /// The components of one kind, such as `schemas`.
    #[must_use]
    pub fn components(&self, kind: &str) -> Option<Spot<'_>> {
        self.spot().get("components")?.get(kind)
    }

    /// What it says about itself.
    #[must_use]
    pub fn info(&self) -> Info {
        let member = |key: &str| match self.root.get("info")?.get(key)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Info { title: member("title"), description: member("description"), version: member("version") }
    }
}

/// JSON goes through the JSON reader, which is far faster. Text that only looks like JSON (comments,
/// trailing commas, numbers that no `f64` holds) may still be YAML.
pub(super) fn read_tree(source: &SourceId, text: &str, report: &Report) -> Result<Value, Box<Diagnostic>> {
    let fault = match text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text)) {
        Some(Ok(tree)) => return Ok(tree),
        Some(Err(error)) => Some(error),
        None => None,
    };
    match (syntax::parse_yaml(text, &Bounds::DOCUMENT), fault) {
        (Ok(parsed), _) => {
            for duplicate in parsed.duplicates {
                report.count("", || repeated_key(source, &duplicate), Code::REPEATED_KEY);
            }
            Ok(parsed.value)
        }
        (Err(_), Some(error)) => Err(Box::new(json_fault(source, text, &error))),
        (Err(fault), None) => Err(Box::new(fault.diagnostic(source))),
    }
}

fn repeated_key(source: &SourceId, duplicate: &syntax::Fault) -> Diagnostic {
    Diagnostic::new(Code::REPEATED_KEY, duplicate.message.clone(), Place::bytes(source, duplicate.bytes.clone()))
        .label("the first one counts, this one is left out")
        .help("remove one of the two")
}

fn json_fault(source: &SourceId, text: &str, error: &serde_json::Error) -> Diagnostic {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = (before + error.column().saturating_sub(1)).min(text.len());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    Diagnostic::new(Code::SYNTAX, "the text is not valid JSON", Place::bytes(source, at..at)).label(message)
}

/// `sha256:` and the digest of some bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut text = "sha256:".to_owned();
    for byte in Sha256::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
