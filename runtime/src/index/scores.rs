//! The scores of all tools for one query, made of the whole query and of its best clause.
//!
//! A request for three things is three requests: a tool that answers one of them well should not stand
//! behind one that meets some words of each. So every tool also gets what it is for the clause that it
//! fits best, where the best tool of each clause counts nearly as much as the best of the whole.

use super::ToolIndex;
use super::evidence::Evidence;

/// A score for every tool, by its place.
pub(super) type Scores = Vec<f32>;

impl ToolIndex {
    /// What the terms say.
    pub(super) fn term_scores(&self, evidence: &[Evidence], clauses: usize) -> Scores {
        let mut scores = vec![0.0; self.len()];
        for it in evidence {
            self.add(&mut scores, it, query_weight(it.used.count));
        }
        if clauses < 2 {
            scores.iter_mut().for_each(|score| *score *= 1.0 + CLAUSE);
            return scores;
        }
        let best = self.best_clauses(evidence, clauses, top(&scores));
        scores.iter_mut().zip(best).for_each(|(score, best)| *score += CLAUSE * best);
        scores
    }

    /// For every tool its score in the clause where that is highest.
    fn best_clauses(&self, evidence: &[Evidence], clauses: usize, whole: f32) -> Scores {
        let mut best = vec![0.0_f32; self.len()];
        let mut scores = vec![0.0_f32; self.len()];
        for clause in 0..clauses {
            scores.fill(0.0);
            for it in evidence.iter().filter(|it| it.used.clauses.contains(&clause)) {
                self.add(&mut scores, it, 1.0);
            }
            let top = top(&scores);
            if top > 0.0 {
                let scale = level(top, whole) / top;
                best.iter_mut().zip(&scores).for_each(|(best, score)| *best = best.max(scale * score));
            }
        }
        best
    }

    fn add(&self, scores: &mut Scores, evidence: &Evidence, weight: f32) {
        for user in &evidence.users {
            if let Some(score) = scores.get_mut(user.tool as usize) {
                *score += weight * evidence.worth * self.strength(user.tool, user.frequency);
            }
        }
    }
}

/// What the best tool of a clause gets: the more of the whole query's points the clause has, the more.
fn level(top: f32, whole: f32) -> f32 {
    whole * (top / whole).min(1.0).sqrt().sqrt()
}

/// The highest score.
pub(super) fn top(scores: &Scores) -> f32 {
    scores.iter().copied().fold(0.0, f32::max)
}

/// A term that is said twice counts a little more.
fn query_weight(count: u32) -> f32 {
    if count > 1 { 1.5 } else { 1.0 }
}

/// What the best clause counts beside the whole query.
const CLAUSE: f32 = 1.0;
