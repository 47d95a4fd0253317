//! Texts of other programs as they may be shown: the shape stays, and what could be a credential does not.

use std::ops::Range;

/// How much of a text may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Signs and the names of members, of a JSON text without comments.
    Names,
    /// Signs.
    Signs,
}

/// A text of the same length in bytes with `x` for each letter and digit that is not shown.
pub(super) fn redacted(text: &str, shown: Shown) -> String {
    let names = if shown == Shown::Names { names(text) } else { Vec::new() };
    let mut names = names.into_iter().peekable();
    let mut redacted = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        while names.next_if(|range| range.end <= at).is_some() {}
        let is_name = names.peek().is_some_and(|range| range.contains(&at));
        if is_name || (c.is_ascii() && !c.is_ascii_alphanumeric()) {
            redacted.push(c);
        } else {
            // As many bytes as the character had, so that places stay where they are.
            redacted.extend(std::iter::repeat_n('x', c.len_utf8()));
        }
    }
    redacted
}

/// The strings before a colon.
fn names(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte != b'"' {
            at += 1;
            continue;
        }
        let end = super::jsonc::string_end(bytes, at);
        let follows = text.get(end..).unwrap_or_default().trim_start();
        if follows.starts_with(':') {
            names.push(at..end);
        }
        at = end;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        assert_eq!(redacted("{\"key\": \"sk-é1\", \"n\": 12}", Shown::Names), "{\"key\": \"xx-xxx\", \"n\": xx}");
        assert_eq!(redacted("key = \"sk-1\"", Shown::Signs), "xxx = \"xx-x\"");
    }
}
