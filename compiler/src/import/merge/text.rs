//! A merged tree into the person's text: only the entries that differ are written anew, so that
//! comments, order and layout of the rest stay.
//!
//! An entry that stands in a block mapping is replaced, added or taken out by itself; of a flow
//! mapping, the nearest entry of a block mapping around it is written anew. Whoever calls this reads
//! the result again and compares: what cannot be done here shows there.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::import::emit;
use crate::syntax::{Entry, Form, Layout, Pointer, layout};

/// Bytes to be replaced by a text.
struct Edit {
    bytes: Range<usize>,
    text: String,
}

struct Editor<'t> {
    text: &'t str,
    layout: Layout,
    edits: Vec<Edit>,
}

/// The text with the values of `wanted`, which has `current` now; `None` if it cannot be edited.
pub(super) fn edit(text: &str, current: &Value, wanted: &Value) -> Option<String> {
    let (Value::Object(current), Value::Object(wanted)) = (current, wanted) else { return None };
    if serde_json::from_str::<Value>(text).is_ok() {
        return serde_json::to_string_pretty(wanted).ok().map(|text| text + "\n");
    }
    let mut text = text.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    let layout = layout(&text)?;
    if layout.entries.get(&Pointer::root())?.form != Form::BlockMapping {
        return None;
    }
    let mut editor = Editor { text: &text, layout, edits: Vec::new() };
    editor.mapping(&Pointer::root(), current, wanted)?;
    Some(applied(&text, editor.edits))
}

