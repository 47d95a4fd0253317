//! How much of a tool's name a query says.
//!
//! A name is a summary: if a query says `create` and `label`, then `create_label` says it all, while
//! `create_label_archive` is about something else. The terms alone cannot tell these apart.

use std::collections::{BTreeMap, BTreeSet};

use super::ToolIndex;
use super::evidence::Evidence;
use super::scores::Scores;

/// The words of the names of a segment's tools, each stem kept once.
#[derive(Debug, Default)]
pub(super) struct NameWords {
    stems: Vec<String>,
    /// By tool: places in `stems`, each once.
    of: Vec<Box<[u32]>>,
}

/// Collects [`NameWords`].
#[derive(Debug, Default)]
pub(super) struct NameWordsBuilder {
    known: BTreeMap<String, u32>,
    words: NameWords,
}

impl NameWordsBuilder {
    /// Adds the next tool.
    pub(super) fn add(&mut self, stems: BTreeSet<String>) {
        let mut numbers = Vec::with_capacity(stems.len());
        for stem in stems {
            let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
            numbers.push(*self.known.entry(stem.clone()).or_insert_with(|| {
                self.words.stems.push(stem);
                next
            }));
        }
        self.words.of.push(numbers.into());
    }

    pub(super) fn build(self) -> NameWords {
        self.words
    }
}

impl NameWords {
    /// The stems in the name of a tool.
    fn of(&self, number: u32) -> impl Iterator<Item = &str> {
        let numbers = self.of.get(number as usize).map(|numbers| &**numbers).unwrap_or_default();
        numbers.iter().filter_map(|number| self.stems.get(*number as usize)).map(String::as_str)
    }
}

impl ToolIndex {
    /// Raises the best tools by the share of their names that one clause says.
    pub(super) fn raise_by_names(&self, scores: &mut Scores, evidence: &[Evidence], clauses: usize) {
        let said: BTreeMap<&str, &Evidence> =
            evidence.iter().filter(|it| it.is_stem()).map(|it| (it.term.as_str(), it)).collect();
        let mut rarities = BTreeMap::new();
        for tool in best(scores, COMPARED) {
            let share = self.share(tool, &said, clauses, &mut rarities);
            if let Some(score) = scores.get_mut(tool as usize) {
                *score *= 1.0 + NAMED * share * share;
            }
        }
    }

    /// The share of a name, by the rarity of its words, that the clause says which says most of it.
    fn share<'a>(
        &'a self,
        tool: u32,
        said: &BTreeMap<&str, &Evidence>,
        clauses: usize,
        rarities: &mut BTreeMap<&'a str, f32>,
    ) -> f32 {
        let mut whole = 0.0;
        let mut parts = vec![0.0_f32; clauses.max(1)];
        for stem in self.name_words(tool) {
            let rarity = *rarities.entry(stem).or_insert_with(|| self.rarity(self.count_users(stem)));
            whole += rarity;
            for clause in said.get(stem).into_iter().flat_map(|it| &it.used.clauses) {
                if let Some(part) = parts.get_mut(*clause) {
                    *part += rarity;
                }
            }
        }
        if whole > 0.0 { parts.into_iter().fold(0.0, f32::max) / whole } else { 0.0 }
    }

    fn name_words(&self, tool: u32) -> impl Iterator<Item = &str> {
        let (segment, number) = self.homes.get(tool as usize).copied().unwrap_or_default();
        let words = self.segments.get(segment as usize).map(|placed| &placed.segment.name_words);
        words.into_iter().flat_map(move |words| words.of(number))
    }
}

/// The tools with the highest scores, of equal ones the first, in no order.
fn best(scores: &Scores, count: usize) -> Vec<u32> {
    let mut tools: Vec<(u32, f32)> = (0..).zip(scores.iter().copied()).filter(|(_, score)| *score > 0.0).collect();
    if count < tools.len() {
        tools.select_nth_unstable_by(count, |a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        tools.truncate(count);
    }
    tools.into_iter().map(|(tool, _)| tool).collect()
}

/// How many tools are looked at: more than are ever shown.
const COMPARED: usize = 100;
/// What a name counts that is said whole.
const NAMED: f32 = 0.25;
