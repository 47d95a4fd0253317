//! JSON Pointers to bytes in YAML: a second reading of a text, done only to show a diagnostic.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Pointer;
use super::yaml::CharCursor;

/// Where a node stands in its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// The bytes of the key, if the node stands under one.
    pub key: Option<Range<usize>>,
    /// The bytes of the value: all of a scalar, the first character of a collection.
    pub value: Range<usize>,
    /// A scalar's value, to find characters within it.
    pub scalar: Option<String>,
}

/// Finds nodes in a YAML or JSON text. What is not there has no entry; a text that does not parse
/// gives what stands before the fault.
pub(super) fn locate(text: &str, wanted: &BTreeSet<Pointer>) -> BTreeMap<Pointer, Located> {
    let mut walk = Walk { text, wanted, frames: Vec::new(), found: BTreeMap::new() };
    let mut cursor = CharCursor::new(text);
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { break };
        let bytes = cursor.bytes_of(span);
        match event {
            Event::Scalar(value, style, ..) => walk.scalar(&value, style, bytes),
            Event::Alias(_) => walk.node(bytes, None),
            Event::SequenceStart(..) => walk.open(bytes, Frame::Items(0)),
            Event::MappingStart(..) => walk.open(bytes, Frame::Members(None)),
            Event::SequenceEnd | Event::MappingEnd => walk.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
        if walk.found.len() == wanted.len() {
            break;
        }
    }
    walk.found
}

struct Walk<'t> {
    text: &'t str,
    wanted: &'t BTreeSet<Pointer>,
    frames: Vec<Frame>,
    found: BTreeMap<Pointer, Located>,
}

enum Frame {
    /// The index of the next item.
    Items(usize),
    /// The key whose value comes next.
    Members(Option<(String, Range<usize>)>),
}

impl Walk<'_> {
    fn scalar(&mut self, value: &str, style: ScalarStyle, bytes: Range<usize>) {
        let bytes = trimmed(self.text, bytes, style);
        if let Some(Frame::Members(key @ None)) = self.frames.last_mut() {
            *key = Some((value.to_owned(), bytes));
            return;
        }
        self.node(bytes, Some(value));
    }

    fn open(&mut self, bytes: Range<usize>, frame: Frame) {
        self.record(bytes.start..bytes.start, None);
        self.frames.push(frame);
    }

    fn close(&mut self) {
        self.frames.pop();
        self.advance();
    }

    fn node(&mut self, bytes: Range<usize>, scalar: Option<&str>) {
        self.record(bytes, scalar);
        self.advance();
    }

    /// The value of the innermost frame is complete.
    fn advance(&mut self) {
        match self.frames.last_mut() {
            Some(Frame::Items(index)) => *index += 1,
            Some(Frame::Members(key)) => *key = None,
            None => {}
        }
    }

    fn record(&mut self, value: Range<usize>, scalar: Option<&str>) {
        let pointer = self.pointer();
        if !self.wanted.contains(&pointer) || self.found.contains_key(&pointer) {
            return;
        }
        let key = match self.frames.last() {
            Some(Frame::Members(Some((_, bytes)))) => Some(bytes.clone()),
            Some(Frame::Members(None) | Frame::Items(_)) | None => None,
        };
        self.found.insert(pointer, Located { key, value, scalar: scalar.map(str::to_owned) });
    }

    fn pointer(&self) -> Pointer {
        self.frames.iter().fold(Pointer::root(), |pointer, frame| match frame {
            Frame::Items(index) => pointer.item(*index),
            Frame::Members(Some((key, _))) => pointer.child(key.as_str()),
            Frame::Members(None) => pointer,
        })
    }
}

/// Spans of plain and block scalars may reach into the white space behind them.
pub(super) fn trimmed(text: &str, bytes: Range<usize>, style: ScalarStyle) -> Range<usize> {
    if matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) {
        return bytes;
    }
    let kept = text.get(bytes.clone()).map_or(0, |slice| slice.trim_end().len());
    bytes.start..bytes.start + kept
}
