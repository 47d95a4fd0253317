//! YAML events to a tree. Only this file and `locate.rs` know the YAML parser.
//!
//! The tree is composed here, not by a serde front end, because the details matter: keys that
//! stand twice, aliases that multiply, whole numbers as keys, merge keys, and texts such as `Off`
//! or `017` that other readers change. Nothing recurses, so depth costs memory and never the stack.

use std::collections::HashMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Value};

use super::scalar::scalar_value;
use super::{advice, mend};

/// How large a text may be before it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of text.
    pub bytes: usize,
    /// Nested collections.
    pub depth: usize,
    /// Nodes, those that aliases repeat included.
    pub nodes: usize,
    /// Nodes that aliases repeat, and at least as many as the text itself has.
    pub repeated: usize,
}

/// What a text is.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree. Of a key that stands twice, the first value.
    pub value: Value,
    /// Keys that stand twice in one mapping.
    pub duplicates: Vec<Fault>,
    /// The first line that had to be indented before the text was YAML.
    pub mended: Option<Range<usize>>,
}

/// Why a text is not a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What sort of fault.
    pub kind: FaultKind,
    /// What is wrong, as a lower-case phrase.
    pub message: String,
    /// Where, in bytes of the text.
    pub bytes: Range<usize>,
    /// The edit to make, where it is plain.
    pub help: Option<String>,
}

/// Sorts of [`Fault`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not YAML, or a part of YAML that has no place in a tree of JSON values.
    Syntax,
    /// Larger than its [`Bounds`].
    Limit,
    /// A key that stands twice.
    DuplicateKey,
}

impl Bounds {
    /// For definition files.
    pub const DEFINITION: Self = Self { bytes: 8 << 20, depth: 64, nodes: 200_000, repeated: 50_000 };
    /// For OpenAPI documents.
    pub const DOCUMENT: Self = Self { bytes: 64 << 20, depth: 200, nodes: 5_000_000, repeated: 200_000 };
}

/// Reads one YAML document.
///
/// # Errors
/// The first fault, other than a key that stands twice.
pub fn parse_yaml(text: &str, bounds: &Bounds) -> Result<Parsed, Fault> {
    if text.len() > bounds.bytes {
        return Err(limit(format!("the text is larger than {} MiB", bounds.bytes >> 20), 0..0));
    }
    let mut composer = Composer::new(text, bounds);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| scan_fault(text, &error))?;
        composer.event(event, span)?;
    }
    Ok(Parsed { value: composer.root.unwrap_or(Value::Null), duplicates: composer.duplicates, mended: None })
}

/// Reads somebody else's YAML: quoted texts and flow collections may go on without indentation, as
/// other readers allow.
///
/// # Errors
/// The first fault of the text as it is.
pub fn parse_document(text: &str, bounds: &Bounds) -> Result<Parsed, Fault> {
    let fault = match parse_yaml(text, bounds) {
        Err(fault) if fault.kind == FaultKind::Syntax => fault,
        result => return result,
    };
    let Some(mended) = mend::mend(text) else { return Err(fault) };
    let Ok(mut parsed) = parse_yaml(&mended.text, bounds) else { return Err(fault) };
    for duplicate in &mut parsed.duplicates {
        duplicate.bytes = mended.original(&duplicate.bytes);
    }
    parsed.mended = Some(mended.first..mended.first);
    Ok(parsed)
}

/// The byte at which the character with this index begins.
pub(super) fn byte_of_char(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(byte, _)| byte)
}

/// Turns the parser's character indices into bytes. Indices that come one after another cost only
/// the way between them.
pub(super) struct CharCursor<'t> {
    text: &'t str,
    chars: usize,
    byte: usize,
}

