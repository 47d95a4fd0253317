//! Known terms that a query's unknown term was probably meant to be.

use std::collections::BTreeSet;
use std::io;

use tantivy::Term;
use tantivy::query::FuzzyTermQuery;

use super::ToolIndex;
use super::actions::ACTION;
use super::analyser::EXACT;
use super::evidence::User;

impl ToolIndex {
    /// The terms about one typing error away, the most used first; none for short terms, which have
    /// too many neighbours.
    pub(super) fn corrections(&self, term: &str) -> io::Result<Vec<(String, Vec<User>)>> {
        let Some(distance) = forgiven(term) else { return Ok(Vec::new()) };
        let query = FuzzyTermQuery::new(Term::from_field_text(self.field, term), distance, true);
        let mut known = BTreeSet::new();
        for placed in &self.segments {
            let Ok(automaton) = query.automaton() else { return Ok(Vec::new()) };
            let mut stream = placed.segment.postings.terms().search(automaton).into_stream()?;
            while let Some((term, _)) = stream.next() {
                let term = std::str::from_utf8(term).ok().filter(|term| !term.starts_with([EXACT, ACTION]));
                known.extend(term.map(str::to_owned));
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

/// How many edits a term may be away. One error in a long word can be two in its stem, because a
/// mistyped ending is stemmed in another way.
fn forgiven(term: &str) -> Option<u8> {
    match term.chars().count() {
        0..4 => None,
        4..8 => Some(1),
        _ => Some(2),
    }
}

/// How many known terms stand in for an unknown one.
const MOST: usize = 3;
