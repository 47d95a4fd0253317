//! Known terms that a query's unknown term was probably meant to be.

use std::io;

use tantivy::Term;
use tantivy::postings::TermInfo;
use tantivy::query::FuzzyTermQuery;

use super::ToolIndex;

impl ToolIndex {
    /// The terms one typing error away, the most used first; none for short terms, which have too
    /// many neighbours.
    pub(super) fn corrections(&self, term: &str) -> io::Result<Vec<TermInfo>> {
        if term.chars().count() < SHORTEST {
            return Ok(Vec::new());
        }
        let query = FuzzyTermQuery::new(Term::from_field_text(self.field, term), 1, true);
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

/// In characters of the stemmed term.
const SHORTEST: usize = 4;
const MOST: usize = 3;
