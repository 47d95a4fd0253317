//! BM25, with term frequencies and lengths that are already weighted by field.

use super::ToolIndex;
use super::segment::scaled;

/// How soon a repeated term stops counting.
const K1: f32 = 1.2;
/// How much long texts are marked down.
const B: f32 = 0.75;
/// What the mere presence of a term counts, however long the text (BM25+; Lv and Zhai, 2011).
const PRESENCE: f32 = 0.2;

impl ToolIndex {
    /// What a term that `users` tools use is worth.
    #[expect(clippy::cast_precision_loss, reason = "counts of tools are far below 2^24")]
    pub(super) fn rarity(&self, users: usize) -> f32 {
        let (all, users) = (self.len() as f32, users as f32);
        (1.0 + (all - users + 0.5) / (users + 0.5)).ln()
    }

    /// How strongly a tool uses a term, between 0 and `K1` + 1 + `PRESENCE`.
    pub(super) fn strength(&self, tool: u32, frequency: u32) -> f32 {
        let length = self.lengths.get(tool as usize).copied().unwrap_or(self.average_length);
        let frequency = scaled(frequency as usize);
        PRESENCE + frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * length / self.average_length))
    }
}
