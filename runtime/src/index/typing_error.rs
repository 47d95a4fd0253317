//! Known terms that a query's unknown term was probably meant to be.

use std::collections::BTreeSet;
use std::io;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::ToolIndex;
use super::evidence::User;

impl ToolIndex {
    /// The terms about one typing error away, the most used first; none for short terms, which have
    /// too many neighbours, nor for numbers and keys.
    pub(super) fn corrections(&self, term: &str) -> io::Result<Vec<(String, Vec<User>)>> {
        let Some(distance) = forgiven(term) else { return Ok(Vec::new()) };
        let query = FuzzyTermQuery::new(Term::from_field_text(self.field, term), distance, true);
        let Ok(automaton) = query.automaton() else { return Ok(Vec::new()) };
        let mut known = BTreeSet::new();
        for placed in &self.segments {
            for first in beginnings(term) {
                let terms = placed.segment.postings.terms().search(&automaton);
                let mut stream = terms.ge(first.to_string()).lt(after(first).to_string()).into_stream()?;
                while let Some((term, _)) = stream.next() {
                    known.extend(std::str::from_utf8(term).ok().map(str::to_owned));
                }
            }
        }
        let users = |term: String| {
            let users = self.users(&Term::from_field_text(self.field, &term))?;
            Ok((term, users))
        };
        let mut near: Vec<(String, Vec<User>)> = known.into_iter().map(users).collect::<io::Result<_>>()?;
        // They are sorted by term and this sort is stable, so ties have one order.
        near.retain(|(_, users)| !users.is_empty());
        near.sort_by_key(|(_, users)| std::cmp::Reverse(users.len()));
        near.truncate(MOST);
        Ok(near)
    }
}

/// The letters that the right term may begin with: people seldom mistype the first letter, but swap it
/// with the second. To look at all terms would take twenty times as long.
fn beginnings(term: &str) -> BTreeSet<char> {
    term.chars().take(2).collect()
}

/// The character after `first`, which bounds the terms that begin with it.
fn after(first: char) -> char {
    (first..=char::MAX).nth(1).unwrap_or(char::MAX)
}

/// How many edits a term may be away. One error in a long word can be two in its stem, because a
/// mistyped ending is stemmed in another way.
fn forgiven(term: &str) -> Option<u8> {
    match term.chars().count() {
        0..4 => None,
        _ if !term.chars().all(char::is_alphabetic) => None,
        4..8 => Some(1),
        _ => Some(2),
    }
}

/// How many known terms stand in for an unknown one.
const MOST: usize = 3;
