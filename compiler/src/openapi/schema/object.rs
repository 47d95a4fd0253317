//! Objects taken apart: the properties of a schema that is plain enough to become arguments.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::shared::is_hidden;
use super::{Converter, Direction};
use crate::openapi::reference::reference_of;
use crate::openapi::{Address, Spot, Trail, Version};

/// The properties of an object schema, `allOf` included, without those that are not sent.
#[derive(Clone, Debug, Default)]
pub struct PlainObject<'d> {
    /// In the document's order.
    pub properties: Vec<(&'d str, Spot<'d>)>,
    /// The names of those that must be there.
    pub required: BTreeSet<&'d str>,
    /// `anyOf` and `oneOf` whose alternatives only say which properties must be there.
    pub choices: Vec<(&'static str, Vec<Vec<&'d str>>)>,
    /// The schemas that it refers to.
    met: BTreeSet<Address>,
    /// It has more properties than anybody fills in.
    crowded: bool,
}

/// How strictly a schema is taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// Nothing that the schema says may get lost.
    Exact,
    /// Whatever properties there are, of alternatives too: forms have no other shape.
    Loose,
}

/// The schema that everything fits.
static ANYTHING: Value = Value::Bool(true);

/// Nobody fills in more arguments than these; a larger object is one argument.
const MOST_PROPERTIES: usize = 500;

/// How deep `allOf`s are followed.
const DEPTH: usize = 16;

/// Keywords that say nothing about which properties there are.
const HARMLESS: [&str; 27] = [
    "type",
    "properties",
    "required",
    "allOf",
    "title",
    "description",
    "example",
    "examples",
    "default",
    "nullable",
    "deprecated",
    "minProperties",
    "maxProperties",
    "xml",
    "externalDocs",
    "readOnly",
    "writeOnly",
    "$schema",
    "$comment",
    "$id",
    "$anchor",
    "$dynamicAnchor",
    "$ref",
    "$dynamicRef",
    "$defs",
    "definitions",
    "summary",
];

