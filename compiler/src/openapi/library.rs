//! The files that a document's references lead to, read before anything looks at them.
//!
//! Files are found by following references from the document on, through the loader, so that none
//! is read that nothing refers to. A file that cannot be read costs only what refers to it.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::reference::reference_of;
use super::tree::{self, hex};
use super::{Anchors, Report};
use crate::diagnostic::Severity;
use crate::source::{SourceId, SourceLoader};

/// The other files of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct Library {
    files: BTreeMap<SourceId, File>,
}

#[derive(Clone, Debug)]
enum File {
    /// What it says, and the digest of its bytes.
    Tree(Value, String),
    /// Why it cannot be read.
    Fault(String),
}

/// How many files a document may have.
const MOST_FILES: usize = 10_000;
/// How many bytes they may have together.
const MOST_BYTES: usize = 64 << 20;
/// Endings of files that hold descriptions; the others are pages and pictures.
const READ: [&str; 4] = ["json", "yaml", "yml", ""];

impl Library {
    /// The tree of a file.
    pub(super) fn tree(&self, source: &SourceId) -> Option<&Value> {
        match self.files.get(source)? {
            File::Tree(tree, _) => Some(tree),
            File::Fault(_) => None,
        }
    }

    /// Why a file has no tree.
    pub(super) fn fault(&self, source: &SourceId) -> Option<&str> {
        match self.files.get(source)? {
            File::Tree(..) => None,
            File::Fault(reason) => Some(reason),
        }
    }

    /// The names of all files that were read.
    pub(super) fn sources(&self) -> impl Iterator<Item = &SourceId> {
        self.trees().map(|(source, ..)| source)
    }

    fn trees(&self) -> impl Iterator<Item = (&SourceId, &Value, &str)> {
        self.files.iter().filter_map(|(source, file)| match file {
            File::Tree(tree, digest) => Some((source, tree, digest.as_str())),
            File::Fault(_) => None,
        })
    }

    /// The digest of the document at `main` with all its files: its own where there are no others,
    /// that of a list in `sha256sum`'s format otherwise. It does not depend on where the files lie.
    pub(super) fn digest(&self, main: &SourceId, own: &str) -> String {
        if self.trees().next().is_none() {
            return format!("sha256:{own}");
        }
        let mut lines: Vec<String> =
            self.trees().map(|(source, _, digest)| format!("{digest}  {}\n", source.reference_from(main))).collect();
        lines.push(format!("{own}  {}\n", main.file_name()));
        lines.sort();
        format!("sha256:{}", hex(&Sha256::digest(lines.concat().as_bytes())))
    }

    /// Adds the names that schemas of these files give themselves.
    pub(super) fn collect_anchors(&self, anchors: &mut Anchors) {
        for (source, tree, _) in self.trees() {
            anchors.collect(source, tree);
        }
    }
}

/// Reads all files that `root` refers to, directly or by way of others.
pub(super) fn load(main: &SourceId, root: &Value, loader: &dyn SourceLoader, report: &Report) -> Library {
    let mut library = Library::default();
    let mut room = MOST_BYTES;
    let mut waiting = Vec::new();
    wanted(main, root, &mut waiting);
    while let Some(source) = waiting.pop() {
        if source == *main || library.files.contains_key(&source) {
            continue;
        }
        let file = if library.files.len() >= MOST_FILES {
            File::Fault(format!("the document has more than {MOST_FILES} files"))
        } else {
            read(&source, loader, &mut room, report)
        };
        if let File::Tree(tree, _) = &file {
            wanted(&source, tree, &mut waiting);
        }
        library.files.insert(source, file);
    }
    library
}

fn read(source: &SourceId, loader: &dyn SourceLoader, room: &mut usize, report: &Report) -> File {
    let bytes = match loader.read(source) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return File::Fault("no such file".to_owned()),
        Err(error) => return File::Fault(error.to_string()),
    };
    let Some(left) = room.checked_sub(bytes.len()) else {
        return File::Fault(format!("the document's files have more than {} MiB", MOST_BYTES >> 20));
    };
    *room = left;
    match tree::read(source, &bytes, report) {
        Ok(tree) => File::Tree(tree, hex(&Sha256::digest(&bytes))),
        Err(mut diagnostic) => {
            let reason = diagnostic.message.clone();
            // It costs what refers to it, not the document.
            diagnostic.severity = Severity::Warning;
            report.say(*diagnostic);
            File::Fault(reason)
        }
    }
}

/// The files that a tree refers to.
fn wanted(source: &SourceId, tree: &Value, found: &mut Vec<SourceId>) {
    let mut queue = vec![(tree, false)];
    while let Some((value, named)) = queue.pop() {
        match value {
            Value::Array(items) => queue.extend(items.iter().map(|item| (item, false))),
            Value::Object(map) => {
                found.extend(reference_of(value).and_then(|reference| other_file(source, reference)));
                // The names of properties are nobody's keywords.
                let members = map.iter().filter(|(key, _)| named || !is_value(key));
                queue.extend(members.map(|(key, member)| (member, key == "properties")));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// Members that hold values: what looks like a reference in them is none.
fn is_value(key: &str) -> bool {
    matches!(key, "example" | "value" | "enum" | "const") || key.starts_with("x-")
}

fn other_file(source: &SourceId, reference: &str) -> Option<SourceId> {
    let uri = reference.split('#').next().filter(|uri| !uri.is_empty())?;
    let file = source.resolve(uri)?;
    let ending = file.file_name().rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
    let known = READ.contains(&ending.as_str()) || ending.contains('?');
    (known && file != *source).then_some(file)
}

/// Whether a text refers to other files at all, so that most documents need not be searched.
pub(super) fn may_refer(text: &str) -> bool {
    let references = text.match_indices("$ref").chain(text.match_indices("$dynamicRef"));
    references.into_iter().any(|(at, word)| {
        let rest = text.get(at + word.len()..).unwrap_or_default();
        let value = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':'));
        !value.starts_with('#')
    })
}
