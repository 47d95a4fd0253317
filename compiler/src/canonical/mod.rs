//! The one layout of a definition file: what `cap import` writes, with the comments that people add.
//!
//! The layout follows from the tree, its comments and its empty lines alone, so that a file has the same
//! bytes whoever wrote it. Keys stand in the order of the file formats, collections that fit stand on one
//! line, others in lines of their own, and texts as the YAML writer of imports quotes and folds them. What
//! a text means is never changed: the result is read again and compared before it is given out.
//!
//! It opens no file and does not say which files ought to be laid out.

mod order;
mod tree;
mod write;

pub use order::KeyOrders;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::source::SourceId;
use crate::syntax::{TokenStream, decode, parse_definition, tokens};
use tree::{EntryId, ROOT, Tree};

/// Why there is no canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The text does not parse.
    Faulty(Box<Diagnostic>),
    /// A bug: what was written does not have the same values and comments. It was not given out.
    Unfaithful,
}

/// The canonical text of a file. A text that is no mapping stays as it is; one that is JSON stays JSON.
///
/// # Errors
/// When the text does not parse.
pub fn canonical(source: &SourceId, bytes: &[u8], orders: &KeyOrders) -> Result<String, Refusal> {
    let value = parse_definition(source, bytes).map_err(Refusal::Faulty)?;
    let text = decode(source, bytes).map_err(Refusal::Faulty)?;
    if !value.is_object() {
        return Ok(text.to_owned());
    }
    if serde_json::from_str::<Value>(text).is_ok_and(|json| json.is_object()) {
        return Ok(format!("{:#}\n", orders.ordered(&value)));
    }
    laid_out(source, text, &value, orders).ok_or(Refusal::Unfaithful)
}

/// The canonical texts of several files, in their order.
#[must_use]
pub fn canonical_all(files: &[(SourceId, Arc<[u8]>)], orders: &KeyOrders) -> Vec<Result<String, Refusal>> {
    files.par_iter().map(|(source, bytes)| canonical(source, bytes, orders)).collect()
}

fn laid_out(source: &SourceId, text: &str, value: &Value, orders: &KeyOrders) -> Option<String> {
    let stream = tokens(text)?;
    let before = comments(&stream);
    let mut tree = tree::tree(stream);
    let mut wanted = value.clone();
    // An alias must come after its anchor: where there are some, the order is the author's.
    if !tree.has_aliases() {
        wanted = orders.ordered(value);
        reorder(&mut tree, ROOT, &wanted);
    }
    tree.settle();
    let written = write::write(&tree);
    let read = parse_definition(source, written.as_bytes()).ok()?;
    (is_same(&read, &wanted) && before == comments(&tokens(&written)?)).then_some(written)
}

/// Puts the members of mappings in the order of `wanted`, which has the same keys.
fn reorder(tree: &mut Tree, id: EntryId, wanted: &Value) {
    let mut children = tree.children(id).to_vec();
    if let Value::Object(map) = wanted {
        let ranks: BTreeMap<&str, usize> = map.keys().enumerate().map(|(rank, key)| (key.as_str(), rank)).collect();
        children.sort_by_key(|child| tree.key(*child).and_then(|key| ranks.get(key)).copied());
    }
    for (index, child) in children.iter().enumerate() {
        let inner = match tree.key(*child) {
            Some(key) => wanted.get(key),
            None => wanted.get(index),
        };
        if let Some(inner) = inner {
            reorder(tree, *child, inner);
        }
    }
    tree.arrange(id, children);
}

/// Whether two trees are equal, the order of their keys included.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|((key, value), (wanted, like))| key == wanted && is_same(value, like))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(value, like)| is_same(value, like))
        }
        _ => one == other,
    }
}

/// The texts of all comments, sorted.
fn comments(stream: &TokenStream) -> Vec<String> {
    let gaps = stream.tokens.iter().map(|token| &token.before).chain([&stream.end]);
    let mut comments: Vec<String> = gaps.flat_map(|gap| &gap.comments).map(|comment| comment.text.clone()).collect();
    comments.sort_unstable();
    comments
}
