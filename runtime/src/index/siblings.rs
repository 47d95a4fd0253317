//! What a tool's server is worth for a query: tools stand higher beside a good one.
//!
//! A request is often about one service and needs several of its tools, some of which say little of
//! themselves. The best tool of the server tells whether the request is about it.

use std::collections::BTreeMap;

use super::scores::Scores;
use super::{Placed, ToolIndex};

/// The servers of some tools, each name kept once.
#[derive(Debug, Default)]
pub(super) struct Servers {
    names: BTreeMap<String, u32>,
    /// By tool.
    of: Vec<u32>,
}

impl Servers {
    /// Adds the next tool.
    pub(super) fn add(&mut self, server: &str) {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let number = self.names.get(server).copied().unwrap_or_else(|| {
            self.names.insert(server.to_owned(), next);
            next
        });
        self.of.push(number);
    }

    /// The servers of the tools of all segments, by their places.
    pub(super) fn of(segments: &[Placed], count: usize) -> Vec<u32> {
        let mut all: BTreeMap<&str, u32> = BTreeMap::new();
        let mut of = vec![0; count];
        for placed in segments {
            let servers = &placed.segment.servers;
            let mut numbers = vec![0; servers.names.len()];
            for (name, number) in &servers.names {
                let next = u32::try_from(all.len()).unwrap_or(u32::MAX);
                if let Some(slot) = numbers.get_mut(*number as usize) {
                    *slot = *all.entry(name).or_insert(next);
                }
            }
            for (place, number) in placed.places.iter().zip(&servers.of) {
                if let (Some(slot), Some(number)) = (of.get_mut(*place as usize), numbers.get(*number as usize)) {
                    *slot = *number;
                }
            }
        }
        of
    }
}

impl ToolIndex {
    /// Raises every tool that matches by a share of its server's best.
    pub(super) fn raise_siblings(&self, scores: &mut Scores) {
        let count = self.servers.iter().max().map_or(0, |last| *last as usize + 1);
        let mut best = vec![0.0_f32; count];
        for (score, server) in scores.iter().zip(&self.servers) {
            if let Some(best) = best.get_mut(*server as usize) {
                *best = best.max(*score);
            }
        }
        for (score, server) in scores.iter_mut().zip(&self.servers).filter(|(score, _)| **score > 0.0) {
            *score += SIBLING * best.get(*server as usize).copied().unwrap_or_default();
        }
    }
}

/// What the best tool of the server counts.
const SIBLING: f32 = 0.5;
