//! Schemas as far as pages go: which types a value may have, what members, what is said of it.
//!
//! Faults are reported where the schema is converted, and not here a second time.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::openapi::{Address, Document, Report, Spot};

/// Parts of one schema that are looked at.
const MOST_PARTS: usize = 200;
/// Members of one object that are looked at. What has more tells of something else than pages.
const MOST_MEMBERS: usize = 500;

/// Reads schemas of one document.
pub(super) struct Reader<'d> {
    document: &'d Document,
    quiet: Report,
}

impl<'d> Reader<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        Self { document, quiet: Report::default() }
    }

    /// The types of a value, `null` left out; empty where the schema does not say.
    pub(super) fn types(&self, schema: &Spot<'d>) -> BTreeSet<&'d str> {
        self.parts(schema).iter().flat_map(|part| types(part.value)).filter(|name| *name != "null").collect()
    }

    /// The members of an object, in the document's order, those of alternatives included.
    pub(super) fn members(&self, schema: &Spot<'d>) -> Vec<(&'d str, Spot<'d>)> {
        let mut members: Vec<(&str, Spot<'_>)> = Vec::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for part in self.parts(schema) {
            for (name, member) in part.get("properties").iter().flat_map(Spot::members) {
                if members.len() < MOST_MEMBERS && known.insert(name) {
                    members.push((name, member));
                }
            }
        }
        members
    }

    /// What a keyword says, in the schema or a part of it.
    pub(super) fn word(&self, schema: &Spot<'d>, keyword: &str) -> Option<&'d Value> {
        self.parts(schema).iter().find_map(|part| part.value.get(keyword)).filter(|value| !value.is_null())
    }

    /// The schema of a list's items.
    pub(super) fn items(&self, schema: &Spot<'d>) -> Option<Spot<'d>> {
        self.parts(schema).iter().find_map(|part| part.get("items"))
    }

    /// What a reference means.
    pub(super) fn follow(&self, spot: Spot<'d>) -> Option<Spot<'d>> {
        self.document.follow(spot, &self.quiet)
    }

    /// A schema and those that it is made of, each once.
    fn parts(&self, schema: &Spot<'d>) -> Vec<Spot<'d>> {
        let mut met: BTreeSet<Address> = BTreeSet::new();
        let mut parts: Vec<Spot<'d>> = Vec::new();
        let mut open = vec![schema.clone()];
        while let Some(spot) = open.pop() {
            if parts.len() >= MOST_PARTS || !met.insert(spot.address.clone()) {
                continue;
            }
            let composed: Vec<Spot<'d>> = ["allOf", "anyOf", "oneOf"]
                .iter()
                .filter_map(|key| spot.get(key))
                .flat_map(|it| it.items().collect::<Vec<_>>())
                .collect();
            open.extend(composed.into_iter().rev());
            let target = spot.value.get("$ref").and_then(|_| self.follow(spot.clone()));
            open.extend(target);
            parts.push(spot);
        }
        parts
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("properties").is_some() => vec!["object"],
        _ if schema.get("items").is_some() => vec!["array"],
        _ => Vec::new(),
    }
}
