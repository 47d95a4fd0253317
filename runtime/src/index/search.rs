//! Searching: every term of the query adds to the tools that use it, then names, then the best.
//!
//! A query is never parsed: no character in it is an operator, and no text is an error.

use super::ToolIndex;
use super::evidence::{Admitted, Evidence};
use super::names::NameMatch;
use super::query::Query;
use super::scores::{Scores, top};

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

impl ToolIndex {
    /// The best `limit` of the tools that `admits` lets through; the others have no part in the ranking.
    #[must_use]
    pub fn search(&self, query: &str, limit: usize, admits: impl Fn(usize) -> bool) -> Found {
        let words = Query::read(&mut self.analyser.clone(), query);
        let clauses = words.clauses;
        let admitted = Admitted((0..self.len()).map(admits).collect());
        let evidence = self.evidence(words, &admitted);
        let mut scores = self.ranked(&evidence, clauses);
        self.add_names(&mut scores, query, &admitted);
        best(&scores, limit)
    }

    fn ranked(&self, evidence: &[Evidence], clauses: usize) -> Scores {
        let mut scores = self.term_scores(evidence, clauses);
        self.raise_by_names(&mut scores, evidence, clauses);
        self.raise_siblings(&mut scores);
        scores
    }

    /// A tool whose name is the query, or begins with it, is ahead of what words alone can give.
    fn add_names(&self, scores: &mut Scores, query: &str, admitted: &Admitted) {
        let most = top(scores) + 1.0;
        for placed in &self.segments {
            for (number, name) in placed.segment.names.matches(query) {
                let share = match name {
                    NameMatch::Full => 4.0,
                    NameMatch::Local => 2.0,
                    NameMatch::Prefix => 1.0,
                };
                let Some(tool) = placed.place(number).filter(|tool| admitted.has(*tool)) else { continue };
                if let Some(score) = scores.get_mut(tool as usize) {
                    *score += share * most;
                }
            }
        }
    }
}

fn best(scores: &Scores, limit: usize) -> Found {
    let mut hits: Vec<Hit> = scores
        .iter()
        .enumerate()
        .filter(|(_, score)| **score > 0.0)
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
    fn a_name_of_little_words_is_found_by_them() {
        let index = index(&[("a__who_am_i", "The caller"), ("b__hello", "Says hello"), ("c__list", "Lists")]);
        assert_eq!(names(&index, "who am i"), [0]);
        assert_eq!(names(&index, "please say hello"), [1]);
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
