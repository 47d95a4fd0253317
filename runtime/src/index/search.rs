//! Searching: every term of the query adds to the tools that use it, then names, then the best.
//!
//! A query is never parsed: no character in it is an operator, and no text is an error.

use std::io;

use tantivy::postings::Postings;
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

/// A tool that uses a term.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    tool: u32,
    /// How often, as weighted.
    frequency: u32,
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
        let users = self.users(&Term::from_field_text(self.field, term))?;
        if !users.is_empty() {
            self.add_users(scores, &users, weight);
            return Ok(());
        }
        for users in self.corrections(term)? {
            self.add_users(scores, &users, weight * CORRECTED);
        }
        Ok(())
    }

    /// The living tools that use a term.
    pub(super) fn users(&self, term: &Term) -> io::Result<Vec<User>> {
        let mut users = Vec::new();
        for placed in &self.segments {
            let postings = &placed.segment.postings;
            let Some(mut postings) = postings.read_postings(term, IndexRecordOption::WithFreqs)? else { continue };
            let mut number = postings.doc();
            while number != TERMINATED {
                users.extend(placed.place(number).map(|tool| User { tool, frequency: postings.term_freq() }));
                number = postings.advance();
            }
        }
        Ok(users)
    }

    fn add_users(&self, scores: &mut Scores, users: &[User], weight: f32) {
        let worth = weight * self.rarity(users.len());
        scores.bound += worth;
        for user in users {
            scores.add(user.tool, worth * self.strength(user.tool, user.frequency));
        }
    }

    fn add_names(&self, scores: &mut Scores, query: &str) {
        for placed in &self.segments {
            for (number, name) in placed.segment.names.matches(query) {
                let share = match name {
                    NameMatch::Full => 4.0,
                    NameMatch::Local => 2.0,
                    NameMatch::Prefix => 0.5,
                };
                if let Some(tool) = placed.place(number) {
                    scores.add(tool, share * scores.bound);
                }
            }
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
    use crate::index::{Before, ToolIndex, ToolText};

    fn index(tools: &[(&'static str, &'static str)]) -> ToolIndex {
        ToolIndex::update(None, &vec![None; tools.len()], |at| text(tools[at])).unwrap()
    }

    fn text((name, description): (&'static str, &'static str)) -> ToolText<'static> {
        let local_name = name.split_once("__").map_or(name, |(_, local)| local);
        ToolText { name, local_name, description, ..ToolText::default() }
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

    /// Tools come, go and change places, many times; each time the index gives what a new one gives.
    #[test]
    fn changed_is_as_good_as_new() {
        const TEXTS: [(&str, &str); 6] = [
            ("list_issues", "Lists the issues of a repository, and more issues"),
            ("close_issue", "Closes an issue"),
            ("forecast", "The weather of tomorrow"),
            ("add_label", "Labels an issue of a repository"),
            ("merge_pull", "Merges the pull request of a repository"),
            ("tomorrow", "The forecast of an issue"),
        ];
        let (mut tools, mut index): (Vec<usize>, ToolIndex) = (Vec::new(), index(&[]));
        let mut number: usize = 1;
        for round in 0..300 {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let drawn = (number >> 33) % TEXTS.len();
            let mut next: Vec<(usize, Before)> = tools.iter().copied().zip((0..).map(Some)).collect();
            match round % 7 {
                0..4 => next.insert((number >> 40) % (next.len() + 1), (drawn, None)),
                4 | 5 => next.truncate(next.len() - 1),
                _ => next.rotate_left(1),
            }
            let places: Vec<Before> = next.iter().map(|(_, before)| *before).collect();
            tools = next.iter().map(|(tool, _)| *tool).collect();
            index = ToolIndex::update(Some(&index), &places, |at| text(TEXTS[tools[at]])).unwrap();
            let texts: Vec<_> = tools.iter().map(|tool| TEXTS[*tool]).collect();
            let fresh = self::index(&texts);
            for query in ["issues of the repository", "tomorow", "list_issues", "merge a label"] {
                assert_eq!(
                    index.search(query, 20, |_| true),
                    fresh.search(query, 20, |_| true),
                    "round {round}: {query}"
                );
            }
        }
    }

    #[test]
    fn ties_keep_the_order_of_the_tools() {
        let index = index(&[("a", "same words"), ("b", "same words"), ("c", "same words")]);
        assert_eq!(names(&index, "words"), [0, 1, 2]);
        assert_eq!(index.search("words", 1, |tool| tool > 0).hits[0].tool, 1);
        assert_eq!(index.search("words", 1, |tool| tool > 0).total, 2);
    }
}
