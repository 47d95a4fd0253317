//! Diagnostics to something people or programs read.
//!
//! Symbolic places become characters here, and only here: each file that a diagnostic speaks of is
//! read once more. Only `terminal.rs` knows the library that draws snippets.

pub mod changes;
mod github;
mod json;
mod place;
mod sarif;
mod terminal;

pub use github::render_github;
pub use json::render_json;
pub use place::{Found, Places};
pub use sarif::render_sarif;
pub use terminal::{Colour, render_terminal};

use crate::diagnostic::{Diagnostic, Severity};

/// How many diagnostics there are of each severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What does not compile.
    pub errors: usize,
    /// What is probably not meant.
    pub warnings: usize,
    /// What could be said better.
    pub advice: usize,
    /// What is worth knowing.
    pub notes: usize,
}

impl Tally {
    /// Counts diagnostics, with their repetitions.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        diagnostics.iter().fold(Self::default(), |mut tally, diagnostic| {
            let count = 1 + diagnostic.repeated;
            match diagnostic.severity {
                Severity::Error => tally.errors += count,
                Severity::Warning => tally.warnings += count,
                Severity::Advice => tally.advice += count,
                Severity::Note => tally.notes += count,
            }
            tally
        })
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
        Severity::Note => "note",
    }
}

/// "and 12 more like this".
fn repetition(diagnostic: &Diagnostic) -> Option<String> {
    // Advice names the tools that it holds of.
    let is_told = diagnostic.severity == Severity::Advice;
    (diagnostic.repeated > 0 && !is_told).then(|| match diagnostic.repeated {
        1 => "one more place has the same fault".to_owned(),
        count => format!("{count} more places have the same fault"),
    })
}