impl<'t> CharCursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, chars: 0, byte: 0 }
    }

    /// The bytes of a span.
    pub(super) fn bytes_of(&mut self, span: Span) -> Range<usize> {
        let start = self.seek(span.start.index());
        let (chars, byte) = (self.chars, self.byte);
        let end = self.seek(span.end.index()).max(start);
        // The next span begins near this one's start, which may be far before its end.
        (self.chars, self.byte) = (chars, byte);
        start..end
    }

    fn seek(&mut self, index: usize) -> usize {
        while self.chars < index {
            let Some(next) = self.text.get(self.byte..).and_then(|rest| rest.chars().next()) else { break };
            self.byte += next.len_utf8();
            self.chars += 1;
        }
        while self.chars > index {
            let Some(last) = self.text.get(..self.byte).and_then(|front| front.chars().next_back()) else { break };
            self.byte -= last.len_utf8();
            self.chars -= 1;
        }
        self.byte
    }
}

/// The bytes of a parser's span.
pub(super) fn bytes_of_span(text: &str, span: Span) -> Range<usize> {
    let start = byte_of_char(text, span.start.index());
    start..byte_of_char(text, span.end.index()).max(start)
}

/// The text of a scalar that is a key: as it is written, so that `200` and `null` are names.
pub(super) fn is_merge(key: &str, style: ScalarStyle) -> bool {
    key == "<<" && style == ScalarStyle::Plain
}

struct Composer<'t> {
    text: &'t str,
    /// For keys that stand twice, of which there may be many.
    cursor: CharCursor<'t>,
    bounds: &'t Bounds,
    frames: Vec<Frame>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    /// Those of them that aliases repeat.
    repeated: usize,
    documents: usize,
    root: Option<Value>,
    duplicates: Vec<Fault>,
}

/// What an alias repeats.
struct Anchored {
    value: Value,
    nodes: usize,
    /// How many levels of collections it has.
    levels: usize,
}

/// A collection that is not yet closed.
struct Frame {
    anchor: usize,
    /// The levels of collections below it.
    levels: usize,
    /// The count of nodes when it was opened, to know its size when it is closed.
    nodes_before: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Mapping { map: Map<String, Value>, key: Option<Key>, merges: Vec<Value> },
}

struct Key {
    text: String,
    merge: bool,
    span: Span,
}

