//! One line of allowed signers, cut into its fields: principals, options, key.

use std::ops::Range;

/// The fields of a line, with where they stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'t> {
    pub(super) principals: Field<'t>,
    pub(super) options: Vec<RawOption<'t>>,
    /// The type of the key.
    pub(super) kind: Field<'t>,
    /// The key in base64.
    pub(super) key: Field<'t>,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

/// An option: a name, and what stands between quotes behind `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawOption<'t> {
    pub(super) name: &'t str,
    pub(super) value: Option<String>,
    pub(super) at: Range<usize>,
}

/// What is wrong with a line, where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) label: &'static str,
    pub(super) at: Range<usize>,
}

impl Field<'_> {
    pub(super) fn range(&self) -> Range<usize> {
        self.at..self.at + self.text.len()
    }
}

/// Cuts a line that is neither empty nor a comment.
pub(super) fn cut(line: &str) -> Result<Line<'_>, Malformed> {
    let (principals, rest) = principals(line)?;
    let (first, after) = word(line, rest);
    let (options, kind, after) = if is_key_type(first.text) || first.text.is_empty() {
        (Vec::new(), first, after)
    } else {
        let end = end_of_options(line, first.at);
        let (kind, after) = word(line, end);
        (options(line, first.at..end)?, kind, after)
    };
    let (key, _) = word(line, after);
    if kind.text.is_empty() || key.text.is_empty() {
        let end = line.trim_end().len();
        return Err(Malformed { label: "expected principals, options if any, and a public key", at: 0..end });
    }
    Ok(Line { principals, options, kind, key })
}

/// The first field, which may stand between quotes, and where it ends.
fn principals(line: &str) -> Result<(Field<'_>, usize), Malformed> {
    let start = line.len() - line.trim_start().len();
    let text = line.get(start..).unwrap_or_default();
    let Some(quoted) = text.strip_prefix('"') else { return Ok(word(line, start)) };
    match quoted.find('"') {
        Some(end) => Ok((Field { text: quoted.get(..end).unwrap_or_default(), at: start + 1 }, start + end + 2)),
        None => Err(Malformed { label: "this quote is not closed", at: start..start + 1 }),
    }
}

/// The next word from a place on, and where it ends.
fn word(line: &str, from: usize) -> (Field<'_>, usize) {
    let rest = line.get(from..).unwrap_or_default();
    let at = from + rest.len() - rest.trim_start().len();
    let text = rest.split_whitespace().next().unwrap_or_default();
    (Field { text, at }, at + text.len())
}

/// Where white space ends the options: not within quotes.
fn end_of_options(line: &str, from: usize) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in line.get(from..).unwrap_or_default().char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => return from + at,
            _ => {}
        }
    }
    line.len()
}

fn options(line: &str, place: Range<usize>) -> Result<Vec<RawOption<'_>>, Malformed> {
    let mut options = Vec::new();
    let mut from = place.start;
    loop {
        let rest = line.get(from..place.end).unwrap_or_default();
        let name = rest.split([',', '=']).next().unwrap_or_default();
        let mut end = from + name.len();
        let value = match line.get(end..place.end).and_then(|rest| rest.strip_prefix('=')) {
            Some(rest) => {
                let (value, length) =
                    quoted(rest).ok_or(Malformed { label: "expected a value between quotes", at: from..place.end })?;
                end += 1 + length;
                Some(value)
            }
            None => None,
        };
        options.push(RawOption { name, value, at: from..end });
        match line.get(end..place.end).and_then(|rest| rest.chars().next()) {
            None => return Ok(options),
            Some(',') => from = end + 1,
            Some(_) => return Err(Malformed { label: "expected a comma between options", at: end..place.end }),
        }
    }
}

/// What stands between quotes at the beginning, and how long it is with them.
fn quoted(text: &str) -> Option<(String, usize)> {
    let inner = text.strip_prefix('"')?;
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in inner.char_indices() {
        match c {
            '"' if escaped => value.push('"'),
            '"' => return Some((value, at + 2)),
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            c if escaped => value.extend(['\\', c]),
            c => value.push(c),
        }
        escaped = false;
    }
    None
}

/// Whether a word is how OpenSSH names a type of keys, one that is read here or not.
fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].iter().any(|start| word.starts_with(start))
        && !word.contains(['=', ',', '"'])
}
