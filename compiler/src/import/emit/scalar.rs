//! Texts as YAML scalars: plain where that is safe, in a block where that is readable, quoted
//! otherwise.

use std::borrow::Cow;
use std::fmt::Write;

/// What surrounds a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// A line of its own.
    Block,
    /// Between `{` and `}` or `[` and `]`.
    Flow,
}

/// Words that some reader of YAML takes for something else than text.
const WORDS: [&str; 13] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "<<", "=", "nan"];

/// A key.
pub(super) fn key(name: &str) -> Cow<'_, str> {
    inline(name, Position::Block)
}

/// A text on one line.
pub(super) fn inline(text: &str, position: Position) -> Cow<'_, str> {
    if is_plain(text, position) { Cow::Borrowed(text) } else { Cow::Owned(quoted(text)) }
}

/// A text as a block scalar behind `: ` or `- `, its lines indented; `None` if a block would not
/// bring back exactly this text, or not be readable.
pub(super) fn block(text: &str, indent: usize, width: usize) -> Option<String> {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let awkward = |line: &str| line.starts_with(char::is_whitespace) || line.ends_with(char::is_whitespace);
    let clean = !body.is_empty() && body.split('\n').all(has_printable_only);
    if !clean || body.starts_with('\n') || body.ends_with('\n') || body.lines().any(awkward) {
        return None;
    }
    let chomp = if body.len() == text.len() { "-" } else { "" };
    let room = width.saturating_sub(indent).max(40);
    let long = !body.contains('\n') || body.lines().any(|line| line.chars().count() > room);
    let pad = " ".repeat(indent);
    let mut out = format!("{}{chomp}\n", if long { ">" } else { "|" });
    for (index, line) in body.split('\n').enumerate() {
        if long && index > 0 {
            // In a folded block a line break is an empty line.
            out.push('\n');
        }
        if line.is_empty() {
            if !long {
                out.push('\n');
            }
            continue;
        }
        for part in if long { folded(line, room) } else { vec![line] } {
            out.push_str(&pad);
            out.push_str(part);
            out.push('\n');
        }
    }
    Some(out)
}

/// A text of several lines as a literal block, however its lines begin and end.
pub(super) fn literal(text: &str, indent: usize) -> Option<String> {
    let body = text.trim_end_matches('\n');
    let lines_are_clean = body.split('\n').all(|line| line.replace('\t', "").chars().all(is_printable));
    if body.is_empty() || body.starts_with('\t') || !lines_are_clean {
        return None;
    }
    let chomp = match text.len() - body.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // Without the digit, the first line would say how far the text is indented.
    let digit = if body.starts_with([' ', '\n']) { "2" } else { "" };
    let pad = " ".repeat(indent);
    let mut out = format!("|{digit}{chomp}\n");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            out.push_str(&pad);
            out.push_str(line);
        }
        out.push('\n');
    }
    Some(out)
}

/// A line broken at single spaces, so that folding brings it back.
fn folded(line: &str, room: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut last = None;
    let mut width = 0;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        let next = line.get(at + c.len_utf8()..).and_then(|rest| rest.chars().next());
        if c == ' ' && before != ' ' && next.is_some_and(|next| !next.is_whitespace()) {
            if width > room
                && let Some(stop) = last
            {
                parts.push(line.get(start..stop).unwrap_or_default());
                start = stop + 1;
                width = line.get(start..at).map_or(0, |part| part.chars().count());
            }
            last = Some(at);
        }
        before = c;
        width += 1;
    }
    if width > room
        && let Some(stop) = last.filter(|stop| *stop > start)
    {
        parts.push(line.get(start..stop).unwrap_or_default());
        start = stop + 1;
    }
    parts.push(line.get(start..).unwrap_or_default());
    parts
}

fn is_plain(text: &str, position: Position) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let begins = first.is_alphanumeric() || matches!(first, '_' | '/' | '$' | '(' | '.' | '^');
    let flow = position == Position::Flow;
    let barred = |byte: u8| matches!(byte, b'#' | b'"' | b'\'' | b'\\' | b'\t') || flow && is_flow_mark(byte);
    begins
        && !text.bytes().any(barred)
        && has_printable_only(text)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        // Before a bracket, some readers take a dash for an item's.
        && (!flow || !text.ends_with(" -"))
        && !(flow && text.contains(':') && !text.contains("://"))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
        && !is_numeric(text)
}

fn is_flow_mark(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}' | b'?' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`')
}

/// Most texts are ASCII, where bytes are enough.
fn has_printable_only(text: &str) -> bool {
    if text.is_ascii() { !text.bytes().any(|byte| byte.is_ascii_control()) } else { text.chars().all(is_printable) }
}

/// Numbers, dates, times and what looks like one.
fn is_numeric(text: &str) -> bool {
    let first_ok = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '+' | '-'));
    if !first_ok {
        return false;
    }
    let word = text.trim_start_matches(['.', '+', '-']).to_ascii_lowercase();
    matches!(word.as_str(), "inf" | "nan" | "")
        || text.starts_with('.')
        || word
            .chars()
            .all(|c| c.is_ascii_hexdigit() || matches!(c, '_' | '.' | ':' | '+' | '-' | 'x' | 'o' | 't' | 'z' | ' '))
}

/// Characters that YAML lets stand, and that no reader takes for a line break.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{0085}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
        && !matches!(c, '\u{00A0}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
        && !matches!(c, '\u{E0000}'..='\u{E007F}')
}

/// A text in quotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            // Writing to a String cannot fail.
            c => {
                let _ = match u32::from(c) {
                    code @ 0..=0xFF => write!(out, "\\x{code:02X}"),
                    code @ 0x100..=0xFFFF => write!(out, "\\u{code:04X}"),
                    code => write!(out, "\\U{code:08X}"),
                };
            }
        }
    }
    out.push('"');
    out
}
