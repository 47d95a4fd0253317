//! From text to terms, the same way for tools and for queries.
//!
//! Identifier parts, lower case, without diacritics, without words that say nothing, stemmed.

use std::collections::BTreeMap;

use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, Stemmer, StopWordFilter, TextAnalyzer,
};

use super::identifier::IdentifierTokenizer;
use super::stop_words::STOP_WORDS;

/// Makes terms of text.
#[derive(Clone)]
pub(super) struct Analyser(TextAnalyzer);

impl Analyser {
    pub(super) fn new() -> Self {
        let stop_words = STOP_WORDS.split_whitespace().map(str::to_owned);
        let chain = TextAnalyzer::builder(IdentifierTokenizer::default())
            .filter(RemoveLongFilter::limit(LONGEST_TERM))
            .filter(LowerCaser)
            .filter(AsciiFoldingFilter)
            .filter(StopWordFilter::remove(stop_words))
            .filter(Stemmer::new(Language::English));
        Self(chain.build())
    }

    /// Calls `each` with every term of `text`, in order.
    pub(super) fn terms(&mut self, text: &str, mut each: impl FnMut(&str)) {
        self.0.token_stream(text).process(&mut |token| each(&token.text));
    }

    /// The terms of a query and how often each occurs, bounded.
    pub(super) fn query_terms(&self, query: &str) -> BTreeMap<String, u32> {
        let mut terms = BTreeMap::new();
        self.clone().terms(bounded(query), |term| {
            if terms.len() < MOST_QUERY_TERMS || terms.contains_key(term) {
                *terms.entry(term.to_owned()).or_insert(0) += 1;
            }
        });
        terms
    }
}

/// The beginning of a query that is read at all.
fn bounded(query: &str) -> &str {
    let mut end = query.len().min(LONGEST_QUERY);
    while !query.is_char_boundary(end) {
        end -= 1;
    }
    query.get(..end).unwrap_or_default()
}

/// In bytes; longer runs of letters and digits are keys and hashes, not words.
const LONGEST_TERM: usize = 64;
/// In bytes.
const LONGEST_QUERY: usize = 16 * 1024;
const MOST_QUERY_TERMS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        Analyser::new().query_terms(text).into_keys().collect()
    }

    #[test]
    fn words_become_stems() {
        assert_eq!(terms("Please help me to list the Repositories"), ["list", "repositori"]);
        assert_eq!(terms("Café GitHub"), ["cafe", "git", "github", "hub"]);
    }

    #[test]
    fn a_query_is_bounded() {
        assert!(terms(&"é".repeat(100_000)).is_empty());
        let many: String = (0..10_000).map(|n| format!("w{n} ")).collect();
        assert!(terms(&many).len() <= MOST_QUERY_TERMS);
    }
}