/// The text with all edits; those at one place stay in their order.
fn applied(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| edit.bytes.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(text.get(at..edit.bytes.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = at.max(edit.bytes.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

impl Editor<'_> {
    /// Edits a block mapping that has entries now and will have some.
    fn mapping(&mut self, pointer: &Pointer, current: &Map<String, Value>, wanted: &Map<String, Value>) -> Option<()> {
        for key in current.keys().filter(|key| !wanted.contains_key(*key)) {
            let entry = self.entry(&pointer.child(key.as_str()))?;
            let bytes = self.lines(&entry);
            self.edits.push(Edit { bytes, text: String::new() });
        }
        let mut before: Option<&String> = None;
        for (key, value) in wanted {
            match current.get(key) {
                Some(old) if old == value => before = Some(key),
                Some(old) => {
                    self.member(&pointer.child(key.as_str()), key, old, value)?;
                    before = Some(key);
                }
                None => self.insert(pointer, before, current, key, value)?,
            }
        }
        Some(())
    }

    fn member(&mut self, pointer: &Pointer, key: &str, old: &Value, value: &Value) -> Option<()> {
        let entry = self.entry(pointer)?;
        match (old, value) {
            (Value::Object(old), Value::Object(new))
                if entry.form == Form::BlockMapping && !new.is_empty() && self.has_keys(pointer, old) =>
            {
                self.mapping(pointer, old, new)
            }
            (Value::Array(old), Value::Array(new)) if entry.form == Form::BlockList => {
                self.list(pointer, old, new).or_else(|| self.replace(&entry, key, value))
            }
            _ => self.replace(&entry, key, value),
        }
    }

    /// Whether all keys stand in this mapping itself, and none comes from a merge key.
    fn has_keys(&self, pointer: &Pointer, map: &Map<String, Value>) -> bool {
        map.keys().all(|key| self.layout.entries.contains_key(&pointer.child(key.as_str())))
    }

    /// Edits a block list whose items only come and go; `None`, and nothing is edited, if more changes.
    fn list(&mut self, pointer: &Pointer, old: &[Value], new: &[Value]) -> Option<()> {
        let is_set =
            |items: &[Value]| items.iter().all(|item| !item.is_array() && !item.is_object() && !has_lines(item));
        let kept: Vec<&Value> = old.iter().filter(|item| new.contains(item)).collect();
        let (front, added) = new.split_at_checked(kept.len())?;
        if !is_set(old) || !is_set(new) || kept.is_empty() || !front.iter().eq(kept) {
            return None;
        }
        let last = self.layout.entries.get(&pointer.item(old.len().checked_sub(1)?))?.clone();
        let dash = self.dash_of(&last)?;
        let mut edits = Vec::new();
        for (index, _) in old.iter().enumerate().filter(|(_, item)| !new.contains(item)) {
            let entry = self.layout.entries.get(&pointer.item(index))?;
            self.dash_of(entry)?;
            edits.push(Edit { bytes: self.lines(entry), text: String::new() });
        }
        let at = self.line_end(last.end);
        let more: String = added.iter().map(|item| format!("{}- {}", " ".repeat(dash), emit::item(item))).collect();
        edits.push(Edit { bytes: at..at, text: more });
        self.edits.extend(edits);
        Some(())
    }

    /// The column of the `-` that an item stands behind, alone on its lines.
    fn dash_of(&self, item: &Entry) -> Option<usize> {
        let line = self.text.get(self.line_start(item.start)..item.start)?;
        (line.trim() == "-").then(|| line.len() - line.trim_start().len())
    }

    /// Writes an entry anew. Comments within it are put above it.
    fn replace(&mut self, entry: &Entry, key: &str, value: &Value) -> Option<()> {
        let start = entry.key.as_ref()?.start;
        let indent = self.indent(start)?;
        let written = emit::entry(key, value, indent);
        let written = written.trim_end_matches('\n');
        let line_end = self.line_end(entry.end);
        let mut comments = self.comments(start, entry.end);
        let mut bytes = start..entry.end;
        let rest = self.text.get(entry.end..line_end).unwrap_or_default().trim();
        if !rest.is_empty() && written.contains('\n') {
            comments.push(rest.to_owned());
            bytes.end = line_end - 1;
        }
        let pad = " ".repeat(indent);
        let above: String = comments.iter().map(|comment| format!("{comment}\n{pad}")).collect();
        self.edits.push(Edit { bytes, text: format!("{above}{written}") });
        Some(())
    }

    /// Adds an entry behind the one named `before`, or in front of all.
    fn insert(
        &mut self,
        pointer: &Pointer,
        before: Option<&String>,
        current: &Map<String, Value>,
        key: &str,
        value: &Value,
    ) -> Option<()> {
        let (near, at) = match before {
            Some(before) => {
                let entry = self.entry(&pointer.child(before.as_str()))?;
                let at = self.line_end(entry.end);
                (entry, at)
            }
            None => {
                let first = current.keys().next()?;
                let entry = self.entry(&pointer.child(first.as_str()))?;
                let at = self.line_start(entry.key.as_ref()?.start);
                (entry, at)
            }
        };
        let indent = self.indent(near.key.as_ref()?.start)?;
        let text = format!("{}{}", " ".repeat(indent), emit::entry(key, value, indent));
        self.edits.push(Edit { bytes: at..at, text });
        Some(())
    }

    fn entry(&self, pointer: &Pointer) -> Option<Entry> {
        self.layout.entries.get(pointer).cloned()
    }

    /// The column of a key that is the first thing on its line.
    fn indent(&self, key: usize) -> Option<usize> {
        let line = self.text.get(self.line_start(key)..key)?;
        line.bytes().all(|byte| byte == b' ').then_some(line.len())
    }

    /// The lines of an entry, with what follows it on its last line.
    fn lines(&self, entry: &Entry) -> Range<usize> {
        let start = entry.key.as_ref().map_or(entry.start, |key| key.start);
        self.line_start(start)..self.line_end(entry.end)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The byte behind the line break.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// The comments between the scalars of some bytes.
    fn comments(&self, start: usize, end: usize) -> Vec<String> {
        let mut comments = Vec::new();
        let scalars = &self.layout.scalars;
        let first = scalars.partition_point(|scalar| scalar.start < start);
        let inside = scalars.iter().skip(first).take_while(|scalar| scalar.end <= end);
        let mut at = start;
        for scalar in inside.chain([&(end..end)]) {
            let gap = self.text.get(at..scalar.start).unwrap_or_default();
            let marked = gap.lines().filter_map(|line| line.find('#').and_then(|mark| line.get(mark..)));
            comments.extend(marked.map(|comment| comment.trim_end().to_owned()));
            at = at.max(scalar.end);
        }
        comments
    }
}

fn has_lines(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains('\n') || text.len() > 80)
}
