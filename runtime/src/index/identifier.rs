//! Splitting of text into words and of identifiers into their parts.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Yields runs of letters and digits; one that has parts (`listIssues`, `base64`) also yields them.
///
/// The whole is kept beside its parts so that `github` finds `GitHub`, which has a hump too.
#[derive(Clone, Default)]
pub(super) struct IdentifierTokenizer {
    token: Token,
    pieces: Vec<Range<usize>>,
}

/// The stream of an [`IdentifierTokenizer`].
pub(super) struct IdentifierStream<'a> {
    text: &'a str,
    token: &'a mut Token,
    pieces: std::vec::Drain<'a, Range<usize>>,
}

impl Tokenizer for IdentifierTokenizer {
    type TokenStream<'a> = IdentifierStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> IdentifierStream<'a> {
        self.token.reset();
        self.pieces.clear();
        collect_words(text, &mut self.pieces);
        IdentifierStream { text, token: &mut self.token, pieces: self.pieces.drain(..) }
    }
}

impl TokenStream for IdentifierStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(piece) = self.pieces.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.offset_from = piece.start;
        self.token.offset_to = piece.end;
        self.token.text.clear();
        self.token.text.push_str(self.text.get(piece).unwrap_or_default());
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The kinds of characters whose meeting divides an identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Between,
}

fn kind(character: char) -> Kind {
    match character {
        c if c.is_numeric() => Kind::Digit,
        c if c.is_uppercase() => Kind::Upper,
        c if c.is_alphanumeric() => Kind::Lower,
        _ => Kind::Between,
    }
}

fn collect_words(text: &str, pieces: &mut Vec<Range<usize>>) {
    let mut start = None;
    for (at, character) in text.char_indices() {
        match (start, kind(character)) {
            (Some(from), Kind::Between) => {
                collect_parts(text, from..at, pieces);
                start = None;
            }
            (None, Kind::Upper | Kind::Lower | Kind::Digit) => start = Some(at),
            (Some(_), Kind::Upper | Kind::Lower | Kind::Digit) | (None, Kind::Between) => {}
        }
    }
    if let Some(from) = start {
        collect_parts(text, from..text.len(), pieces);
    }
}

/// The word itself, then its parts if it has more than one.
fn collect_parts(text: &str, word: Range<usize>, pieces: &mut Vec<Range<usize>>) {
    pieces.push(word.clone());
    let before = pieces.len();
    let mut start = word.start;
    let mut previous: Option<(usize, Kind)> = None;
    let mut earlier = None;
    for (offset, character) in text.get(word.clone()).unwrap_or_default().char_indices() {
        let at = word.start + offset;
        let current = kind(character);
        if let Some(cut) = boundary(earlier, previous, (at, current)).filter(|cut| *cut > start) {
            pieces.push(start..cut);
            start = cut;
        }
        earlier = previous.map(|(_, kind)| kind);
        previous = Some((at, current));
    }
    if pieces.len() > before {
        pieces.push(start..word.end);
    }
}

/// Where a part ends, when the character `at` is reached: before it in `listIssues` and `v2`, one
/// earlier in `HTTPServer`, whose `S` belongs to what follows.
fn boundary(earlier: Option<Kind>, previous: Option<(usize, Kind)>, (at, current): (usize, Kind)) -> Option<usize> {
    let (previous_at, previous) = previous?;
    match (previous, current) {
        (Kind::Lower, Kind::Upper) | (Kind::Digit, Kind::Upper | Kind::Lower) => Some(at),
        (Kind::Upper | Kind::Lower, Kind::Digit) => Some(at),
        (Kind::Upper, Kind::Lower) if earlier == Some(Kind::Upper) => Some(previous_at),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut pieces = Vec::new();
        collect_words(text, &mut pieces);
        pieces.into_iter().map(|piece| &text[piece]).collect()
    }

    #[test]
    fn identifiers_have_parts() {
        assert_eq!(words("list_repo-issues"), ["list", "repo", "issues"]);
        assert_eq!(words("listIssues v2"), ["listIssues", "list", "Issues", "v2", "v", "2"]);
        assert_eq!(words("HTTPServer"), ["HTTPServer", "HTTP", "Server"]);
        assert_eq!(words("é中文😀ß Ünder"), ["é中文", "ß", "Ünder"]);
        assert_eq!(words(""), Vec::<&str>::new());
    }
}
