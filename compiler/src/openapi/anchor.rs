//! `$id`, `$anchor` and `$dynamicAnchor`: the names that schemas give themselves (JSON Schema
//! 2020-12, sections 8.2 and 8.3).
//!
//! A `$dynamicRef` is read as the `$ref` of the same text: which schema it would reach by way of
//! its callers is not looked for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::reference::fragment_pointer;
use super::{Address, Trail};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// The names that the schemas of a document give themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Anchors {
    /// Absolute URIs of schema resources.
    resources: BTreeMap<SourceId, Address>,
    /// The same the other way round.
    ids: BTreeMap<Address, SourceId>,
    /// Plain names: the resource that holds them, and the name.
    names: BTreeMap<(Address, String), Address>,
}

/// How deep names are looked for; what is nested deeper was refused before.
const DEPTH: usize = 512;

impl Anchors {
    /// Whether no schema has a name of its own.
    pub(super) fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.names.is_empty()
    }

    /// Adds the names within one file.
    pub(super) fn collect(&mut self, source: &SourceId, root: &Value) {
        let top = Address::root(source);
        if let Some(id) = root.get("$self").and_then(Value::as_str) {
            self.name_resource(&top, source, id);
        }
        self.visit(root, Trail::Start(&top), &top, DEPTH);
    }

    fn visit(&mut self, value: &Value, trail: Trail<'_>, resource: &Address, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(item, Trail::Item(&trail, index), resource, depth);
                }
            }
            Value::Object(map) => {
                let own = map.get("$id").and_then(Value::as_str).map(|id| {
                    let address = trail.address();
                    let base = self.ids.get(resource).unwrap_or(&resource.source).clone();
                    self.name_resource(&address, &base, id);
                    address
                });
                let resource = own.as_ref().unwrap_or(resource);
                for key in ["$anchor", "$dynamicAnchor"] {
                    if let Some(name) = map.get(key).and_then(Value::as_str) {
                        self.names.entry((resource.clone(), name.to_owned())).or_insert_with(|| trail.address());
                    }
                }
                for (key, member) in map.iter().filter(|(key, _)| !is_data(key)) {
                    self.visit(member, Trail::Key(&trail, key), resource, depth);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn name_resource(&mut self, address: &Address, base: &SourceId, id: &str) {
        let id = id.trim_end_matches('#');
        let name = base.resolve(id).unwrap_or_else(|| SourceId::new(id));
        self.resources.entry(name.clone()).or_insert_with(|| address.clone());
        self.ids.insert(address.clone(), name);
    }

    /// The address that a reference from `from` names, if a schema's own name has a part in it.
    pub(super) fn resolve(&self, uri: &str, fragment: &str, from: &Trail<'_>) -> Option<Address> {
        let from = from.address();
        let holder = self.holder(&from);
        let resource = if uri.is_empty() {
            holder
        } else {
            let base = self.ids.get(&holder).unwrap_or(&from.source);
            let name = base.resolve(uri).unwrap_or_else(|| SourceId::new(uri));
            match self.resources.get(&name) {
                Some(address) => address.clone(),
                None => Address::root(&name),
            }
        };
        match fragment_pointer(fragment) {
            // Pointers into the whole file from within a named schema are common, though not right.
            Some(_) if uri.is_empty() => None,
            Some(pointer) => {
                let known = self.ids.contains_key(&resource);
                known.then(|| Address { pointer: joined(&resource.pointer, &pointer), source: resource.source })
            }
            None => self.anchor(&resource, fragment),
        }
    }

    fn anchor(&self, resource: &Address, name: &str) -> Option<Address> {
        let exact = self.names.get(&(resource.clone(), name.to_owned()));
        let anywhere = || self.names.iter().find(|((_, known), _)| known == name).map(|(_, address)| address);
        exact.or_else(anywhere).cloned()
    }

    /// The innermost named schema around an address, or its file.
    fn holder(&self, address: &Address) -> Address {
        let mut pointer = Some(address.pointer.clone());
        while let Some(at) = pointer {
            let candidate = Address { source: address.source.clone(), pointer: at };
            if self.ids.contains_key(&candidate) {
                return candidate;
            }
            pointer = candidate.pointer.parent();
        }
        Address::root(&address.source)
    }
}

/// Members that hold values rather than schemas: what looks like a name or a reference in them is
/// none.
fn is_data(key: &str) -> bool {
    matches!(key, "example" | "examples" | "default" | "enum" | "const") || key.starts_with("x-")
}

fn joined(front: &Pointer, back: &Pointer) -> Pointer {
    back.tokens().iter().fold(front.clone(), |pointer, token| pointer.child(token.as_str()))
}
