//! Diagnostics for programs.

use serde_json::{Value, json};

use super::place::Places;
use super::{Tally, severity_name};
use crate::diagnostic::{Diagnostic, Label};

/// Renders diagnostics as one JSON object: `{"diagnostics": [...], "errors": 1, "warnings": 0, "advice": 0, "notes": 0}`.
/// Lines and columns count from one, columns in characters.
#[must_use]
pub fn render_json(diagnostics: &[Diagnostic], places: &Places) -> Value {
    let tally = Tally::of(diagnostics);
    json!({
        "diagnostics": diagnostics.iter().map(|diagnostic| entry(diagnostic, places)).collect::<Vec<_>>(),
        "errors": tally.errors,
        "warnings": tally.warnings,
        "advice": tally.advice,
        "notes": tally.notes,
    })
}

fn entry(diagnostic: &Diagnostic, places: &Places) -> Value {
    json!({
        "code": diagnostic.code.to_string(),
        "severity": severity_name(diagnostic.severity),
        "message": diagnostic.message,
        "place": place(&diagnostic.primary, places),
        "related": diagnostic.secondary.iter().map(|label| place(label, places)).collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "repeated": diagnostic.repeated,
    })
}

fn place(label: &Label, places: &Places) -> Value {
    let found = places.find(&label.place);
    json!({
        "file": label.place.source,
        "pointer": label.place.pointer.to_string(),
        "line": found.as_ref().map(|found| found.line),
        "column": found.as_ref().map(|found| found.column),
        "label": label.text,
    })
}
