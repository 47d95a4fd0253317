//! Searching: every term of the query adds to the tools that use it, then names, then the best.
//!
//! A query is never parsed: no character in it is an operator, and no text is an error.

use std::io;

use tantivy::postings::{Postings, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED, Term};

use super::ToolIndex;
use super::names::NameMatch;

/// The best tools for a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Best first; equal scores in the order of the tools.
    pub hits: Vec<Hit>,
    /// How many tools match at all.
    pub total: usize,
}

/// A tool that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Its place among the tools that were indexed.
    pub tool: usize,
    /// Comparable within one reply; three decimals.
    pub score: f64,
}

/// The scores of all tools so far.
struct Scores {
    scores: Vec<f32>,
    /// The most that the terms alone can give.
    bound: f32,
}

impl ToolIndex {
    /// The best `limit` of the tools that `admits` lets through.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize, admits: impl Fn(usize) -> bool) -> Found {
        let mut scores = Scores { scores: vec![0.0; self.len()], bound: 1.0 };
        for (term, count) in self.analyser.query_terms(query) {
            if let Err(error) = self.add_term(&mut scores, &term, count) {
                tracing::error!(%error, "internal error: the index in memory could not be read");
            }
        }
        self.add_names(&mut scores, query);
        best(&scores.scores, limit, admits)
    }

    fn add_term(&self, scores: &mut Scores, term: &str, count: u32) -> io::Result<()> {
        let weight = query_weight(count);
        if let Some(info) = self.postings.get_term_info(&Term::from_field_text(self.field, term))? {
            return self.add_postings(scores, &info, weight);
        }
        for info in self.corrections(term)? {
            self.add_postings(scores, &info, weight * CORRECTED)?;
        }
        Ok(())
    }

    fn add_postings(&self, scores: &mut Scores, info: &TermInfo, weight: f32) -> io::Result<()> {
        let worth = weight * self.rarity(info.doc_freq);
        scores.bound += worth;
        let mut postings = self.postings.read_postings_from_terminfo(info, IndexRecordOption::WithFreqs)?;
        let mut tool = postings.doc();
        while tool != TERMINATED {
            scores.add(tool, worth * self.strength(tool, postings.term_freq()));
            tool = postings.advance();
        }
        Ok(())
    }

    fn add_names(&self, scores: &mut Scores, query: &str) {
        for (tool, name) in self.names.matches(query) {
            let share = match name {
                NameMatch::Full => 4.0,
                NameMatch::Local => 2.0,
                NameMatch::Prefix => 0.5,
            };
            scores.add(tool, share * scores.bound);
        }
    }
}

impl Scores {
    fn add(&mut self, tool: u32, points: f32) {
        if let Some(score) = self.scores.get_mut(tool as usize) {
            *score += points;
        }
    }
}

/// A term that is said twice counts a little more.
fn query_weight(count: u32) -> f32 {
    if count > 1 { 1.5 } else { 1.0 }
}

fn best(scores: &[f32], limit: usize, admits: impl Fn(usize) -> bool) -> Found {
    let mut hits: Vec<Hit> = scores
        .iter()
        .enumerate()
        .filter(|(tool, score)| **score > 0.0 && admits(*tool))
        .map(|(tool, score)| Hit { tool, score: rounded(*score) })
        .collect();
    let total = hits.len();
    let order = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.tool.cmp(&b.tool));
    if limit < total {
        hits.select_nth_unstable_by(limit, order);
        hits.truncate(limit);
    }
    hits.sort_unstable_by(order);
    Found { hits, total }
}

/// Rounded before tools are ordered, so that the order is what the shown scores say.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1000.0).round() / 1000.0
}

/// What a term counts that was probably mistyped.
const CORRECTED: f32 = 0.6;

#[cfg(test)]
mod tests {
    use crate::index::{ToolIndex, ToolText};

    fn index(tools: &[(&'static str, &'static str)]) -> ToolIndex {
        let texts = tools.iter().map(|(name, description)| ToolText {
            name,
            local_name: name.split_once("__").map_or(name, |(_, local)| local),
            description,
            ..ToolText::default()
        });
        ToolIndex::build(texts).unwrap()
    }

    fn names(index: &ToolIndex, query: &str) -> Vec<usize> {
        index.search(query, 10, |_| true).hits.into_iter().map(|hit| hit.tool).collect()
    }

    #[test]
    fn any_string_is_a_query() {
        let index = index(&[("a__list_issues", "Lists issues")]);
        for query in ["", " ", "AND OR NOT", "a:b^2~ \"", "😀", "\0\u{202e}", "((((", &"x".repeat(1 << 20)] {
            let _ = names(&index, query);
        }
        assert!(names(&self::index(&[]), "issue").is_empty());
    }

    #[test]
    fn exact_names_come_first() {
        let index =
            index(&[("a__list", "issues issues issue list"), ("b__list_issues", ""), ("b__list_issues_all", "")]);
        assert_eq!(names(&index, "list_issues").first(), Some(&1));
        assert_eq!(names(&index, "b__list_issues_all").first(), Some(&2));
    }

    #[test]
    fn a_typing_error_is_forgiven() {
        let index = index(&[("weather", "The forecast"), ("issues", "The repository")]);
        assert_eq!(names(&index, "forcast"), [0]);
        assert_eq!(names(&index, "repositroy"), [1]);
    }

    #[test]
    fn ties_keep_the_order_of_the_tools() {
        let index = index(&[("a", "same words"), ("b", "same words"), ("c", "same words")]);
        assert_eq!(names(&index, "words"), [0, 1, 2]);
        assert_eq!(index.search("words", 1, |tool| tool > 0).hits[0].tool, 1);
        assert_eq!(index.search("words", 1, |tool| tool > 0).total, 2);
    }
}
