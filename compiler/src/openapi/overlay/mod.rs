//! Overlays: a person's corrections of a document that is somebody else's, applied to its tree
//! before anything reads it.
//!
//! Versions 1.0 and 1.1 of the Overlay Specification are read. An overlay applies whole or the
//! import stops: a correction that is left out may have been there to keep something out. What an
//! overlay says it `extends` is not fetched; it changes the document that is imported.

mod apply;
mod merge;
mod path;
mod read;

use serde_json::Value;

use self::path::Query;
use crate::source::SourceId;

pub(super) use apply::apply;
pub use read::read;

/// An overlay that was read.
#[derive(Debug)]
pub struct Overlay {
    source: SourceId,
    actions: Vec<Action>,
}

/// One change, at all places that its target selects.
#[derive(Debug)]
struct Action {
    target: Query,
    effect: Effect,
}

#[derive(Debug)]
enum Effect {
    Remove,
    Update(Value),
    Copy(Query),
}
