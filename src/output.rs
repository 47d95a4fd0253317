//! Where text goes: people read standard error in Cargo's style, programs read standard output.
//!
//! Colours only reach a terminal. A reader that closes its end early is not an error.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::report::{Colour, Places, Tally, render_terminal};
use cap_compiler::source::SourceLoader;
use cap_runtime::secret::net;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// How a status line is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something was done.
    Good,
    /// Something wants attention.
    Warning,
    /// Something failed.
    Bad,
}

/// Both streams of the process.
#[derive(Debug)]
pub(crate) struct Output {
    colour: Colour,
    audience: Audience,
}

/// Whether anybody reads standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Audience {
    People,
    Nobody,
}

impl Output {
    /// The streams, coloured if standard error is a terminal that wants it.
    #[must_use]
    pub(crate) fn new() -> Self {
        let choice = anstream::AutoStream::choice(&std::io::stderr());
        let colour = if choice == anstream::ColorChoice::Never { Colour::Never } else { Colour::Always };
        Self { colour, audience: Audience::People }
    }

    /// Streams for a command that another command runs: data is still written, words are not.
    #[must_use]
    pub(crate) fn silent() -> Self {
        Self { colour: Colour::Never, audience: Audience::Nobody }
    }

    /// A line for people: a verb, right-aligned to twelve columns, and what it is about.
    pub(crate) fn status(&self, tone: Tone, verb: &str, text: &str) {
        let colour = match tone {
            Tone::Good => AnsiColor::Green,
            Tone::Warning => AnsiColor::Yellow,
            Tone::Bad => AnsiColor::Red,
        };
        let style = Style::new().bold().fg_color(Some(colour.into()));
        self.error_text(&format!("{style}{verb:>12}{style:#} {text}\n"));
    }

    /// A further line under a status line.
    pub(crate) fn detail(&self, text: &str) {
        self.error_text(&format!("{:12} {text}\n", ""));
    }

    /// An error that ends the command: what failed, and what to do.
    pub(crate) fn error(&self, message: &str, help: Option<&str>) {
        let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
        self.error_text(&format!("{red}error{red:#}: {message}\n"));
        if let Some(help) = help {
            self.error_text(&format!("  = help: {help}\n"));
        }
    }

    /// Diagnostics with their snippets.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic], loader: &dyn SourceLoader) {
        if diagnostics.is_empty() {
            return;
        }
        let places = Places::of(diagnostics, loader);
        self.error_text(&render_terminal(diagnostics, &places, self.colour));
    }

    /// Text for people, as it is.
    pub(crate) fn error_text(&self, text: &str) {
        if self.audience == Audience::People {
            _ = anstream::stderr().write_all(net::masked(text).as_bytes());
        }
    }

    /// The address of a page that a person has to open, exactly. It is not masked: the name of a client
    /// stands in it, which may come from where secrets come from and is none.
    pub(crate) fn address(&self, verb: &str, address: &str) {
        if self.audience == Audience::People {
            let style = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
            let address: String = address.chars().filter(|c| !c.is_control()).collect();
            _ = anstream::stderr().write_all(format!("{style}{verb:>12}{style:#} {address}\n").as_bytes());
        }
    }

    /// Data for programs, or what the command was asked for.
    pub(crate) fn data(&self, text: &str) {
        let mut stdout = anstream::stdout().lock();
        _ = stdout.write_all(net::masked(text).as_bytes()).and_then(|()| stdout.flush());
    }

    /// A JSON value, indented, for programs.
    pub(crate) fn json(&self, value: &Value) {
        self.data(&format!("{value:#}\n"));
    }

    /// A spinner that shows itself when work takes more than a second and somebody looks.
    #[must_use]
    pub(crate) fn progress(&self, message: &str) -> ProgressBar {
        if self.audience == Audience::Nobody || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new_spinner().with_message(message.to_owned());
        if let Ok(style) = ProgressStyle::with_template("{spinner:>12} {msg} {elapsed}") {
            bar.set_style(style);
        }
        // The first tick draws it.
        bar.enable_steady_tick(Duration::from_secs(1));
        bar
    }
}

/// `3 errors, 1 warning`, or nothing.
#[must_use]
pub(crate) fn tally_text(tally: Tally) -> String {
    let parts: Vec<String> = [(tally.errors, "error"), (tally.warnings, "warning"), (tally.notes, "note")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| plural(count, word))
        .collect();
    let advice = match tally.advice {
        0 => None,
        1 => Some("1 piece of advice".to_owned()),
        count => Some(format!("{count} pieces of advice")),
    };
    parts.into_iter().chain(advice).collect::<Vec<_>>().join(", ")
}

/// `1 file`, `2 files`.
#[must_use]
pub(crate) fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}
