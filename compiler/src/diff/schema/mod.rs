//! JSON Schemas (2020-12) compared by what they accept.
//!
//! [`gaps`] asks whether everything that one schema accepts is accepted by another one. No gap is a proof;
//! a gap says which keyword stands in the way and where. What this does not decide (whether one pattern
//! covers another, `unevaluatedProperties`, references to elsewhere) is a gap that is not decided, and never
//! no gap. Everything is bounded: in steps, in depth, and in what is said.

mod accepts;
mod array;
mod branches;
mod cover;
mod empty;
mod facts;
mod node;
mod number;
mod object;
mod same;
mod text;
mod types;

use serde_json::Value;

use crate::pin::visible;

pub use same::are_same;

/// Why something that one schema accepts may not be accepted by another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Where, from the root of the value.
    pub path: Vec<Step>,
    /// What stands in the way.
    pub rule: Rule,
    /// What the schema that should be covered says there.
    pub covered: String,
    /// What the schema that should cover it says there.
    pub covering: String,
    /// Whether it is certain.
    pub certainty: Certainty,
}

/// Whether a gap is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Something is refused.
    Refused,
    /// It could not be decided.
    Undecided,
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object.
    Member(String),
    /// Members that have no schema of their own.
    Others,
    /// An item of a list.
    Item(usize),
    /// Every item of a list.
    Items,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A member that is described on one side is not allowed on the other.
    Member,
    /// A member must be there that need not be there on the other side.
    Required,
    /// A member that anything could be said of under its name is described.
    Described,
    /// The types differ.
    Type,
    /// `enum` or `const`.
    Enum,
    /// A bound, a length, a number of items or members, `multipleOf`, `uniqueItems`.
    Bound,
    /// `pattern` or `format`.
    Text,
    /// Members without a schema of their own.
    Others,
    /// `anyOf`, `oneOf`, `not`, `if`.
    Alternatives,
    /// A keyword that is not compared, or too much to compare.
    Other,
}

/// What stands in the way of `covering` accepting all that `covered` accepts.
#[must_use]
pub fn gaps(covered: &Value, covering: &Value) -> Vec<Gap> {
    let mut gaps = cover::all(covered, covering);
    gaps.sort();
    gaps.dedup();
    gaps
}

/// A value in one short line in which nothing is hidden.
pub(super) fn shown(value: &Value) -> String {
    shown_text(&value.to_string())
}

pub(super) fn shown_text(text: &str) -> String {
    let mut line: String = text.chars().flat_map(visible).take(LONGEST_SHOWN + 1).collect();
    if line.chars().count() > LONGEST_SHOWN {
        line = line.chars().take(LONGEST_SHOWN).chain(['…']).collect();
    }
    line
}

/// In characters.
const LONGEST_SHOWN: usize = 80;
