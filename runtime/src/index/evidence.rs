//! What the index knows of a query: for each of its terms, the tools that use it and what that is worth.

use std::io;

use tantivy::Term;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

use super::actions::ACTION;
use super::analyser::EXACT;
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

impl ToolIndex {
    /// The terms of a query that are known, and what was probably meant by the others.
    pub(super) fn evidence(&self, query: Query) -> Vec<Evidence> {
        let mut all = Vec::with_capacity(query.terms.len());
        let mut corrected = 0;
        for (wanted, used) in query.terms {
            if let Err(error) = self.add_evidence(wanted, used, &mut corrected, &mut all) {
                tracing::error!(%error, "internal error: the index in memory could not be read");
            }
        }
        all
    }

    fn add_evidence(
        &self,
        wanted: Wanted,
        used: Use,
        corrected: &mut usize,
        all: &mut Vec<Evidence>,
    ) -> io::Result<()> {
        let users = self.users(&Term::from_field_text(self.field, &wanted.term))?;
        if users.is_empty() && wanted.kind == Kind::Stem && *corrected < MOST_CORRECTED {
            *corrected += 1;
            for (term, users) in self.corrections(&used.exact)? {
                let worth = CORRECTED * self.rarity(users.len());
                all.push(Evidence { term, worth, users, used: used.clone() });
            }
        } else if !users.is_empty() {
            let worth = worth(wanted.kind, self.rarity(users.len()));
            all.push(Evidence { term: wanted.term, worth, users, used });
        }
        Ok(())
    }

    /// How many living tools use a stem.
    pub(super) fn count_users(&self, stem: &str) -> usize {
        let term = Term::from_field_text(self.field, stem);
        self.segments.iter().map(|placed| placed.count_users(&term).unwrap_or_default()).sum()
    }

    /// The living tools that use a term.
    pub(super) fn users(&self, term: &Term) -> io::Result<Vec<User>> {
        let mut users = Vec::new();
        for placed in &self.segments {
            placed.add_users(term, &mut users)?;
        }
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
        !self.term.starts_with([EXACT, ACTION])
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
