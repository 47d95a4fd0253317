//! A request as the terms that are looked for: all of them, and those of each clause.

use std::collections::BTreeMap;

use super::analyser::{Analyser, Form};
use super::{clauses, scripts};

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// Every term once, in order.
    pub(super) terms: BTreeMap<Wanted, Use>,
    /// How many clauses there are.
    pub(super) clauses: usize,
}

/// A term that is looked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wanted {
    pub(super) term: String,
    pub(super) kind: Kind,
}

/// What a term of a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The stem of a word.
    Stem,
    /// A word as it stands.
    Exact,
    /// The class of a verb.
    Action,
    /// Two words written as one, as in `pay pal`.
    Joined,
}

/// Where a term is used in a query.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    pub(super) count: u32,
    /// The numbers of its clauses, ascending.
    pub(super) clauses: Vec<usize>,
    /// Of a stem, the term for the word as it was first said.
    pub(super) exact: String,
}

/// A word without its parts.
struct Said {
    text: String,
    number: usize,
    clause: usize,
}

impl Query {
    /// Reads a request. Any text is one.
    pub(super) fn read(analyser: &mut Analyser, text: &str) -> Self {
        let text = bounded(text);
        let ends = clauses::ends(text);
        let (mut query, mut said) = (Self::default(), Vec::new());
        let part = |start: usize| ends.partition_point(|end| *end < start);
        // The parts between ends that have words are the clauses.
        let mut parts = Vec::new();
        analyser.words(text, |word| {
            if parts.last() != Some(&part(word.start)) && parts.len() < MOST_CLAUSES {
                parts.push(part(word.start));
            }
            query.clauses = parts.len();
            query.add(word.stem, Kind::Stem, word.exact);
            query.add(word.exact, Kind::Exact, "");
            let text: String = word.exact.chars().skip(1).collect();
            if word.form != Form::Part && !text.chars().any(|it| scripts::kind(it) == scripts::Kind::Unspaced) {
                said.push(Said { text, number: word.number, clause: query.clauses - 1 });
            }
        });
        analyser.actions(text, |class, start| {
            if let Ok(clause) = parts.binary_search(&part(start)) {
                query.add_in(class, Kind::Action, clause);
            }
        });
        query.join(analyser, &said);
        if query.terms.is_empty() {
            // Nothing but words that say nothing: then names are looked for that are made of them.
            query.clauses = 1;
            analyser.little_words(text, |term| {
                query.add_in(term, Kind::Exact, 0);
            });
        }
        query
    }

    fn add(&mut self, term: &str, kind: Kind, exact: &str) {
        if let Some(used) = self.add_in(term, kind, self.clauses.saturating_sub(1)).filter(|used| used.count == 1) {
            exact.clone_into(&mut used.exact);
        }
    }

    fn add_in(&mut self, term: &str, kind: Kind, clause: usize) -> Option<&mut Use> {
        let wanted = Wanted { term: term.to_owned(), kind };
        if self.terms.len() >= MOST_TERMS && !self.terms.contains_key(&wanted) {
            return None;
        }
        let used = self.terms.entry(wanted).or_default();
        used.count += 1;
        if used.clauses.last() != Some(&clause) {
            used.clauses.push(clause);
        }
        Some(used)
    }

    /// Adds what two neighbours make when they are written as one word.
    fn join(&mut self, analyser: &mut Analyser, said: &[Said]) {
        let pairs = said.iter().zip(said.iter().skip(1));
        let near = pairs.filter(|(one, next)| next.number == one.number + 1 && next.clause == one.clause);
        let (mut text, mut clauses) = (String::new(), Vec::new());
        for (one, next) in near {
            text.extend([one.text.as_str(), &next.text, " "]);
            clauses.push(one.clause);
        }
        // All are read in one go, so a word's number is the number of its pair.
        analyser.words(&text, |word| {
            if let Some(clause) = clauses.get(word.number).filter(|_| word.form != Form::Part) {
                self.add_in(word.stem, Kind::Joined, *clause);
            }
        });
    }
}

/// The beginning of a query that is read at all.
fn bounded(query: &str) -> &str {
    let mut end = query.len().min(LONGEST);
    while !query.is_char_boundary(end) {
        end -= 1;
    }
    query.get(..end).unwrap_or_default()
}

/// In bytes.
const LONGEST: usize = 16 * 1024;
/// Stems, words and joined words together.
const MOST_TERMS: usize = 512;
/// Clauses after these are read as one.
const MOST_CLAUSES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::read(&mut Analyser::new(), text)
    }

    #[test]
    fn a_query_is_bounded() {
        assert!(query(&"é".repeat(100_000)).terms.is_empty());
        let many: String = (0..10_000).map(|n| format!("w{n}. ")).collect();
        let many = query(&many);
        assert!(many.terms.len() <= MOST_TERMS && many.clauses <= MOST_CLAUSES);
    }

    #[test]
    fn terms_know_their_clauses() {
        let query = query("Pay with pay pal. Then list repositories, and pay");
        let used = |term: &str, kind| query.terms.get(&Wanted { term: term.to_owned(), kind }).cloned();
        assert_eq!(query.clauses, 3);
        assert_eq!(used("pay", Kind::Stem).unwrap().clauses, [0, 2]);
        assert_eq!(used("paypal", Kind::Joined).unwrap().clauses, [0]);
        assert_eq!(used("=repositories", Kind::Exact).unwrap().clauses, [1]);
    }
}
