//! Symbolic places to characters: each file is read and searched once for all diagnostics.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Label, Part, Place};
use crate::source::{SourceId, SourceLoader};
use crate::syntax::{Located, Pointer, locate};

/// The texts that diagnostics speak of, with the nodes that they mean.
#[derive(Debug, Default)]
pub struct Places {
    files: BTreeMap<SourceId, File>,
}

#[derive(Debug)]
struct File {
    text: String,
    located: BTreeMap<Pointer, Located>,
}

/// A place in a text.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// The text of the whole file.
    pub text: &'a str,
    /// The bytes that are meant.
    pub bytes: Range<usize>,
    /// From one.
    pub line: usize,
    /// In characters, from one.
    pub column: usize,
}

impl Places {
    /// Reads the files that the diagnostics speak of. A file that cannot be read again has no
    /// places; its diagnostics are shown without a snippet.
    #[must_use]
    pub fn of(diagnostics: &[Diagnostic], loader: &dyn SourceLoader) -> Self {
        Self::at(diagnostics.iter().flat_map(labels).map(|label| &label.place), loader)
    }

    /// The same for places themselves.
    #[must_use]
    pub fn at<'p>(places: impl IntoIterator<Item = &'p Place>, loader: &dyn SourceLoader) -> Self {
        let mut wanted: BTreeMap<&SourceId, BTreeSet<Pointer>> = BTreeMap::new();
        for place in places {
            let pointers = wanted.entry(&place.source).or_default();
            let mut pointer = Some(place.pointer.clone());
            while let Some(current) = pointer {
                pointer = current.parent();
                pointers.insert(current);
            }
        }
        let files = wanted.into_iter().filter_map(|(source, pointers)| {
            let bytes = loader.read(source).ok()?;
            let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            let text = String::from_utf8_lossy(bytes).into_owned();
            let located = locate(&text, &pointers);
            Some((source.clone(), File { text, located }))
        });
        Self { files: files.collect() }
    }

    /// Where a place is; of a node that does not exist, the nearest one that holds it. A file as a
    /// whole is nowhere in it.
    #[must_use]
    pub fn find(&self, place: &Place) -> Option<Found<'_>> {
        if place.part == Part::File {
            return None;
        }
        let file = self.files.get(&place.source)?;
        let bytes = clamp(&file.text, bytes_of(file, place));
        let before = file.text.get(..bytes.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Some(Found {
            text: &file.text,
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            bytes,
        })
    }
}

pub(super) fn labels(diagnostic: &Diagnostic) -> impl Iterator<Item = &Label> {
    std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary)
}

fn bytes_of(file: &File, place: &Place) -> Range<usize> {
    if let Part::Bytes(bytes) = &place.part {
        return bytes.clone();
    }
    let Some((node, exact)) = nearest_node(file, &place.pointer) else { return 0..0 };
    let whole = if node.scalar.is_some() { node.value.clone() } else { collection(file, node) };
    match &place.part {
        Part::Within(part) if exact => within(&file.text, node, part).unwrap_or(whole),
        Part::Key => node.key.clone().unwrap_or(whole),
        Part::Value | Part::File | Part::Within(_) | Part::Bytes(_) if exact => whole,
        Part::Value | Part::File | Part::Within(_) | Part::Bytes(_) => node.key.clone().unwrap_or(whole),
    }
}

/// A collection is shown by its key; one without a key by its first line.
fn collection(file: &File, node: &Located) -> Range<usize> {
    if let Some(key) = &node.key {
        return key.clone();
    }
    let rest = file.text.get(node.value.start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    node.value.start..node.value.start + line.trim_end().len()
}

fn nearest_node<'f>(file: &'f File, pointer: &Pointer) -> Option<(&'f Located, bool)> {
    if let Some(found) = file.located.get(pointer) {
        return Some((found, true));
    }
    let mut current = pointer.parent();
    while let Some(pointer) = current {
        if let Some(found) = file.located.get(&pointer) {
            return Some((found, false));
        }
        current = pointer.parent();
    }
    None
}

/// Bytes within a scalar's value as bytes of the text. Quotes, escapes and folded lines shift
/// them; where the text does not show the value as it is, the same characters are looked for.
fn within(text: &str, node: &Located, part: &Range<usize>) -> Option<Range<usize>> {
    let value = node.scalar.as_deref()?;
    let wanted = value.get(part.clone())?;
    let written = text.get(node.value.clone())?;
    for quote in 0..=1 {
        if written.get(quote..).is_some_and(|rest| rest.starts_with(value)) {
            let start = node.value.start + quote + part.start;
            return Some(start..start + wanted.len());
        }
    }
    let line = wanted.lines().next().filter(|line| !line.trim().is_empty())?;
    let at = written.find(line)?;
    Some(node.value.start + at..node.value.start + at + line.len())
}

/// Keeps a range within the text and on character boundaries.
fn clamp(text: &str, bytes: Range<usize>) -> Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(bytes.start);
    start..floor(bytes.end).max(start)
}
