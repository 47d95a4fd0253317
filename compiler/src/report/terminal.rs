//! Diagnostics as rustc shows them.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::place::{Found, Places, labels};
use super::repetition;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::pin::shown_text;
use crate::source::SourceId;

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Terminal escape sequences.
    Always,
    /// Text alone.
    Never,
}

/// Renders diagnostics for people, with an empty line after each.
#[must_use]
pub fn render_terminal(diagnostics: &[Diagnostic], places: &Places, colour: Colour) -> String {
    let renderer = match colour {
        Colour::Always => Renderer::styled(),
        Colour::Never => Renderer::plain(),
    };
    let renderer = renderer.term_width(120);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(diagnostic, places)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(diagnostic: &'a Diagnostic, places: &'a Places) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Advice => Level::HELP.with_name("advice"),
        Severity::Note => Level::NOTE,
    };
    let mut group = level
        .primary_title(shown_text(&diagnostic.message))
        .id(diagnostic.code.to_string())
        .elements(sources(diagnostic).into_iter().filter_map(|source| snippet(diagnostic, source, places)));
    if places.find(&diagnostic.primary.place).is_none() {
        group = group.element(Origin::path(shown_text(diagnostic.primary.place.source.as_str())));
    }
    for note in diagnostic.notes.iter().cloned().chain(repetition(diagnostic)) {
        group = group.element(Level::NOTE.message(note));
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help)),
        None => group,
    }
}

/// The files that a diagnostic speaks of, the primary one first.
fn sources(diagnostic: &Diagnostic) -> Vec<&SourceId> {
    let mut sources: Vec<&SourceId> = Vec::new();
    for label in labels(diagnostic) {
        if !sources.contains(&&label.place.source) {
            sources.push(&label.place.source);
        }
    }
    sources
}

fn snippet<'a>(
    diagnostic: &'a Diagnostic,
    source: &'a SourceId,
    places: &'a Places,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let found: Vec<(&Label, Found<'_>)> = labels(diagnostic)
        .filter(|label| label.place.source == *source)
        .filter_map(|label| Some((label, places.find(&label.place)?)))
        .collect();
    let (_, first) = found.first()?;
    let window = window(first.text, &found);
    let text = first.text.get(window.clone()).unwrap_or_default();
    let line = first.text.get(..window.start).unwrap_or_default().matches('\n').count() + 1;
    let annotations = found.iter().map(|(label, found)| {
        let kind =
            if std::ptr::eq(*label, &diagnostic.primary) { AnnotationKind::Primary } else { AnnotationKind::Context };
        let span = visible(first.text, &found.bytes, &window);
        let annotation = kind.span(span);
        if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
    });
    Some(Snippet::source(text).line_start(line).path(shown_text(source.as_str())).fold(true).annotations(annotations))
}

/// The lines that matter, so that a document of many megabytes is not laid out for one of them.
/// A line without end is cut round the primary place.
fn window(text: &str, found: &[(&Label, Found<'_>)]) -> Range<usize> {
    const LONG: usize = 16 << 10;
    let start = found.iter().map(|(_, found)| found.bytes.start).min().unwrap_or_default();
    let end = found.iter().map(|(_, found)| found.bytes.end).max().unwrap_or_default();
    let lines = line_start(text, start)..line_end(text, end);
    if lines.len() <= LONG {
        return lines;
    }
    let Some((_, primary)) = found.first() else { return lines };
    let line = line_start(text, primary.bytes.start)..line_end(text, primary.bytes.start);
    if line.len() <= LONG {
        line
    } else {
        boundary(text, primary.bytes.start.saturating_sub(60))..boundary(text, primary.bytes.start + 60)
    }
}

/// A label's bytes relative to the window, cut to it.
fn visible(text: &str, bytes: &Range<usize>, window: &Range<usize>) -> Range<usize> {
    // A label of many lines would hide the text; its first line says where it is.
    let end = bytes.end.min(line_end(text, bytes.start));
    let start = bytes.start.clamp(window.start, window.end);
    let end = end.clamp(start, window.end);
    start - window.start..end - window.start
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| at + newline)
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
