//! A success as far as pages go: the list, what stands beside it, and whether links come with it.

use std::collections::BTreeSet;

use super::rules;
use super::shape::Reader;
use crate::import::naming::snake;
use crate::import::response::json_schema;
use crate::openapi::{Document, Operation, Report, Spot, success_response};
use crate::syntax::Pointer;

/// How deep objects that tell of pages are looked into: `links.pages.next`.
const DEPTH: usize = 3;
/// How many of them: schemas may refer to themselves.
const MOST_OBJECTS: usize = 12;

/// An answer that has a list.
pub(super) struct Answer<'d> {
    pub(super) lists: Lists<'d>,
    /// What is no list: of the answer, and of its objects that tell of pages.
    pub(super) members: Vec<Member<'d>>,
    /// Whether a `Link` header is documented.
    pub(super) links: bool,
}

/// The lists of an answer.
pub(super) enum Lists<'d> {
    /// One, or one that is what was asked for.
    One(List<'d>),
    /// Several, and nothing tells which is paged.
    Several,
}

/// The list that is paged.
pub(super) struct List<'d> {
    /// Where it is.
    pub(super) pointer: Pointer,
    pub(super) schema: Spot<'d>,
}

/// A member that may tell of pages.
pub(super) struct Member<'d> {
    pub(super) pointer: Pointer,
    /// The names on the way to it, in snake case.
    pub(super) path: Vec<String>,
    pub(super) schema: Spot<'d>,
    pub(super) types: BTreeSet<&'d str>,
}

/// The answer of an operation, if it has a list.
pub(super) fn answer<'d>(operation: &Operation<'d>, document: &'d Document, reader: &Reader<'d>) -> Option<Answer<'d>> {
    let quiet = Report::default();
    let response = success_response(document, operation, &quiet)?;
    let schema = json_schema(document, &response, &quiet)?;
    let headers = document.member(&response, "headers", &quiet);
    let links = headers.is_some_and(|headers| headers.members().any(|(name, _)| name.eq_ignore_ascii_case("link")));
    let types: Vec<&str> = reader.types(&schema).into_iter().collect();
    match types.as_slice() {
        ["array"] => {
            let list = List { pointer: Pointer::root(), schema };
            Some(Answer { lists: Lists::One(list), members: Vec::new(), links })
        }
        ["object"] => {
            let lists = lists(&schema, operation.outline.path, reader)?;
            Some(Answer { lists, members: members(&schema, reader), links })
        }
        _ => None,
    }
}

/// The lists of an object, or of the object that it wraps.
fn lists<'d>(schema: &Spot<'d>, path: &str, reader: &Reader<'d>) -> Option<Lists<'d>> {
    let members = reader.members(schema);
    let own = of_members(&members, &Pointer::root(), path, reader);
    let wrapped = || {
        let mut envelopes = members.iter().filter(|(name, _)| rules::ENVELOPES.contains(&snake(name).as_str()));
        let (name, inner) = envelopes.next().filter(|_| envelopes.next().is_none())?;
        of_members(&reader.members(inner), &Pointer::of([*name]), path, reader)
    };
    own.or_else(wrapped)
}

fn of_members<'d>(
    members: &[(&'d str, Spot<'d>)],
    above: &Pointer,
    path: &str,
    reader: &Reader<'d>,
) -> Option<Lists<'d>> {
    let mut lists: Vec<&(&str, Spot<'d>)> = members.iter().filter(|(_, spot)| is_list(spot, reader)).collect();
    if lists.len() > 1 {
        let noun = path.rsplit('/').find(|part| !part.is_empty() && !part.contains('{')).map(snake);
        let named = |name: &str| rules::LISTS.contains(&name) || noun.as_deref() == Some(name);
        lists.retain(|(name, _)| named(&snake(name)));
        if lists.len() != 1 {
            return Some(Lists::Several);
        }
    }
    let (name, schema) = lists.first()?;
    Some(Lists::One(List { pointer: above.child(*name), schema: schema.clone() }))
}

fn is_list<'d>(schema: &Spot<'d>, reader: &Reader<'d>) -> bool {
    reader.types(schema).into_iter().eq(["array"])
}

/// Where an object stands in an answer.
#[derive(Default)]
struct Place {
    pointer: Pointer,
    path: Vec<String>,
}

/// The members of an answer, and of its objects that tell of pages.
fn members<'d>(schema: &Spot<'d>, reader: &Reader<'d>) -> Vec<Member<'d>> {
    let mut found = Vec::new();
    let mut open = vec![(schema.clone(), Place::default())];
    let mut objects = 0;
    while let Some((object, place)) = open.pop().filter(|_| objects < MOST_OBJECTS) {
        objects += 1;
        for (name, schema) in reader.members(&object) {
            let types = reader.types(&schema);
            let mut path = place.path.clone();
            path.push(snake(name));
            let pointer = place.pointer.child(name);
            let tells = path.last().is_some_and(|name| rules::ABOUT.contains(&name.as_str()) || name == "next");
            // What says no type may be an object all the same.
            if tells && path.len() <= DEPTH && (types.contains("object") || types.is_empty()) {
                open.push((schema.clone(), Place { pointer: pointer.clone(), path: path.clone() }));
            }
            if !types.contains("object") && !types.contains("array") {
                found.push(Member { pointer, path, schema, types });
            }
        }
    }
    found
}
