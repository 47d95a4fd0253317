//! Which file of the base, of the folder and of the document are the same one.
//!
//! A capability is known by its operation, so that it stays itself when a person renames its file or
//! the document gives the operation another name. Everything else is known by the name of its file.

use std::collections::{BTreeMap, BTreeSet};

use super::base::Files;
use crate::source::SourceId;
use crate::syntax::parse_definition;

/// The names that one file has in the three places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pair<'f> {
    pub(super) base: Option<&'f str>,
    pub(super) ours: Option<&'f str>,
    pub(super) theirs: Option<&'f str>,
}

/// The operations of files.
struct Operations<'f> {
    of_file: BTreeMap<&'f str, String>,
    files: BTreeMap<String, Vec<&'f str>>,
}

/// All files that the base or the document knows.
pub(super) fn pairs<'f>(base: &'f Files, ours: &'f Files, theirs: &'f Files) -> Vec<Pair<'f>> {
    let mut known = BTreeMap::new();
    let was = Operations::of(base, &mut known);
    let is = Operations::of(ours, &mut known);
    let becomes = Operations::of(theirs, &mut known);
    let mut pairs = with_document(base, &was, theirs, &becomes);
    let mut claimed: BTreeSet<&str> = BTreeSet::new();
    // Files under their own names first: a copy under another name is somebody's own file.
    for find in [by_name, by_operation, by_name_alone] {
        for pair in pairs.iter_mut().filter(|pair| pair.ours.is_none()) {
            let operations: Vec<&String> =
                [pair.base.and_then(|it| was.of_file.get(it)), pair.theirs.and_then(|it| becomes.of_file.get(it))]
                    .into_iter()
                    .flatten()
                    .collect();
            pair.ours = find(pair, &operations, ours, &is, &claimed);
            claimed.extend(pair.ours);
        }
    }
    pairs
}

/// Files of the document with those of the base that they were, then those that the document lost.
fn with_document<'f>(
    base: &'f Files,
    was: &Operations<'f>,
    theirs: &'f Files,
    becomes: &Operations<'f>,
) -> Vec<Pair<'f>> {
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut pairs: Vec<Pair<'f>> = Vec::new();
    for name in theirs.keys() {
        let found = becomes.of_file.get(name.as_str()).and_then(|operation| was.files.get(operation)?.first().copied());
        taken.extend(found);
        pairs.push(Pair { base: found, ours: None, theirs: Some(name.as_str()) });
    }
    for pair in pairs.iter_mut().filter(|pair| pair.base.is_none()) {
        let same = pair.theirs.and_then(|name| base.get_key_value(name)).map(|(name, _)| name.as_str());
        pair.base = same.filter(|name| !taken.contains(name));
        taken.extend(pair.base);
    }
    let lost = base.keys().map(String::as_str).filter(|name| !taken.contains(name));
    pairs.extend(lost.map(|name| Pair { base: Some(name), ours: None, theirs: None }));
    pairs
}

type Names<'f, 'c> = &'c BTreeSet<&'f str>;

/// The file under the name it was written with, if it still has the operation.
fn by_name<'f>(
    pair: &Pair<'f>,
    operations: &[&String],
    ours: &'f Files,
    is: &Operations<'f>,
    claimed: Names<'f, '_>,
) -> Option<&'f str> {
    let name = pair.base.or(pair.theirs)?;
    let (name, _) = ours.get_key_value(name).filter(|(name, _)| !claimed.contains(name.as_str()))?;
    let same = match is.of_file.get(name.as_str()) {
        Some(operation) => operations.contains(&operation),
        None => operations.is_empty(),
    };
    same.then_some(name.as_str())
}

/// The file that has the operation, whatever its name.
fn by_operation<'f>(
    _: &Pair<'f>,
    operations: &[&String],
    _: &'f Files,
    is: &Operations<'f>,
    claimed: Names<'f, '_>,
) -> Option<&'f str> {
    let named = operations.iter().filter_map(|operation| is.files.get(*operation)).flatten();
    named.copied().find(|name| !claimed.contains(name))
}

/// The file under the name it was written with, which names no operation any more. When the document
/// lost the operation, that makes it a file of the person's own.
fn by_name_alone<'f>(
    pair: &Pair<'f>,
    operations: &[&String],
    ours: &'f Files,
    is: &Operations<'f>,
    claimed: Names<'f, '_>,
) -> Option<&'f str> {
    let name = pair.base.or(pair.theirs)?;
    let (name, _) = ours.get_key_value(name).filter(|(name, _)| !claimed.contains(name.as_str()))?;
    let own = pair.theirs.is_none() && !operations.is_empty();
    (!own && !is.of_file.contains_key(name.as_str())).then_some(name.as_str())
}

impl<'f> Operations<'f> {
    /// Most files have the same text in several places, so what was read once is `known`.
    fn of(files: &'f Files, known: &mut BTreeMap<&'f str, Option<String>>) -> Self {
        let mut operations = Self { of_file: BTreeMap::new(), files: BTreeMap::new() };
        for (name, text) in files {
            let operation = known.entry(text.as_str()).or_insert_with(|| operation_of(text)).clone();
            if let Some(operation) = operation {
                operations.files.entry(operation.clone()).or_default().push(name);
                operations.of_file.insert(name, operation);
            }
        }
        operations
    }
}

/// `source.operation` of a text.
pub(super) fn operation_of(text: &str) -> Option<String> {
    if !text.contains("operation") {
        return None;
    }
    let tree = parse_definition(&SourceId::new(""), text.as_bytes()).ok()?;
    tree.get("source")?.get("operation")?.as_str().map(str::to_owned)
}