impl<'t> Composer<'t> {
    fn new(text: &'t str, bounds: &'t Bounds) -> Self {
        Self {
            text,
            cursor: CharCursor::new(text),
            bounds,
            frames: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            repeated: 0,
            documents: 0,
            root: None,
            duplicates: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(self.syntax("a second document begins here; one file holds one", span));
                }
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Scalar(text, style, anchor, tag) => self.scalar(&text, style, anchor, tag.as_deref(), span),
            Event::SequenceStart(anchor, _) => self.open(anchor, Content::List(Vec::new()), span),
            Event::MappingStart(anchor, _) => {
                self.open(anchor, Content::Mapping { map: Map::new(), key: None, merges: Vec::new() }, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Fault> {
        // A long text weighs more, so that aliases cannot make much of little.
        let weight = 1 + text.len() / 64;
        self.count(weight, span)?;
        if let Some(slot) = self.awaited_key() {
            *slot = Some(Key { text: text.to_owned(), merge: is_merge(text, style), span });
            return Ok(());
        }
        let value = scalar_value(text, style, tag);
        self.remember(anchor, &value, weight, 0);
        self.place(value, 0, span)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fault> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(self.syntax("this alias stands inside of what it repeats", span));
        };
        let (nodes, levels, key) = (anchored.nodes, anchored.levels, anchored.value.as_str().map(str::to_owned));
        self.repeated += nodes;
        if self.repeated > self.bounds.repeated.max(self.nodes - (self.repeated - nodes)) {
            let message = format!("aliases repeat more than {} nodes", self.bounds.repeated);
            return Err(limit(message, self.cursor.bytes_of(span)));
        }
        self.count(nodes, span)?;
        self.check_depth(levels, span)?;
        if let Some(slot) = self.awaited_key() {
            let Some(text) = key else {
                return Err(self.syntax("a key must be text, not a collection", span));
            };
            *slot = Some(Key { text, merge: false, span });
            return Ok(());
        }
        let value = self.anchors.get(&anchor).map(|anchored| anchored.value.clone()).unwrap_or_default();
        self.place(value, levels, span)
    }

    fn open(&mut self, anchor: usize, content: Content, span: Span) -> Result<(), Fault> {
        if self.awaited_key().is_some() {
            return Err(self.syntax("a key must be text, not a collection", span));
        }
        self.check_depth(1, span)?;
        let nodes_before = self.nodes;
        self.count(1, span)?;
        self.frames.push(Frame { anchor, levels: 0, nodes_before, content });
        Ok(())
    }

    /// Whether so many levels more may stand here.
    fn check_depth(&self, levels: usize, span: Span) -> Result<(), Fault> {
        if self.frames.len() + levels <= self.bounds.depth {
            return Ok(());
        }
        let message = format!("the text is nested more than {} levels deep", self.bounds.depth);
        Err(limit(message, bytes_of_span(self.text, span)))
    }

    fn close(&mut self, span: Span) -> Result<(), Fault> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.content {
            Content::List(items) => Value::Array(items),
            Content::Mapping { map, merges, .. } => Value::Object(merged(map, merges)),
        };
        let (nodes, levels) = (self.nodes - frame.nodes_before, frame.levels + 1);
        self.remember(frame.anchor, &value, nodes, levels);
        self.place(value, levels, span)
    }

    /// Puts a finished value of so many levels where it belongs.
    fn place(&mut self, value: Value, levels: usize, span: Span) -> Result<(), Fault> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.levels = frame.levels.max(levels);
        match &mut frame.content {
            Content::List(items) => items.push(value),
            Content::Mapping { map, key, merges } => match key.take() {
                None => return Err(self.syntax("a key must be text, not a collection", span)),
                Some(key) if key.merge => merges.push(value),
                Some(key) if map.contains_key(&key.text) => {
                    let bytes = self.cursor.bytes_of(key.span);
                    let message = format!("the key `{}` stands twice in one mapping", key.text);
                    self.duplicates.push(Fault { kind: FaultKind::DuplicateKey, message, bytes, help: None });
                }
                Some(key) => {
                    map.insert(key.text, value);
                }
            },
        }
        Ok(())
    }

    /// The place for a key, if the next node is one.
    fn awaited_key(&mut self) -> Option<&mut Option<Key>> {
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            Some(Content::Mapping { key, .. }) if key.is_none() => Some(key),
            Some(Content::Mapping { .. } | Content::List(_)) | None => None,
        }
    }

    fn remember(&mut self, anchor: usize, value: &Value, nodes: usize, levels: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { value: value.clone(), nodes, levels });
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fault> {
        self.nodes += nodes;
        if self.nodes > self.bounds.nodes {
            let message = format!("the text stands for more than {} nodes", self.bounds.nodes);
            return Err(limit(message, bytes_of_span(self.text, span)));
        }
        Ok(())
    }

    fn syntax(&self, message: &str, span: Span) -> Fault {
        advice::advised(self.text, message, bytes_of_span(self.text, span))
    }
}

/// A mapping with what its `<<` keys bring; its own keys win, then earlier merges.
fn merged(mut map: Map<String, Value>, merges: Vec<Value>) -> Map<String, Value> {
    for merge in merges {
        let sources = match merge {
            Value::Array(items) => items,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![merge],
        };
        for source in sources {
            let Value::Object(source) = source else { continue };
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
    map
}

fn limit(message: String, bytes: Range<usize>) -> Fault {
    Fault { kind: FaultKind::Limit, message, bytes, help: None }
}

fn scan_fault(text: &str, error: &ScanError) -> Fault {
    let at = byte_of_char(text, error.marker().index());
    advice::advised(text, error.info(), at..at)
}
