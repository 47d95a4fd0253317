//! Known terms that a query's unknown term was probably meant to be.

use std::io;

use tantivy::Term;
use tantivy::postings::TermInfo;
use tantivy::query::FuzzyTermQuery;

use super::ToolIndex;

impl ToolIndex {
    /// The terms about one typing error away, the most used first; none for short terms, which have
    /// too many neighbours.
    pub(super) fn corrections(&self, term: &str) -> io::Result<Vec<TermInfo>> {
        let Some(distance) = forgiven(term) else { return Ok(Vec::new()) };
        let query = FuzzyTermQuery::new(Term::from_field_text(self.field, term), distance, true);
        let Ok(automaton) = query.automaton() else { return Ok(Vec::new()) };
        let mut near = Vec::new();
        let mut stream = self.postings.terms().search(automaton).into_stream()?;
        while let Some((_, info)) = stream.next() {
            near.push(info.clone());
        }
        // The stream is sorted by term and this sort is stable, so ties have one order.
        near.sort_by_key(|info| std::cmp::Reverse(info.doc_freq));
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
