//! Schemas that stand on their own: shared schemas that are referred to move into `$defs`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::check::{Linked, ReferenceTarget, resolve_reference};
use crate::json_schema::{Shape, shape_of};
use crate::source::SourceId;

/// The schema with everything that it refers to; the files that were needed are added to `files`.
pub(super) fn bundle(linked: &Linked<'_>, schema: &Value, files: &mut BTreeSet<SourceId>) -> Value {
    let own = schema.get("$defs").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.clone());
    let mut bundler = Bundler { linked, names: BTreeMap::new(), taken: own.collect(), waiting: Vec::new() };
    let mut bundled = bundler.rewrite(linked.source, schema, schema);
    let mut defs = Map::new();
    while let Some(next) = bundler.waiting.pop() {
        let Some(shared) = linked.project.schemas(&next.source).and_then(|schemas| schemas.defs.get(&next.shared_name))
        else {
            continue;
        };
        // Within a shared file `#/$defs/X` means that file.
        let rewritten = bundler.rewrite(&next.source, &Value::Null, shared);
        defs.insert(next.local_name, rewritten);
    }
    files.extend(bundler.names.into_keys().map(|(source, _)| source));
    if defs.is_empty() {
        return bundled;
    }
    if let Value::Object(map) = &mut bundled {
        let all = map.entry("$defs").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(all) = all {
            let mut sorted: Vec<_> = defs.into_iter().collect();
            sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
            all.extend(sorted);
        }
    }
    bundled
}

struct Bundler<'a> {
    linked: &'a Linked<'a>,
    /// The local names of shared schemas.
    names: BTreeMap<(SourceId, String), String>,
    taken: BTreeSet<String>,
    waiting: Vec<Waiting>,
}

/// A shared schema that is referred to and not yet copied.
struct Waiting {
    source: SourceId,
    shared_name: String,
    local_name: String,
}

impl Bundler<'_> {
    /// A copy in which references to shared files lead to `$defs`. `root` is what `#/…` means, or
    /// `null` within a shared file.
    fn rewrite(&mut self, source: &SourceId, root: &Value, schema: &Value) -> Value {
        let Value::Object(map) = schema else { return schema.clone() };
        let mut copy = Map::with_capacity(map.len());
        for (keyword, value) in map {
            copy.insert(keyword.clone(), self.rewrite_keyword(source, root, keyword, value));
        }
        Value::Object(copy)
    }

    fn rewrite_keyword(&mut self, source: &SourceId, root: &Value, keyword: &str, value: &Value) -> Value {
        match (shape_of(keyword), value) {
            (Shape::Schema, _) => self.rewrite(source, root, value),
            (Shape::Schemas, Value::Array(items)) => {
                Value::Array(items.iter().map(|item| self.rewrite(source, root, item)).collect())
            }
            (Shape::NamedSchemas, Value::Object(members)) => Value::Object(
                members.iter().map(|(name, member)| (name.clone(), self.rewrite(source, root, member))).collect(),
            ),
            (Shape::Data, Value::String(reference)) if keyword == "$ref" => {
                Value::String(self.reference(source, root, reference))
            }
            (Shape::Schemas | Shape::NamedSchemas | Shape::Data, _) => value.clone(),
        }
    }

    fn reference(&mut self, source: &SourceId, root: &Value, reference: &str) -> String {
        let shared_file = root.is_null().then(|| reference.strip_prefix("#/$defs/")).flatten();
        if let Some(name) = shared_file {
            return format!("#/$defs/{}", self.local_name(source, name));
        }
        match resolve_reference(self.linked.project, source, root, reference) {
            Ok(ReferenceTarget::Shared { source, name, .. }) => {
                format!("#/$defs/{}", self.local_name(&source, name))
            }
            Ok(ReferenceTarget::Local) | Err(_) => reference.to_owned(),
        }
    }

    fn local_name(&mut self, source: &SourceId, name: &str) -> String {
        let key = (source.clone(), name.to_owned());
        if let Some(known) = self.names.get(&key) {
            return known.clone();
        }
        let mut local = name.to_owned();
        let mut number = 1;
        while !self.taken.insert(local.clone()) {
            number += 1;
            local = format!("{name}_{number}");
        }
        self.names.insert(key, local.clone());
        self.waiting.push(Waiting { source: source.clone(), shared_name: name.to_owned(), local_name: local.clone() });
        local
    }
}
