//! Diagnostics as GitHub workflow commands, which show up at their lines in a pull request.

use super::place::Places;
use crate::diagnostic::{Diagnostic, Severity};

/// Renders one workflow command a line.
#[must_use]
pub fn render_github(diagnostics: &[Diagnostic], places: &Places) -> String {
    diagnostics.iter().map(|diagnostic| command(diagnostic, places) + "\n").collect()
}

fn command(diagnostic: &Diagnostic, places: &Places) -> String {
    let name = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice | Severity::Note => "notice",
    };
    let place = &diagnostic.primary.place;
    let position =
        places.find(place).map(|found| format!(",line={},col={}", found.line, found.column)).unwrap_or_default();
    let mut text = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        text.push_str(&format!(": {}", diagnostic.primary.text));
    }
    if let Some(help) = &diagnostic.help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    format!("::{name} file={}{position},title={}::{}", property(place.source.as_str()), diagnostic.code, data(&text))
}

/// The escapes of a workflow command's text.
pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The escapes of a workflow command's property.
pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
