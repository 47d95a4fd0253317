//! From text to terms, the same way for tools and for queries.
//!
//! Identifier parts, lower case, without diacritics, without words that say nothing, stemmed. Beside
//! its stem a word has a second term, the word as it stands, so that of two tools with the same stem
//! the one that says the very word is ahead.

use std::collections::BTreeSet;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, StopWordFilter, TextAnalyzer, Token,
};

use super::actions;
use super::identifier::{COMPOUND, IdentifierTokenizer, PART};
use super::scripts::is_mark;
use super::stop_words::STOP_WORDS;

/// Makes terms of text.
#[derive(Clone)]
pub(super) struct Analyser {
    chain: TextAnalyzer,
    /// The same for verbs, of which many are stop words.
    verbs: TextAnalyzer,
    exact: String,
}

/// A word of a text, or a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    /// Its stem.
    pub(super) stem: &'a str,
    /// The term for the word as it stands.
    pub(super) exact: &'a str,
    /// The number of the word in the text.
    pub(super) number: usize,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    pub(super) form: Form,
}

/// What it is of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A word without parts.
    Simple,
    /// A word whose parts follow.
    Compound,
    Part,
}

impl Analyser {
    pub(super) fn new() -> Self {
        let stop_words = STOP_WORDS.split_whitespace().map(str::to_owned);
        let chain = TextAnalyzer::builder(IdentifierTokenizer::default())
            .filter(RemoveLongFilter::limit(LONGEST_TERM))
            .filter(LowerCaser)
            .filter(AsciiFoldingFilter)
            .filter(StopWordFilter::remove(stop_words))
            .filter(Stemmer::new(Language::English));
        let verbs = TextAnalyzer::builder(IdentifierTokenizer::default())
            .filter(RemoveLongFilter::limit(LONGEST_TERM))
            .filter(LowerCaser)
            .filter(Stemmer::new(Language::English));
        Self { chain: chain.build(), verbs: verbs.build(), exact: String::new() }
    }

    /// Calls `each` with the class of every verb in `text` that has one, and where it begins, in bytes.
    pub(super) fn actions(&mut self, text: &str, mut each: impl FnMut(&'static str, usize)) {
        self.verbs.token_stream(text).process(&mut |token| {
            if let Some(class) = actions::class(&token.text) {
                each(class, token.offset_from);
            }
        });
    }

    /// Calls `each` with the term for every word of `text` that [`Self::words`] leaves out.
    pub(super) fn little_words(&mut self, text: &str, mut each: impl FnMut(&str)) {
        let mut said = BTreeSet::new();
        self.words(text, |word| {
            said.insert(word.stem.to_owned());
        });
        let mut term = String::new();
        self.verbs.token_stream(text).process(&mut |token| {
            if !said.contains(&token.text) {
                term.clear();
                term.extend([LITTLE]);
                term.push_str(&token.text);
                each(&term);
            }
        });
    }

    /// Calls `each` with every word of `text`, in order.
    pub(super) fn words(&mut self, text: &str, mut each: impl FnMut(Word<'_>)) {
        let Self { chain, exact, .. } = self;
        chain.token_stream(text).process(&mut |token| {
            exact.clear();
            exact.push(EXACT);
            let said = text.get(token.offset_from..token.offset_to).unwrap_or_default();
            exact.extend(said.chars().filter(|it| !is_mark(*it)).flat_map(char::to_lowercase));
            let (stem, exact) = (token.text.as_str(), exact.as_str());
            each(Word { stem, exact, number: token.position, start: token.offset_from, form: form(token) });
        });
    }
}

fn form(token: &Token) -> Form {
    match token.position_length {
        PART => Form::Part,
        COMPOUND => Form::Compound,
        _ => Form::Simple,
    }
}

/// What the terms for words as they stand begin with; stems are of letters and digits.
pub(super) const EXACT: char = '=';

/// What the terms for words begin with that say nothing, unless there is nothing else.
pub(super) const LITTLE: char = '~';

/// In bytes; longer runs of letters and digits are keys and hashes, not words.
const LONGEST_TERM: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        let mut stems = Vec::new();
        Analyser::new().words(text, |word| stems.push(word.stem.to_owned()));
        stems
    }

    #[test]
    fn words_become_stems() {
        assert_eq!(stems("Please help me to list the Repositories"), ["list", "repositori"]);
        assert_eq!(stems("Café GitHub"), ["cafe", "github", "git", "hub"]);
    }
}
