//! Answers that are too long are cut where they stay whole: JSON stays JSON, records stay records.

use std::io;

use serde_json::{Map, Value};

/// What was left out of a JSON value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    /// A JSON Pointer; empty for the value as a whole.
    pub(super) path: String,
    /// What is left of it, and of how many.
    pub(super) kept: usize,
    pub(super) of: usize,
    /// What is counted.
    pub(super) unit: &'static str,
}

/// Bytes of a value as compact JSON.
pub(crate) fn size(value: &Value) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // A counter takes everything.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Makes a value fit into `limit` bytes: trailing items of long lists go first, and where there is no
/// list, trailing members and the ends of texts.
pub(super) fn shrink(value: &mut Value, limit: usize) -> Vec<Dropped> {
    let mut dropped = Vec::new();
    if size(value) > limit {
        shorten(value, limit, "", &mut dropped);
    }
    dropped
}

fn shorten(value: &mut Value, limit: usize, path: &str, dropped: &mut Vec<Dropped>) {
    match value {
        Value::Array(items) => shorten_list(items, limit, path, dropped),
        Value::Object(members) => shorten_object(members, limit, path, dropped),
        Value::String(text) => {
            let of = text.len();
            let kept = boundary(text, limit.saturating_sub(2));
            text.truncate(kept);
            // Escapes may make it longer than it is.
            while text.len() > 16 && size(&Value::String(text.clone())) > limit {
                text.truncate(boundary(text, text.len() / 2));
            }
            dropped.push(Dropped { path: path.to_owned(), kept: text.len(), of, unit: "bytes" });
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn shorten_list(items: &mut Vec<Value>, limit: usize, path: &str, dropped: &mut Vec<Dropped>) {
    let (of, mut used, mut kept) = (items.len(), 2, 0);
    for item in items.iter() {
        used += size(item) + 1;
        if used > limit {
            break;
        }
        kept += 1;
    }
    // One item that is too long by itself says more in part than not at all.
    if let (0, Some(first)) = (kept, items.first_mut()) {
        shorten(first, limit.saturating_sub(2), &format!("{path}/0"), dropped);
        kept = 1;
    }
    items.truncate(kept);
    if kept < of {
        dropped.push(Dropped { path: path.to_owned(), kept, of, unit: "items" });
    }
}

/// Small members stay; the room that is left is shared by the large ones.
fn shorten_object(members: &mut Map<String, Value>, limit: usize, path: &str, dropped: &mut Vec<Dropped>) {
    let of = members.len();
    let mut sizes: Vec<(usize, usize, String)> =
        members.iter().map(|(name, value)| (size(value), name.len() + 4, name.clone())).collect();
    sizes.sort_by_key(|(size, ..)| *size);
    let (mut room, mut left) = (limit.saturating_sub(2), sizes.len());
    for (size, overhead, name) in sizes {
        let share = room / left.max(1);
        left -= 1;
        if size + overhead > share && share < overhead + 16 {
            members.shift_remove(&name);
            continue;
        }
        let allowed = share - overhead.min(share);
        if let Some(member) = members.get_mut(&name).filter(|_| size > allowed) {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            shorten(member, allowed, &format!("{path}/{escaped}"), dropped);
        }
        room = room.saturating_sub(size.min(allowed) + overhead);
    }
    if members.len() < of {
        dropped.push(Dropped { path: path.to_owned(), kept: members.len(), of, unit: "members" });
    }
}

/// The length of the longest beginning within `limit` bytes that ends with a whole character.
pub(super) fn boundary(text: &str, limit: usize) -> usize {
    let limit = limit.min(text.len());
    (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Cuts a text at the end of a paragraph, a line or a word, whichever comes last without losing much.
pub(super) fn at_line(text: &mut String, limit: usize) {
    let limit = boundary(text, limit);
    let head = text.get(..limit).unwrap_or_default();
    let enough = limit - limit / 8;
    let ends = [head.rfind("\n\n"), head.rfind('\n').map(|at| at + 1), head.rfind(' ')];
    let end = ends.into_iter().flatten().find(|at| *at >= enough).unwrap_or(limit);
    text.truncate(end);
}

/// Cuts a text of records at the end of one. A line break within quotes ends none.
pub(super) fn at_record(text: &mut String, limit: usize) {
    let limit = boundary(text, limit);
    let (mut quoted, mut end) = (false, None);
    for (at, byte) in text.bytes().enumerate().take(limit) {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = Some(at + 1),
            _ => {}
        }
    }
    text.truncate(end.unwrap_or(limit));
}

/// JSON that ends in the middle, ended where the last whole member or item ends.
pub(super) fn closed(text: &str) -> Option<String> {
    let (mut open, mut text_open, mut escaped) = (Vec::new(), false, false);
    // Where the last complete part ends, and what is open there.
    let mut end: Option<(usize, usize)> = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if text_open => escaped = true,
            b'"' => text_open = !text_open,
            _ if text_open => {}
            b'{' | b'[' => {
                open.push(if byte == b'{' { '}' } else { ']' });
                end = Some((at + 1, open.len()));
            }
            b'}' | b']' => {
                open.pop()?;
                end = Some((at + 1, open.len()));
            }
            b',' => end = Some((at, open.len())),
            _ => {}
        }
    }
    let (at, depth) = end?;
    let mut whole = text.get(..at)?.to_owned();
    // What was opened since does not count; what was closed since does not happen after the end.
    whole.extend(open.iter().take(depth).rev());
    Some(whole)
}
