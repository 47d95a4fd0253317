//! How a YAML text is laid out: where each entry begins and ends, and in which style it is written,
//! for whoever changes one entry of a text and leaves the rest as it is.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::Pointer;
use super::locate::trimmed;
use super::yaml::CharCursor;

/// The nodes of a text.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Each node by its address.
    pub entries: BTreeMap<Pointer, Entry>,
    /// The bytes of all scalars, keys included, in order: what stands between them is structure,
    /// white space and comments.
    pub scalars: Vec<Range<usize>>,
}

/// One node of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes of the key, if the node stands under one.
    pub key: Option<Range<usize>>,
    /// The first byte of the value.
    pub start: usize,
    /// The byte behind the last one, without white space and comments that follow.
    pub end: usize,
    /// How it is written.
    pub form: Form,
}

/// The style of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One value.
    Scalar,
    /// A mapping with an entry a line.
    BlockMapping,
    /// A list with `-` before its items.
    BlockList,
    /// Within `{}` or `[]`.
    Flow,
    /// With an anchor, a tag, or an alias in its place.
    Other,
}

/// Reads the layout of a text; `None` if it does not parse.
#[must_use]
pub fn layout(text: &str) -> Option<Layout> {
    let mut walk = Walk { text, frames: Vec::new(), at: Pointer::root(), found: Layout::default() };
    let mut cursor = CharCursor::new(text);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let bytes = cursor.bytes_of(span);
        match event {
            Event::Scalar(value, style, ..) => walk.scalar(&value, style, bytes),
            Event::Alias(_) => walk.leaf(bytes, Form::Other),
            Event::SequenceStart(..) => walk.open(bytes.start, Frame::Items(0), Form::BlockList),
            Event::MappingStart(..) => walk.open(bytes.start, Frame::Members(None), Form::BlockMapping),
            Event::SequenceEnd | Event::MappingEnd => walk.close(bytes),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {}
        }
    }
    Some(walk.found)
}

struct Walk<'t> {
    text: &'t str,
    frames: Vec<(Frame, Pointer)>,
    /// Where the innermost collection stands.
    at: Pointer,
    found: Layout,
}

enum Frame {
    /// The index of the next item.
    Items(usize),
    /// The key whose value comes next.
    Members(Option<(String, Range<usize>)>),
}

impl Walk<'_> {
    fn scalar(&mut self, value: &str, style: ScalarStyle, bytes: Range<usize>) {
        let mut bytes = trimmed(self.text, bytes, style);
        if let Some((Frame::Members(key @ None), _)) = self.frames.last_mut() {
            self.found.scalars.push(bytes.clone());
            *key = Some((value.to_owned(), bytes));
            return;
        }
        // The parser places a value that is not written at the token after it.
        if style == ScalarStyle::Plain && value == "~" && self.text.get(bytes.clone()) != Some("~") {
            let end = self.key().map_or(bytes.start, |key| after_colon(self.text, key.end));
            bytes = end..end;
        }
        self.found.scalars.push(bytes.clone());
        self.leaf(bytes, Form::Scalar);
    }

    fn leaf(&mut self, bytes: Range<usize>, form: Form) {
        let marked = form == Form::Scalar && self.is_marked(bytes.start);
        let form = if marked { Form::Other } else { form };
        self.record(bytes, form);
        self.advance();
    }

    fn open(&mut self, start: usize, frame: Frame, block: Form) {
        let form = match self.text.as_bytes().get(start) {
            Some(b'{' | b'[') => Form::Flow,
            Some(b'&' | b'!') => Form::Other,
            Some(_) | None => block,
        };
        let pointer = self.pointer();
        self.record(start..start, form);
        self.frames.push((frame, std::mem::replace(&mut self.at, pointer)));
    }

    fn close(&mut self, bytes: Range<usize>) {
        let end = match self.found.entries.get_mut(&self.at) {
            Some(entry) => {
                // The end of a block is where something else begins; the end of a flow is a bracket.
                // Its span may reach into what follows.
                let bracket = matches!(self.text.as_bytes().get(bytes.start), Some(b'}' | b']'));
                if bracket && entry.form != Form::BlockMapping && entry.form != Form::BlockList {
                    entry.end = bytes.start + 1;
                }
                entry.end
            }
            None => bytes.end,
        };
        if let Some((_, outer)) = self.frames.pop() {
            self.at = outer;
        }
        self.stretch(end);
        self.advance();
    }

    fn record(&mut self, bytes: Range<usize>, form: Form) {
        let entry = Entry { key: self.key(), start: bytes.start, end: bytes.end, form };
        let pointer = self.pointer();
        self.found.entries.entry(pointer).or_insert(entry);
        self.stretch(bytes.end);
    }

    /// The innermost collection reaches to here at least.
    fn stretch(&mut self, end: usize) {
        if !self.frames.is_empty()
            && let Some(entry) = self.found.entries.get_mut(&self.at)
        {
            entry.end = entry.end.max(end);
        }
    }

    /// Whether the value that begins here has an anchor or a tag.
    fn is_marked(&self, start: usize) -> bool {
        matches!(self.text.as_bytes().get(start), Some(b'&' | b'!'))
    }

    fn key(&self) -> Option<Range<usize>> {
        match self.frames.last() {
            Some((Frame::Members(Some((_, bytes))), _)) => Some(bytes.clone()),
            Some((Frame::Members(None) | Frame::Items(_), _)) | None => None,
        }
    }

    /// The address of the node that comes next.
    fn pointer(&self) -> Pointer {
        match self.frames.last() {
            Some((Frame::Items(index), _)) => self.at.item(*index),
            Some((Frame::Members(Some((key, _))), _)) => self.at.child(key.as_str()),
            Some((Frame::Members(None), _)) | None => self.at.clone(),
        }
    }

    /// The value of the innermost frame is complete.
    fn advance(&mut self) {
        match self.frames.last_mut() {
            Some((Frame::Items(index), _)) => *index += 1,
            Some((Frame::Members(key), _)) => *key = None,
            None => {}
        }
    }
}

/// The byte behind the colon that follows a key; in a flow mapping there may be none.
fn after_colon(text: &str, key_end: usize) -> usize {
    let rest = text.get(key_end..).unwrap_or_default();
    let space = rest.len() - rest.trim_start().len();
    if rest.trim_start().starts_with(':') { key_end + space + 1 } else { key_end }
}
