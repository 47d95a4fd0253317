//! Terms with weights, on their way into tantivy: it counts how often a term occurs, so a term of
//! weight three is said three times, without being stored three times.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Terms and their weights in one text, a line for each. Terms have no line breaks.
#[derive(Debug, Default)]
pub(super) struct WeightedText {
    text: String,
    length: usize,
}

impl WeightedText {
    /// Adds a term.
    pub(super) fn add(&mut self, term: &str, weight: u32) {
        self.text.push_str(&format!("{weight} {term}\n"));
        self.length += weight as usize;
    }

    /// Adds a term that the text is not the longer for, being a second form of another.
    pub(super) fn add_form(&mut self, term: &str, weight: u32) {
        self.text.push_str(&format!("{weight} {term}\n"));
    }

    /// The sum of all weights.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Reads [`WeightedText`].
#[derive(Clone, Debug, Default)]
pub(super) struct WeightedTerms {
    token: Token,
}

/// The terms of one text, each as often as its weight says.
pub(super) struct Terms<'a> {
    lines: std::str::Lines<'a>,
    /// How often the current term is still to be said.
    left: u32,
    token: &'a mut Token,
}

impl Tokenizer for WeightedTerms {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        self.token.reset();
        Terms { lines: text.lines(), left: 0, token: &mut self.token }
    }
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        while self.left == 0 {
            let Some((weight, term)) = self.lines.next().and_then(|line| line.split_once(' ')) else { return false };
            self.left = weight.parse().unwrap_or_default();
            self.token.text.clear();
            self.token.text.push_str(term);
        }
        self.left -= 1;
        // Every term of a tool stands in one place: order and nearness are not looked at.
        self.token.position = 0;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
