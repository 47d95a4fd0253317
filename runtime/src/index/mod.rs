//! The full-text index over the tools of one snapshot: in memory, made once, then only read. It shares
//! what did not change with the index of the snapshot before.
//!
//! tantivy keeps the dictionary of terms and who uses them how often; which texts of a tool count how
//! much (`fields.rs`), how text becomes terms (`analyser.rs`) and how a tool is scored (`search.rs`)
//! is decided here. No other folder names tantivy, and nothing here knows what a capability is:
//! a tool is some [`ToolText`], known by its place among the tools of its snapshot.

mod actions;
mod analyser;
mod build;
mod clauses;
mod coverage;
mod evidence;
mod fields;
mod identifier;
mod names;
mod query;
mod score;
mod scores;
mod scripts;
mod search;
mod segment;
mod siblings;
mod stop_words;
mod typing_error;
mod weighted;

use std::fmt;
use std::sync::Arc;

use tantivy::schema::Field;

pub use build::Before;
pub use fields::{ArgumentText, ToolText};
pub use search::{Found, Hit};

use analyser::Analyser;
use build::GONE;
use segment::Segment;

/// Tools, searchable by what is said of them.
pub struct ToolIndex {
    field: Field,
    analyser: Analyser,
    segments: Vec<Placed>,
    /// The weighted number of terms of each tool, by its place.
    lengths: Vec<f32>,
    average_length: f32,
    /// The server of each tool, as a number.
    servers: Vec<u32>,
    /// The segment of each tool, and its number there.
    homes: Vec<(u32, u32)>,
}

/// A segment, and where its tools stand among those of a snapshot.
struct Placed {
    segment: Arc<Segment>,
    /// By number in the segment; [`GONE`] for those that are no longer there.
    places: Vec<u32>,
    alive: usize,
}

/// The index could not be built: a fault of the gateway, as it is built in memory.
#[derive(Debug, thiserror::Error)]
#[error("the search index could not be built")]
pub struct IndexError(#[from] tantivy::TantivyError);

impl ToolIndex {
    /// How many tools it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }
}

impl Placed {
    fn new(segment: Arc<Segment>, places: Vec<u32>) -> Self {
        let alive = places.iter().filter(|place| **place != GONE).count();
        Self { segment, places, alive }
    }

    /// The places of the tools that are there.
    fn living(&self) -> impl Iterator<Item = u32> {
        self.places.iter().copied().filter(|place| *place != GONE)
    }

    /// Where a tool of the segment stands, if it is there.
    fn place(&self, number: u32) -> Option<u32> {
        self.places.get(number as usize).copied().filter(|place| *place != GONE)
    }

    fn is_mostly_dead(&self) -> bool {
        self.alive * 2 < self.segment.len()
    }
}

impl fmt::Debug for ToolIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolIndex").field("tools", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
