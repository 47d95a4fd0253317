//! Swagger 2.0 in the shape of OpenAPI 3, so that nothing else has to know it.
//!
//! What is rewritten: `paths` with their parameters, bodies and responses, `securityDefinitions`,
//! and `host`, `basePath` and `schemes`. `definitions` only change their place: schemas of 2.0 are
//! read by [`super::schema`] as those of 3.0 are. References to parameters, responses and path items
//! are followed here, because what they lead to has the old shape too.

mod body;
mod parameter;
mod response;
mod security;
mod server;

use serde_json::{Map, Value};

use super::moves::Moves;
use super::{Address, Document, METHODS, Report, Spot};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// What is at hand while a document is rewritten.
struct Upgrade<'d> {
    document: &'d Document,
    report: &'d Report,
    moves: &'d mut Moves,
}

/// The members of the document that have another shape in OpenAPI 3.
pub(super) fn upgrade(document: &Document, moves: &mut Moves, report: &Report) -> Map<String, Value> {
    let mut upgrade = Upgrade { document, report, moves };
    let mut members = Map::new();
    members.insert("servers".to_owned(), server::servers(&document.spot(), &document.spot()));
    if let Some(paths) = document.spot().get("paths") {
        members.insert("paths".to_owned(), upgrade.paths(&paths));
    }
    if let Some(schemes) = document.spot().get("securityDefinitions") {
        let at = Pointer::of(["components", "securitySchemes"]);
        upgrade.moves.note(at.clone(), schemes.address.clone());
        upgrade.moves.rename(schemes.address.pointer.clone(), at);
        let schemes = Map::from_iter([("securitySchemes".to_owned(), upgrade.security(&schemes))]);
        members.insert("components".to_owned(), Value::Object(schemes));
    }
    members
}

/// Puts the rewritten members into the document's tree, and `definitions` where OpenAPI 3 has them.
pub(super) fn put(source: &SourceId, root: &mut Value, members: Map<String, Value>, moves: &mut Moves) {
    let Some(map) = root.as_object_mut() else { return };
    let definitions = map.shift_remove("definitions");
    map.shift_remove("securityDefinitions");
    map.extend(members);
    let Some(definitions) = definitions else { return };
    let components = map.entry("components").or_insert_with(|| Value::Object(Map::new()));
    if let Some(components) = components.as_object_mut() {
        components.insert("schemas".to_owned(), definitions);
    }
    let (old, new) = (Pointer::of(["definitions"]), Pointer::of(["components", "schemas"]));
    moves.note(new.clone(), Address { source: source.clone(), pointer: old.clone() });
    moves.rename(old, new);
}

impl<'d> Upgrade<'d> {
    fn paths(&mut self, paths: &Spot<'d>) -> Value {
        let members = paths.members().map(|(path, item)| {
            let at = paths.address.pointer.child(path);
            let value = if path.starts_with("x-") { item.value.clone() } else { self.path_item(item, &at) };
            (path.to_owned(), value)
        });
        Value::Object(members.collect())
    }

    fn path_item(&mut self, item: Spot<'d>, at: &Pointer) -> Value {
        let own = item.clone();
        let Some(item) = self.document.follow(item, self.report).filter(|item| item.value.is_object()) else {
            return own.value.clone();
        };
        self.note(at, &item);
        let shared: Vec<Spot<'d>> = item.get("parameters").iter().flat_map(Spot::items).collect();
        let mut members = Map::new();
        for (key, member) in item.members().filter(|(key, _)| *key != "parameters") {
            let value = if METHODS.contains(&key) {
                self.operation(&member, &shared, &at.child(key))
            } else {
                self.copied(&member)
            };
            members.insert(key.to_owned(), value);
        }
        Value::Object(members)
    }

    fn operation(&mut self, spot: &Spot<'d>, shared: &[Spot<'d>], at: &Pointer) -> Value {
        let Some(spot) = self.document.follow(spot.clone(), self.report).filter(|spot| spot.value.is_object()) else {
            return spot.value.clone();
        };
        self.note(at, &spot);
        let mut members = Map::new();
        for (key, member) in spot.members() {
            if !matches!(key, "parameters" | "responses" | "consumes" | "produces" | "schemes") {
                members.insert(key.to_owned(), self.copied(&member));
            }
        }
        if spot.get("schemes").is_some() {
            members.insert("servers".to_owned(), server::servers(&self.document.spot(), &spot));
        }
        let parameters = self.parameters(&spot, shared);
        let (bodies, plain): (Vec<_>, Vec<_>) = parameters.into_iter().partition(body::is_body);
        let list = plain.iter().enumerate().map(|(index, it)| self.parameter(it, &at.child("parameters").item(index)));
        let list: Vec<Value> = list.collect();
        if !list.is_empty() {
            members.insert("parameters".to_owned(), Value::Array(list));
        }
        if let Some(body) = self.body(&spot, &bodies, &at.child("requestBody")) {
            members.insert("requestBody".to_owned(), body);
        }
        if let Some(responses) = spot.get("responses") {
            let value = self.responses(&spot, &responses, &at.child("responses"));
            members.insert("responses".to_owned(), value);
        }
        Value::Object(members)
    }

    /// The parameters of an operation, its path item's included, each with its references followed.
    fn parameters(&self, spot: &Spot<'d>, shared: &[Spot<'d>]) -> Vec<Spot<'d>> {
        let mut found: Vec<Spot<'d>> = Vec::new();
        let own = spot.get("parameters");
        for item in own.iter().flat_map(Spot::items).chain(shared.iter().cloned()) {
            let Some(parameter) = self.document.follow(item, self.report) else { continue };
            let key = |spot: &Spot<'d>| (spot.text("name"), spot.text("in"));
            if !found.iter().any(|known| key(known) == key(&parameter)) {
                found.push(parameter);
            }
        }
        found
    }

    /// Notes where something stood, unless it stands there still.
    fn note(&mut self, at: &Pointer, origin: &Spot<'_>) {
        if origin.address.pointer != *at || origin.address.source != *self.document.source() {
            self.moves.note(at.clone(), origin.address.clone());
        }
    }

    /// A value as it is. What came from another file refers from here on from the document.
    fn copied(&self, spot: &Spot<'_>) -> Value {
        let mut value = spot.value.clone();
        if spot.address.source != *self.document.source() {
            self.rebase(&mut value, &spot.address.source);
        }
        value
    }

    fn rebase(&self, value: &mut Value, source: &SourceId) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.rebase(item, source)),
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get_mut("$ref") {
                    let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
                    if let Some(file) = source.resolve(uri) {
                        let file = if uri.is_empty() { source.clone() } else { file };
                        let fragment = fragment.to_owned();
                        *reference = format!("{}#{fragment}", file.reference_from(self.document.source()));
                    }
                }
                map.values_mut().for_each(|member| self.rebase(member, source));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The media types of an operation: its own list, or the document's.
fn media_types<'d>(document: &'d Document, operation: &Spot<'d>, key: &str) -> Vec<&'d str> {
    let list = operation.get(key).or_else(|| document.spot().get(key));
    list.iter().flat_map(Spot::items).filter_map(|item| item.value.as_str()).collect()
}
