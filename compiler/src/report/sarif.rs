//! Diagnostics as SARIF 2.1.0 (OASIS), which code scanning reads, and what every such log of ours has.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::place::{Found, Places};
use crate::diagnostic::{Code, CodeInfo, Diagnostic, Label, Severity, all_codes};
use crate::pin::Digest;

/// Renders diagnostics as a SARIF log with one run. What would be more than readers take is left out.
#[must_use]
pub fn render_sarif(diagnostics: &[Diagnostic], places: &Places) -> Value {
    let used: BTreeSet<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    let rules: Vec<&CodeInfo> = all_codes().iter().filter(|info| used.contains(&info.code)).collect();
    let results: Vec<Value> = diagnostics.iter().take(MOST_RESULTS).map(|it| result(it, &rules, places)).collect();
    log("cap-check/", &rules.iter().map(|info| rule(info)).collect::<Vec<_>>(), &results)
}

/// A log with one run of one command. Its category tells the runs of several commands apart.
pub(super) fn log(category: &str, rules: &[Value], results: &[Value]) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "cap", "semanticVersion": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "automationDetails": {"id": category},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice | Severity::Note => "note",
    }
}

/// A path as a URI reference.
pub(super) fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~');
    let written = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(written).collect()
}

fn rule(info: &CodeInfo) -> Value {
    json!({
        "id": info.code.to_string(),
        "shortDescription": {"text": info.title},
        "help": {"text": format!("`cap explain {}` says more, with an example.", info.code)},
        "defaultConfiguration": {"level": level(info.severity)},
    })
}

fn result(diagnostic: &Diagnostic, rules: &[&CodeInfo], places: &Places) -> Value {
    let place = &diagnostic.primary.place;
    let index = rules.iter().position(|info| info.code == diagnostic.code).unwrap_or_default();
    let print = format!("{} {} {} {}", diagnostic.code, place.source, place.pointer, diagnostic.message);
    json!({
        "ruleId": diagnostic.code.to_string(),
        "ruleIndex": index,
        "level": level(diagnostic.severity),
        "message": {"text": text(diagnostic)},
        "locations": [{"physicalLocation": physical(&diagnostic.primary, places)}],
        "relatedLocations": diagnostic.secondary.iter().map(|label| related(label, places)).collect::<Vec<_>>(),
        "partialFingerprints": {"diagnostic/v1": Digest::of(print.as_bytes()).to_string()},
    })
}

/// All that a diagnostic says, since readers show the message and nothing beside it.
fn text(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        text.push_str(&format!(": {}", diagnostic.primary.text));
    }
    for note in &diagnostic.notes {
        text.push_str(&format!("\nnote: {note}"));
    }
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    if let Some(more) = super::repetition(diagnostic) {
        text.push_str(&format!("\n{more}"));
    }
    text
}

fn related(label: &Label, places: &Places) -> Value {
    json!({"physicalLocation": physical(label, places), "message": {"text": label.text}})
}

/// Where a label points; one about a whole file has no region.
fn physical(label: &Label, places: &Places) -> Value {
    let mut physical = json!({"artifactLocation": {"uri": uri(label.place.source.as_str())}});
    if let (Value::Object(map), Some(found)) = (&mut physical, places.find(&label.place)) {
        map.insert("region".to_owned(), region(&found));
    }
    physical
}

/// The characters that are meant: the end is the one after the last.
fn region(found: &Found<'_>) -> Value {
    let meant = found.text.get(found.bytes.clone()).unwrap_or_default().trim_end_matches(['\r', '\n']);
    let last = meant.rsplit('\n').next().unwrap_or_default().chars().count();
    let breaks = meant.matches('\n').count();
    let end = if breaks == 0 { found.column + last } else { last + 1 };
    json!({
        "startLine": found.line,
        "startColumn": found.column,
        "endLine": found.line + breaks,
        "endColumn": end,
    })
}

/// As many results as GitHub takes of a run.
pub(super) const MOST_RESULTS: usize = 25_000;