impl<'d> Converter<'d> {
    /// The properties of a schema that is an object and nothing more, so that they can stand as
    /// arguments of their own.
    #[must_use]
    pub fn plain_object(&self, spot: &Spot<'d>) -> Option<PlainObject<'d>> {
        let mut object = PlainObject::default();
        self.collect(spot, Reading::Exact, DEPTH, &mut object)?;
        self.complete(spot, &mut object);
        (!object.properties.is_empty() && object.properties.len() <= MOST_PROPERTIES).then_some(object)
    }

    /// Whatever properties a schema has, those of its alternatives included.
    #[must_use]
    pub fn loose_object(&self, spot: &Spot<'d>) -> PlainObject<'d> {
        let mut object = PlainObject::default();
        // What cannot be read adds nothing.
        let _ = self.collect(spot, Reading::Loose, DEPTH, &mut object);
        self.complete(spot, &mut object);
        // Empty stands for an object of any shape, which is one argument.
        let crowded = object.crowded || object.properties.len() > MOST_PROPERTIES;
        if crowded { PlainObject::default() } else { object }
    }

    /// Names that must be there, and have no schema, can be given as anything; what is not sent
    /// leaves.
    fn complete(&self, spot: &Spot<'d>, object: &mut PlainObject<'d>) {
        let chosen = object.choices.iter().flat_map(|(_, sets)| sets.iter().flatten());
        let names: BTreeSet<&'d str> = object.required.iter().chain(chosen).copied().collect();
        for name in names {
            if !object.properties.iter().any(|(known, _)| *known == name) {
                object.properties.push((name, Spot { value: &ANYTHING, address: spot.address.clone() }));
            }
        }
        object
            .properties
            .retain(|(_, spot)| !is_hidden(self.document, spot.value, Trail::Start(&spot.address), Direction::Input));
        let names: BTreeSet<&str> = object.properties.iter().map(|(name, _)| *name).collect();
        object.required.retain(|name| names.contains(name));
    }

    fn collect(&self, spot: &Spot<'d>, reading: Reading, depth: usize, object: &mut PlainObject<'d>) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let map = spot.value.as_object()?;
        if let Some(reference) = reference_of(spot.value) {
            let target = self.document.target(reference, Trail::Start(&spot.address), self.report)?;
            // What was met before adds nothing; without this, `allOf` could multiply.
            if object.met.insert(target.address.clone()) {
                self.collect(&target, reading, depth, object)?;
            }
            // What stands beside a reference counts since OpenAPI 3.1.
            if map.len() == 1 || matches!(self.document.version(), Version::V2_0 | Version::V3_0) {
                return Some(());
            }
        }
        if reading == Reading::Exact && !is_plain(map) {
            return None;
        }
        let members = spot.get("properties").and_then(|spot| spot.value.as_object()).map_or(0, Map::len);
        if members + object.properties.len() > 2 * MOST_PROPERTIES {
            object.crowded = true;
            return None;
        }
        for (name, property) in spot.get("properties").iter().flat_map(Spot::members) {
            match object.properties.iter().find(|(known, _)| *known == name) {
                None => object.properties.push((name, property)),
                Some((_, known)) if known.value == property.value || reading == Reading::Loose => {}
                // Two schemas for one property: both hold, and only `allOf` says so.
                Some(_) => return None,
            }
        }
        let required = map.get("required").and_then(Value::as_array);
        object.required.extend(required.into_iter().flatten().filter_map(Value::as_str));
        for key in ["anyOf", "oneOf"] {
            let Some(sets) = map.get(key).and_then(required_sets) else { continue };
            // One schema has room for one of each.
            if reading == Reading::Exact && object.choices.iter().any(|(known, _)| *known == key) {
                return None;
            }
            object.choices.push((key, sets));
        }
        for member in spot.get("allOf").iter().flat_map(Spot::items) {
            self.collect(&member, reading, depth, object)?;
        }
        if reading == Reading::Loose {
            for key in ["oneOf", "anyOf"] {
                self.collect_alternatives(spot, key, depth, object);
            }
        }
        Some(())
    }

    /// Properties of alternatives are there, and none of them is required.
    fn collect_alternatives(&self, spot: &Spot<'d>, key: &str, depth: usize, object: &mut PlainObject<'d>) {
        for member in spot.get(key).iter().flat_map(Spot::items) {
            let met = object.met.clone();
            let mut part = PlainObject { properties: object.properties.clone(), met, ..PlainObject::default() };
            if self.collect(&member, Reading::Loose, depth, &mut part).is_some() {
                object.properties = part.properties;
            }
            object.met = part.met;
            object.crowded |= part.crowded;
        }
    }
}

/// The alternatives of an `anyOf` or `oneOf` that are nothing but lists of required properties.
fn required_sets(value: &Value) -> Option<Vec<Vec<&str>>> {
    let items = value.as_array().filter(|items| !items.is_empty())?;
    items.iter().map(required_set).collect()
}

fn required_set(item: &Value) -> Option<Vec<&str>> {
    let map = item.as_object()?;
    let silent = |key: &String| matches!(key.as_str(), "required" | "type" | "title" | "description");
    let names = map.get("required")?.as_array()?;
    map.keys().all(silent).then(|| names.iter().filter_map(Value::as_str).collect())
}

fn is_plain(map: &Map<String, Value>) -> bool {
    let object = match map.get("type") {
        None => ["properties", "allOf", "required", "$ref", "$dynamicRef"].iter().any(|key| map.contains_key(*key)),
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object") && names.len() <= 2,
        Some(_) => false,
    };
    let closed = matches!(map.get("additionalProperties"), None | Some(Value::Bool(false)));
    let harmless =
        |key: &String| key == "additionalProperties" || key.starts_with("x-") || HARMLESS.contains(&key.as_str());
    let choice = |key: &String| {
        (key == "anyOf" || key == "oneOf") && map.get(key).is_some_and(|value| required_sets(value).is_some())
    };
    object && closed && map.keys().all(|key| harmless(key) || choice(key))
}
