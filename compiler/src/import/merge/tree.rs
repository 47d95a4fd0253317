//! The three-way merge of trees: what it was, what a person made of it, what the document makes of
//! it now.
//!
//! Mappings merge key by key. A list of single values, such as `required`, merges as a set that
//! keeps the person's order. Everything else is one value, and so is `pagination`, whose keys mean
//! nothing without each other: it follows the side that changed it.

use serde_json::{Map, Value};

use super::Side;
use crate::syntax::Pointer;

/// A value that both sides changed, each to something else.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conflict {
    pub(super) pointer: Pointer,
    pub(super) base: Option<Value>,
    pub(super) ours: Option<Value>,
    pub(super) theirs: Option<Value>,
}

/// The three forms of one value; absent where a form does not have it.
#[derive(Clone, Copy)]
struct Three<'v> {
    base: Option<&'v Value>,
    ours: Option<&'v Value>,
    theirs: Option<&'v Value>,
}

struct Merger {
    settle: Option<Side>,
    conflicts: Vec<Conflict>,
}

/// Merges trees. With a side to settle conflicts there are none; without one, the value of the
/// person stands where there is a conflict.
pub(super) fn merge(base: &Value, ours: &Value, theirs: &Value, settle: Option<Side>) -> (Value, Vec<Conflict>) {
    let mut merger = Merger { settle, conflicts: Vec::new() };
    let three = Three { base: Some(base), ours: Some(ours), theirs: Some(theirs) };
    let merged = merger.value(three, &Pointer::root()).unwrap_or_default();
    (merged, merger.conflicts)
}

impl Merger {
    fn value(&mut self, three: Three<'_>, pointer: &Pointer) -> Option<Value> {
        let Three { base, ours, theirs } = three;
        if ours == theirs || base == theirs {
            return ours.cloned();
        }
        if base == ours {
            return theirs.cloned();
        }
        let parts = || pointer.tokens() != ["pagination"];
        if let (Some(Value::Object(ours)), Some(Value::Object(theirs)), true) = (ours, theirs, parts()) {
            let none = Map::new();
            let base = base.and_then(Value::as_object).unwrap_or(&none);
            return Some(Value::Object(self.mapping(base, ours, theirs, pointer)));
        }
        if let (Some(base), Some(ours), Some(theirs)) = (set(base), set(ours), set(theirs)) {
            return Some(Value::Array(merged_set(base, ours, theirs)));
        }
        match self.settle {
            Some(Side::Ours) => ours.cloned(),
            Some(Side::Theirs) => theirs.cloned(),
            None => {
                self.conflicts.push(Conflict {
                    pointer: pointer.clone(),
                    base: base.cloned(),
                    ours: ours.cloned(),
                    theirs: theirs.cloned(),
                });
                ours.cloned()
            }
        }
    }

    /// The person's keys in the person's order; each new key behind the one it follows in the
    /// document.
    fn mapping(
        &mut self,
        base: &Map<String, Value>,
        ours: &Map<String, Value>,
        theirs: &Map<String, Value>,
        pointer: &Pointer,
    ) -> Map<String, Value> {
        let mut merged: Vec<(String, Value)> = Vec::new();
        for key in ours.keys() {
            let three = Three { base: base.get(key), ours: ours.get(key), theirs: theirs.get(key) };
            merged.extend(self.value(three, &pointer.child(key.as_str())).map(|value| (key.clone(), value)));
        }
        let mut before: Option<&String> = None;
        for (key, value) in theirs {
            let three = Three { base: base.get(key), ours: None, theirs: Some(value) };
            if ours.contains_key(key) {
                before = Some(key);
            } else if let Some(value) = self.value(three, &pointer.child(key.as_str())) {
                let follows = before.and_then(|before| merged.iter().position(|(key, _)| key == before));
                merged.insert(follows.map_or(0, |at| at + 1), (key.clone(), value));
                before = Some(key);
            }
        }
        merged.into_iter().collect()
    }
}

/// A list of single values.
fn set(value: Option<&Value>) -> Option<&[Value]> {
    let items = value?.as_array()?;
    items.iter().all(|item| !item.is_array() && !item.is_object()).then_some(items)
}

/// The person's list, without what the document took out, with what it added.
fn merged_set(base: &[Value], ours: &[Value], theirs: &[Value]) -> Vec<Value> {
    let lost = |item: &Value| base.contains(item) && !theirs.contains(item);
    let fresh = |item: &&Value| !base.contains(item) && !ours.contains(item);
    let kept = ours.iter().filter(|item| !lost(item)).cloned();
    kept.chain(theirs.iter().filter(fresh).cloned()).collect()
}
