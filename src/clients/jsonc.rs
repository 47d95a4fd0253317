//! JSON with comments and trailing commas, read by putting spaces in their place: every byte of the
//! JSON that is left stands where it stood.

use std::ops::Range;

use serde_json::Value;

/// Why a text is not JSON, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) bytes: Range<usize>,
}

/// The text with spaces for comments, trailing commas and a byte-order mark; of the same length.
pub(super) fn plain(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if text.starts_with('\u{feff}') {
        blank(&mut bytes, 0..3);
    }
    let mut at = 0;
    // A comma after which nothing but space and comments has come, and what stood before it.
    let (mut comma, mut before) = (None, b'{');
    // Where one comment is not closed, none after it is; nobody looks for the end again.
    let last_close = text.rfind("*/").unwrap_or(0);
    while let Some(byte) = bytes.get(at).copied() {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => string_end(&bytes, at),
            (b'/', Some(b'/')) => line_end(&bytes, at),
            (b'/', Some(b'*')) if at < last_close => comment_end(&bytes, at),
            _ => at + 1,
        };
        match byte {
            b'/' if end > at + 1 => blank(&mut bytes, at..end),
            b'}' | b']' => {
                if let Some(comma) = comma.take() {
                    blank(&mut bytes, comma..comma + 1);
                }
            }
            // A comma that ends nothing is a fault.
            b',' => comma = (!matches!(before, b'{' | b'[' | b',')).then_some(at),
            b' ' | b'\t' | b'\r' | b'\n' => {}
            _ => comma = None,
        }
        let is_comment = byte == b'/' && end > at + 1;
        if !is_comment && !byte.is_ascii_whitespace() {
            before = byte;
        }
        at = end;
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

/// Reads a text; one that has nothing is an empty object.
///
/// # Errors
/// Where and why it is not JSON. Nothing of the text is repeated.
pub(super) fn parse(text: &str) -> Result<Value, Fault> {
    let plain = plain(text);
    if plain.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_str(&plain).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        let start = offset(&plain, error.line(), error.column());
        Fault { message, bytes: start..(start + 1).min(text.len()) }
    })
}

/// The byte after a string's closing quote; of one that is not closed, the end.
pub(super) fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    loop {
        match bytes.get(at) {
            None => return bytes.len(),
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let length = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')));
    length.map_or(bytes.len(), |length| at + length)
}

/// The byte after a comment; one that is not closed is none.
fn comment_end(bytes: &[u8], at: usize) -> usize {
    let inside = bytes.get(at + 2..).unwrap_or_default();
    inside.windows(2).position(|pair| pair == b"*/").map_or(at + 1, |length| at + 4 + length)
}

fn blank(bytes: &mut [u8], range: Range<usize>) {
    if let Some(part) = bytes.get_mut(range) {
        part.fill(b' ');
    }
}

/// The byte at a line and a column of bytes, both from one.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let at = (before + column.saturating_sub(1)).min(text.len().saturating_sub(1));
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn comments_and_trailing_commas_are_passed_over() {
        let text =
            "\u{feff}// first\n{\"a\": 1, /* two\nlines */ \"b\": [1, 2, // x\n ], \"url\": \"http://x/*y*/\", }\n";
        assert_eq!(parse(text), Ok(json!({"a": 1, "b": [1, 2], "url": "http://x/*y*/"})));
        assert_eq!(plain(text).len(), text.len());
        assert_eq!(parse(" // nothing\n"), Ok(json!({})));
    }

    #[test]
    fn what_is_not_json_is_told_at_its_place() {
        for (text, at) in
            [("{\"a\": }", 6), ("{\"a\" 1}", 5), ("{/*", 0), ("{\n\"é\": tru}", 10), ("{,}", 1), ("\"", 0)]
        {
            let fault = parse(text).unwrap_err();
            assert!(fault.bytes.start.abs_diff(at) <= 3, "{text}: {fault:?}");
            assert!(text.get(fault.bytes).is_some() || text.is_empty(), "{text}");
        }
        for hostile in ["[", "/*", "\"", "//", "{\"a\":", ",", "*/"] {
            assert!(parse(&hostile.repeat(1_000_000)).is_err() || hostile == "//", "{hostile}");
        }
    }
}
