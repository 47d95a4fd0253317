//! Known words that a query's unknown word was probably meant to be.
//!
//! Words are compared as they stand, because one typing error can make two stems quite unlike each other:
//! `notifciations` is not stemmed as `notifications` is. What is found counts by its stem.

use std::collections::BTreeSet;
use std::io;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::ToolIndex;
use super::analyser::EXACT;
use super::evidence::{Admitted, User};

impl ToolIndex {
    /// The stems of the words one typing error from the one that `exact` stands for, the most used first; none
    /// for short words, which have too many neighbours, nor for numbers and keys.
    pub(super) fn corrections(&self, exact: &str, admitted: &Admitted) -> io::Result<Vec<(String, Vec<User>)>> {
        if is_forgiven(exact) { self.stems_of(&self.words_near(exact)?, admitted) } else { Ok(Vec::new()) }
    }

    /// The terms for words as they stand that are one edit away: a letter more, less, other, or swapped.
    fn words_near(&self, exact: &str) -> io::Result<BTreeSet<String>> {
        let query = FuzzyTermQuery::new(Term::from_field_text(self.field, exact), 1, true);
        let mut near = BTreeSet::new();
        let Ok(automaton) = query.automaton() else { return Ok(near) };
        for placed in &self.segments {
            for first in beginnings(exact) {
                let terms = placed.segment.postings.terms().search(&automaton);
                let (from, to) = (format!("{EXACT}{first}"), format!("{EXACT}{}", after(first)));
                let mut stream = terms.ge(from).lt(to).into_stream()?;
                while let Some((term, _)) = stream.next() {
                    near.extend(std::str::from_utf8(term).ok().map(str::to_owned));
                }
            }
        }
        Ok(near)
    }

    /// The stems of words, each once, with the tools that use them.
    fn stems_of(&self, words: &BTreeSet<String>, admitted: &Admitted) -> io::Result<Vec<(String, Vec<User>)>> {
        let (mut analyser, mut stems) = (self.analyser.clone(), BTreeSet::new());
        for word in words {
            analyser.words(word, |word| {
                stems.insert(word.stem.to_owned());
            });
        }
        let users = |stem: String| {
            let users = self.users(&Term::from_field_text(self.field, &stem), admitted)?;
            Ok((stem, users))
        };
        let mut near: Vec<(String, Vec<User>)> = stems.into_iter().map(users).collect::<io::Result<_>>()?;
        near.retain(|(_, users)| !users.is_empty());
        // They are sorted by stem and this sort is stable, so ties have one order.
        near.sort_by_key(|(_, users)| std::cmp::Reverse(users.len()));
        near.truncate(MOST);
        Ok(near)
    }
}

/// The letters that the right word may begin with: people seldom mistype the first letter, but swap it
/// with the second. To look at all words would take twenty times as long.
fn beginnings(exact: &str) -> BTreeSet<char> {
    exact.chars().skip(1).take(2).collect()
}

/// The character after `first`, which bounds the terms that begin with it.
fn after(first: char) -> char {
    (first..=char::MAX).nth(1).unwrap_or(char::MAX)
}

fn is_forgiven(exact: &str) -> bool {
    let word = exact.trim_start_matches(EXACT);
    word.chars().count() >= SHORTEST && word.chars().all(char::is_alphabetic)
}

/// In letters.
const SHORTEST: usize = 4;
/// How many known words stand in for an unknown one.
const MOST: usize = 3;
