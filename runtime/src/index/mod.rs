//! The full-text index over the tools of one snapshot: built once, in memory, then only read.
//!
//! tantivy keeps the dictionary of terms and who uses them how often; which texts of a tool count how
//! much (`fields.rs`), how text becomes terms (`analyser.rs`) and how a tool is scored (`search.rs`)
//! is decided here. No other folder names tantivy, and nothing here knows what a capability is:
//! a tool is some [`ToolText`], known by its place in the list it was built from.

mod analyser;
mod build;
mod fields;
mod identifier;
mod names;
mod score;
mod search;
mod stop_words;
mod typing_error;

use std::fmt;
use std::sync::Arc;

use tantivy::InvertedIndexReader;
use tantivy::schema::Field;

pub use fields::{ArgumentText, ToolText};
pub use search::{Found, Hit};

use analyser::Analyser;
use names::Names;

/// Tools, searchable by what is said of them.
pub struct ToolIndex {
    postings: Arc<InvertedIndexReader>,
    field: Field,
    analyser: Analyser,
    /// The weighted number of terms of each tool.
    lengths: Vec<f32>,
    average_length: f32,
    names: Names,
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

impl fmt::Debug for ToolIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolIndex").field("tools", &self.len()).finish_non_exhaustive()
    }
}
