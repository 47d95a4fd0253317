//! What to do about a text that is not YAML, for the mistakes that people make. It looks at the
//! characters round the fault and decides nothing else.

use std::ops::Range;

use super::yaml::{Fault, FaultKind};

/// A syntax fault, with the usual mistake named where it can be seen.
pub(super) fn advised(text: &str, message: &str, bytes: Range<usize>) -> Fault {
    let line = line_of(text, bytes.start);
    let fault = |message: &str, bytes: Range<usize>, help: Option<&str>| Fault {
        kind: FaultKind::Syntax,
        message: message.to_owned(),
        bytes,
        help: help.map(str::to_owned),
    };
    if message.contains("tab")
        && let Some(tab) = indenting_tab(text, line.start)
    {
        return fault("a tab stands in the indentation", tab, Some("indent with spaces"));
    }
    if let Some(braces) = unquoted(text, &line, "{{") {
        let help = "put quotes round the whole text that holds `{{ … }}`";
        return fault("YAML takes an unquoted `{` for a mapping", braces, Some(help));
    }
    if message.contains("mapping values")
        && let Some(value) = text_with_colon(text, &line)
    {
        let help = format!("put quotes round the text: `{value}`");
        return fault("unquoted text cannot hold a colon and a space", bytes, Some(&help));
    }
    fault(message, bytes, None)
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let end = text.get(start..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| start + newline);
    start..end
}

/// The first tab of an indentation, on the line at `start` or the one after it.
fn indenting_tab(text: &str, start: usize) -> Option<Range<usize>> {
    let mut line_start = start;
    for line in text.get(start..)?.split_inclusive('\n').take(2) {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..indent).and_then(|indent| indent.find('\t')) {
            return Some(line_start + tab..line_start + tab + 1);
        }
        line_start += line.len();
    }
    None
}

/// The first `marker` of a line that stands outside of quotes.
fn unquoted(text: &str, line: &Range<usize>, marker: &str) -> Option<Range<usize>> {
    let content = text.get(line.clone())?;
    let outside = |at: usize| {
        let before = content.get(..at).unwrap_or_default();
        before.matches('"').count() % 2 == 0 && before.matches('\'').count() % 2 == 0 && !before.contains(" #")
    };
    let (at, _) = content.match_indices(marker).find(|(at, _)| outside(*at))?;
    Some(line.start + at..line.start + at + marker.len())
}

/// `key: "text: more"` of a line that holds `key: text: more`, shortened.
fn text_with_colon(text: &str, line: &Range<usize>) -> Option<String> {
    let (key, value) = text.get(line.clone())?.trim().split_once(": ")?;
    let plain = !value.starts_with(['"', '\'', '{', '[', '|', '>']) && !key.contains(['{', '[', '"', '\'']);
    let head: String = value.chars().take(24).collect();
    let head = if head.len() < value.len() { format!("{}…", head.trim_end()) } else { head };
    plain.then(|| format!("{key}: \"{}\"", head.replace('"', "\\\"")))
}
