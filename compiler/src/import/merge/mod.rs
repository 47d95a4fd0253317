//! Importing again: a three-way merge of what was written last, what a person made of it, and what
//! the document makes now.
//!
//! ```text
//! base, ours, theirs -> pairs -> merged file by file -> plan
//! ```
//!
//! It is a function of texts. It reads and writes no file: a [`Plan`] says what is to be done.

mod base;
mod file;
mod pair;
mod plan;
mod text;
mod tree;

pub use base::{BASE_FILE, Files, read_base, write_base};
pub use file::{Merged, merge_file};
pub use plan::{Change, Fate, Made, Plan, Policy, plan};

/// A side of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What a person wrote.
    Ours,
    /// What the document makes.
    Theirs,
}
