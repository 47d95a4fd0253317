//! Text to tree, for documents and the files that they refer to.

use std::fmt::Write;
use std::ops::Range;

use serde_json::Value;

use super::Report;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;
use crate::syntax::{self, Bounds, FaultKind};

/// Reads the bytes of one file.
pub(super) fn read(source: &SourceId, bytes: &[u8], report: &Report) -> Result<Value, Box<Diagnostic>> {
    read_text(source, syntax::decode(source, bytes)?, report)
}

/// JSON goes through the JSON reader, which is far faster. Text that only looks like JSON (comments,
/// trailing commas, numbers that no `f64` holds) may still be YAML.
pub(super) fn read_text(source: &SourceId, text: &str, report: &Report) -> Result<Value, Box<Diagnostic>> {
    let fault = match text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text)) {
        Some(Ok(tree)) => return Ok(tree),
        Some(Err(error)) => Some(error),
        None => None,
    };
    match (syntax::parse_document(text, &Bounds::DOCUMENT), fault) {
        (Ok(parsed), _) => {
            if let Some(bytes) = parsed.mended {
                report.say(not_indented(source, bytes));
            }
            for duplicate in parsed.duplicates {
                report.count("", || repeated_key(source, &duplicate), Code::REPEATED_KEY);
            }
            Ok(parsed.value)
        }
        (Err(fault), _) if fault.kind == FaultKind::Limit => Err(Box::new(fault.diagnostic(source))),
        (Err(_), Some(error)) => Err(Box::new(json_fault(source, text, &error))),
        (Err(fault), None) => Err(Box::new(fault.diagnostic(source))),
    }
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn repeated_key(source: &SourceId, duplicate: &syntax::Fault) -> Diagnostic {
    Diagnostic::new(Code::REPEATED_KEY, duplicate.message.clone(), Place::bytes(source, duplicate.bytes.clone()))
        .label("the first one counts, this one is left out")
        .help("remove one of the two")
}

fn not_indented(source: &SourceId, bytes: Range<usize>) -> Diagnostic {
    Diagnostic::new(
        Code::NOT_INDENTED,
        "a text in quotes or brackets goes on without indentation",
        Place::bytes(source, bytes),
    )
    .label("YAML wants this line to be indented more than the key; it is read as if it were")
    .help("indent what follows the first line of a quoted text or of `{…}`")
}

fn json_fault(source: &SourceId, text: &str, error: &serde_json::Error) -> Diagnostic {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = (before + error.column().saturating_sub(1)).min(text.len());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    // serde_json has no other way to say that its stack would not do.
    if message.starts_with("recursion limit") {
        return Diagnostic::new(Code::TEXT_LIMIT, "collections are nested too deep", Place::bytes(source, at..at))
            .label("reading stopped here");
    }
    Diagnostic::new(Code::SYNTAX, "the text is not valid JSON", Place::bytes(source, at..at)).label(message)
}
