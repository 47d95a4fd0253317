//! Splitting of text into words and of identifiers into their parts.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::scripts::{Kind, is_mark, kind};

/// Yields runs of letters and digits; one that has parts (`listIssues`, `base64`) also yields them.
///
/// The whole is kept beside its parts so that `github` finds `GitHub`, which has a hump too.
#[derive(Clone, Default)]
pub(super) struct IdentifierTokenizer {
    token: Token,
    pieces: Vec<Piece>,
}

/// A word or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    range: Range<usize>,
    /// The number of its word in the text.
    word: usize,
    form: Form,
}

/// What a piece is of its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// All of it, and it has no parts.
    Simple,
    /// All of it; its parts follow.
    Compound,
    Part,
}

/// The stream of an [`IdentifierTokenizer`].
pub(super) struct IdentifierStream<'a> {
    text: &'a str,
    token: &'a mut Token,
    pieces: std::vec::Drain<'a, Piece>,
}

/// `position_length` of a part of a word, of a word without parts, of a word with parts: filters of
/// tokens leave it alone, so it tells the analyser what a token is.
pub(super) const PART: usize = 0;
pub(super) const SIMPLE: usize = 1;
pub(super) const COMPOUND: usize = 2;

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
        self.token.position = piece.word;
        self.token.position_length = match piece.form {
            Form::Part => PART,
            Form::Simple => SIMPLE,
            Form::Compound => COMPOUND,
        };
        self.token.offset_from = piece.range.start;
        self.token.offset_to = piece.range.end;
        self.token.text.clear();
        self.token.text.extend(self.text.get(piece.range).unwrap_or_default().chars().filter(|it| !is_mark(*it)));
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

fn collect_words(text: &str, pieces: &mut Vec<Piece>) {
    let mut word = 0;
    let mut rest = text.char_indices().map(|(at, character)| (at, kind(character))).peekable();
    while let Some((start, first)) = rest.next() {
        if matches!(first, Kind::Between | Kind::Mark) {
            continue;
        }
        let is_unspaced = first == Kind::Unspaced;
        let goes_on =
            |kind: Kind| kind != Kind::Between && (kind == Kind::Mark || (kind == Kind::Unspaced) == is_unspaced);
        while rest.next_if(|(_, kind)| goes_on(*kind)).is_some() {}
        let end = rest.peek().map_or(text.len(), |(at, _)| *at);
        let collect = if is_unspaced { collect_pairs } else { collect_parts };
        collect(text, start..end, word, pieces);
        word += 1;
    }
}

/// Every two neighbours of a run of letters without spaces: where its words begin would take a
/// dictionary to say, and two letters are about a word.
fn collect_pairs(text: &str, run: Range<usize>, word: usize, pieces: &mut Vec<Piece>) {
    let letters = text.get(run.clone()).unwrap_or_default().char_indices().filter(|(_, it)| !is_mark(*it));
    let starts: Vec<usize> = letters.map(|(at, _)| run.start + at).collect();
    let ends = starts.iter().copied().skip(2).chain([run.end]);
    let pairs = starts.iter().zip(ends).map(|(start, end)| *start..end);
    pieces.extend(pairs.map(|range| Piece { range, word, form: Form::Simple }));
}

/// The word itself, then its parts if it has more than one.
fn collect_parts(text: &str, whole: Range<usize>, word: usize, pieces: &mut Vec<Piece>) {
    let first = pieces.len();
    pieces.push(Piece { range: whole.clone(), word, form: Form::Simple });
    let mut start = whole.start;
    let mut previous: Option<(usize, Kind)> = None;
    let mut earlier = None;
    for (offset, character) in text.get(whole.clone()).unwrap_or_default().char_indices() {
        let at = whole.start + offset;
        let current = kind(character);
        if current == Kind::Mark {
            continue;
        }
        if let Some(cut) = boundary(earlier, previous, (at, current)).filter(|cut| *cut > start) {
            pieces.push(Piece { range: start..cut, word, form: Form::Part });
            start = cut;
        }
        earlier = previous.map(|(_, kind)| kind);
        previous = Some((at, current));
    }
    if pieces.len() > first + 1 {
        pieces.push(Piece { range: start..whole.end, word, form: Form::Part });
        if let Some(piece) = pieces.get_mut(first) {
            piece.form = Form::Compound;
        }
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
        pieces.into_iter().map(|piece| &text[piece.range]).collect()
    }

    #[test]
    fn identifiers_have_parts() {
        assert_eq!(words("list_repo-issues"), ["list", "repo", "issues"]);
        assert_eq!(words("listIssues v2"), ["listIssues", "list", "Issues", "v2", "v", "2"]);
        assert_eq!(words("HTTPServer"), ["HTTPServer", "HTTP", "Server"]);
        assert_eq!(words("é😀ß Ünder"), ["é", "ß", "Ünder"]);
        assert_eq!(words("cafe\u{301}Bar"), ["cafe\u{301}Bar", "cafe\u{301}", "Bar"]);
        assert_eq!(words(""), Vec::<&str>::new());
    }

    #[test]
    fn scripts_without_spaces_are_read_in_pairs() {
        assert_eq!(words("查询天气 v2天"), ["查询", "询天", "天气", "v2", "v", "2", "天"]);
        assert_eq!(words("GitHub仓库"), ["GitHub", "Git", "Hub", "仓库"]);
        assert_eq!(words("อากาศ"), ["อา", "าก", "กา", "าศ"]);
    }
}
