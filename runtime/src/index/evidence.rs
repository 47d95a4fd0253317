//! What the index knows of a query: for each of its terms, the tools that use it and what that is worth.

use std::io;

use tantivy::Term;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

use super::actions::ACTION;
use super::analyser::{EXACT, LITTLE};
use super::query::{Kind, Query, Use, Wanted};
use super::{Placed, ToolIndex};

/// A term of the index that a query asks for.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) term: String,
    /// What full use of it counts.
    pub(super) worth: f32,
    pub(super) users: Vec<User>,
    pub(super) used: Use,
}

/// A tool that uses a term.
#[derive(Clone, Copy, Debug)]
pub(super) struct User {
    pub(super) tool: u32,
    /// How often, as weighted.
    pub(super) frequency: u32,
}

/// Which tools a search is about, by their places.
#[derive(Debug)]
pub(super) struct Admitted(pub(super) Vec<bool>);

impl Admitted {
    pub(super) fn has(&self, tool: u32) -> bool {
        self.0.get(tool as usize).copied().unwrap_or_default()
    }
}

impl ToolIndex {
    /// The terms of a query that are known, and what was probably meant by the others.
    pub(super) fn evidence(&self, query: Query, admitted: &Admitted) -> Vec<Evidence> {
        let mut all = Vec::with_capacity(query.terms.len());
        let mut corrected = 0;
        for (wanted, used) in query.terms {
            let is_stem = wanted.kind == Kind::Stem;
            let known = self.known(wanted, &used, admitted);
            let result = known.and_then(|known| match known {
                Some(known) => Ok(vec![known]),
                None if is_stem && corrected < MOST_CORRECTED => {
                    corrected += 1;
                    self.corrected(&used, admitted)
                }
                None => Ok(Vec::new()),
            });
            match result {
                Ok(evidence) => all.extend(evidence),
                Err(error) => tracing::error!(%error, "internal error: the index in memory could not be read"),
            }
        }
        all
    }

    /// A term as it stands, if a tool of the search uses it.
    fn known(&self, wanted: Wanted, used: &Use, admitted: &Admitted) -> io::Result<Option<Evidence>> {
        let users = self.users(&Term::from_field_text(self.field, &wanted.term), admitted)?;
        let worth = worth(wanted.kind, self.rarity(users.len()));
        let evidence = Evidence { term: wanted.term, worth, users, used: used.clone() };
        Ok((!evidence.users.is_empty()).then_some(evidence))
    }

    /// What was probably meant by a word that no tool of the search uses.
    fn corrected(&self, used: &Use, admitted: &Admitted) -> io::Result<Vec<Evidence>> {
        let near = self.corrections(&used.exact, admitted)?;
        let evidence = |(term, users): (String, Vec<User>)| {
            let worth = CORRECTED * self.rarity(users.len());
            Evidence { term, worth, users, used: used.clone() }
        };
        Ok(near.into_iter().map(evidence).collect())
    }

    /// How many living tools use a stem.
    pub(super) fn count_users(&self, stem: &str) -> usize {
        let term = Term::from_field_text(self.field, stem);
        self.segments.iter().map(|placed| placed.count_users(&term).unwrap_or_default()).sum()
    }

    /// The tools of a search that use a term.
    pub(super) fn users(&self, term: &Term, admitted: &Admitted) -> io::Result<Vec<User>> {
        let mut users = Vec::new();
        for placed in &self.segments {
            placed.add_users(term, &mut users)?;
        }
        users.retain(|user| admitted.has(user.tool));
        Ok(users)
    }
}

impl Placed {
    /// Adds the living tools of a segment that use a term.
    fn add_users(&self, term: &Term, users: &mut Vec<User>) -> io::Result<()> {
        let postings = self.segment.postings.read_postings(term, IndexRecordOption::WithFreqs)?;
        let Some(mut postings) = postings else { return Ok(()) };
        users.reserve(postings.doc_freq() as usize);
        let mut number = postings.doc();
        while number != TERMINATED {
            users.extend(self.place(number).map(|tool| User { tool, frequency: postings.term_freq() }));
            number = postings.advance();
        }
        Ok(())
    }

    /// How many of its living tools use a term. Where all live, its dictionary knows.
    fn count_users(&self, term: &Term) -> io::Result<usize> {
        if self.alive == self.segment.len() {
            return Ok(self.segment.postings.doc_freq(term)? as usize);
        }
        let mut users = Vec::new();
        self.add_users(term, &mut users)?;
        Ok(users.len())
    }
}

impl Evidence {
    /// Whether it is a stem, not a word as it stands or a class of verbs.
    pub(super) fn is_stem(&self) -> bool {
        !self.term.starts_with([EXACT, ACTION, LITTLE])
    }
}

fn worth(kind: Kind, rarity: f32) -> f32 {
    match kind {
        Kind::Stem => rarity,
        Kind::Exact => EXACTLY * rarity,
        Kind::Action => ACTING * rarity.min(ONE_OF_FOUR),
        Kind::Joined => JOINED * rarity,
    }
}

/// What it counts that a tool says the very word, beside its stem.
const EXACTLY: f32 = 0.3;
/// What it counts that a tool's name has a verb of the same class.
const ACTING: f32 = 0.8;
/// The rarity of one class of four. Where few tools are named with verbs, a class is rarer than it says.
const ONE_OF_FOUR: f32 = 1.39;
/// What neighbours count that the tools write as one word.
const JOINED: f32 = 0.5;
/// How many unknown words are taken for mistyped ones: a text with more of them is about other things,
/// and looking for what was meant takes longest of all.
const MOST_CORRECTED: usize = 12;
/// What a term counts that was probably mistyped.
const CORRECTED: f32 = 0.6;
