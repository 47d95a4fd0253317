//! Percent-encoding, and what is refused because no encoding makes it safe.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What `allowReserved` lets through in a query. `&`, `;`, `+`, `#`, `[` and `]` stay encoded: they
/// would end the value, mean another character, or are not allowed in a query by RFC 3986.
const RESERVED: &AsciiSet = &VALUE
    .remove(b':')
    .remove(b'/')
    .remove(b'?')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b',')
    .remove(b'=');

/// Which characters of a value stay as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Escape {
    /// Unreserved characters only.
    All,
    /// Reserved characters too, as OpenAPI's `allowReserved` says.
    Reserved,
    /// Everything: the place has rules of its own.
    Nothing,
}

impl Escape {
    /// The text as it stands in its place.
    pub(crate) fn apply(self, text: &str) -> String {
        match self {
            Self::All => percent_encode(text),
            Self::Reserved => keep_triples(text),
            Self::Nothing => text.to_owned(),
        }
    }
}

/// Everything but unreserved characters encoded.
pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, VALUE).to_string()
}

/// RFC 6570's reserved expansion: percent-encoded triples pass through.
fn keep_triples(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        out.extend(utf8_percent_encode(before, RESERVED));
        let triple = from.get(..3).filter(|triple| triple.bytes().skip(1).all(|byte| byte.is_ascii_hexdigit()));
        out.push_str(triple.unwrap_or("%25"));
        rest = from.get(triple.map_or(1, str::len)..).unwrap_or_default();
    }
    out.extend(utf8_percent_encode(rest, RESERVED));
    out
}

/// Whether a text has characters that could begin a new line or confuse a server's parser.
pub(crate) fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Whether a path segment means "here" or "above" to some server once it is decoded.
pub(crate) fn is_dots(segment: &str) -> bool {
    let decoded = percent_encoding::percent_decode_str(segment);
    !segment.is_empty() && decoded.into_iter().all(|byte| byte == b'.')
}
