//! Changes one member of a JSON text in place: comments, order and layout of all else stay as they are.

use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use super::jsonc::{parse, plain, string_end};

/// One member of an object in a text.
struct Member {
    name: String,
    key: usize,
    value: Range<usize>,
}

/// An object in a text: its members, and where its last brace is.
struct Object {
    open: usize,
    members: Vec<Member>,
    close: usize,
}

/// The text with `value` at a path of keys, where objects are made that are not there.
///
/// Returns `None` if the text is not JSON, or something on the way is no object, or the result would not
/// read as the same tree with this one change.
pub(super) fn with_member(text: &str, path: &[&str], value: &Value) -> Option<String> {
    let mut tree = parse(text).ok()?;
    put(&mut tree, path, value)?;
    let plain = plain(text);
    let edited = if plain.trim().is_empty() {
        format!("{text}{}\n", pretty(&tree, "  ", ""))
    } else {
        edit(text, &plain, path, value)?
    };
    (parse(&edited).ok()? == tree).then_some(edited)
}

/// A value over several lines, each but the first behind `margin`.
pub(super) fn pretty(value: &Value, unit: &str, margin: &str) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, PrettyFormatter::with_indent(unit.as_bytes()));
    if value.serialize(&mut serializer).is_err() {
        return value.to_string();
    }
    String::from_utf8(bytes).unwrap_or_default().replace('\n', &format!("\n{margin}"))
}

fn put(tree: &mut Value, path: &[&str], value: &Value) -> Option<()> {
    let (key, rest) = path.split_first()?;
    let map = tree.as_object_mut()?;
    if rest.is_empty() {
        map.insert((*key).to_owned(), value.clone());
        return Some(());
    }
    put(map.entry((*key).to_owned()).or_insert_with(|| Value::Object(Map::new())), rest, value)
}

fn edit(text: &str, plain: &str, path: &[&str], value: &Value) -> Option<String> {
    let mut object = object(plain, plain.len() - plain.trim_start().len())?;
    let unit = unit(plain, &object);
    let mut path = path;
    loop {
        let (key, rest) = path.split_first()?;
        let Some(member) = object.members.iter().rev().find(|member| member.name == *key) else {
            // Objects that are missing on the way are part of what is put in.
            let whole = rest
                .iter()
                .rev()
                .fold(value.clone(), |inner, key| Value::Object(Map::from_iter([((*key).to_owned(), inner)])));
            return insert(text, plain, &object, key, &whole, &unit);
        };
        if rest.is_empty() {
            let margin = margin(plain, member.key);
            return Some(splice(text, member.value.clone(), &lines(text, &pretty(value, &unit, margin))));
        }
        object = self::object(plain, member.value.start)?;
        path = rest;
    }
}

/// Puts a member behind the last one.
fn insert(text: &str, plain: &str, object: &Object, key: &str, value: &Value, unit: &str) -> Option<String> {
    let name = Value::from(key).to_string();
    let is_one_line = !text.get(object.open..object.close)?.contains('\n');
    let Some(last) = object.members.last() else {
        let margin = margin(plain, object.open);
        let inner = format!("{margin}{unit}");
        let entry = lines(text, &format!("\n{inner}{name}: {}", pretty(value, unit, &inner)));
        // An object with nothing but space in it is written anew; comments in it stay.
        let inside = text.get(object.open + 1..object.close)?;
        if inside.trim().is_empty() {
            return Some(splice(
                text,
                object.open + 1..object.close,
                &format!("{entry}{}", lines(text, &format!("\n{margin}"))),
            ));
        }
        return Some(splice(text, object.open + 1..object.open + 1, &entry));
    };
    let end = last.value.end;
    if is_one_line {
        return Some(splice(text, end..end, &format!(", {name}: {value}")));
    }
    let margin = margin(plain, last.key);
    let entry = lines(text, &format!("\n{margin}{name}: {}", pretty(value, unit, margin)));
    let comma = trailing_comma(text, plain, end);
    let at = line_end(plain, comma.map_or(end, |comma| comma + 1));
    let before = text.get(..end)?;
    Some(match comma {
        // The list ends with a comma, and does so after it.
        Some(_) => splice(text, at..at, &format!("{entry},")),
        None => format!("{before},{}{entry}{}", text.get(end..at)?, text.get(at..)?),
    })
}

/// The comma behind the last member that the plain text does not have, if there is one.
fn trailing_comma(text: &str, plain: &str, end: usize) -> Option<usize> {
    let rest = plain.as_bytes().get(end..)?;
    let space = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
    // Comments are spaces in the plain text; a comma outside of one is the first byte that differs and
    // is no part of a comment.
    let mut at = end;
    let bytes = text.as_bytes();
    while at < end + space {
        match (bytes.get(at)?, bytes.get(at + 1)) {
            (b',', _) => return Some(at),
            (b'/', Some(b'/')) => at = text.get(at..)?.find('\n').map_or(end + space, |length| at + length),
            (b'/', Some(b'*')) => at = text.get(at..)?.find("*/").map_or(end + space, |length| at + length + 2),
            _ => at += 1,
        }
    }
    None
}

/// The end of the line, if nothing but comments comes before it; otherwise the place itself.
fn line_end(plain: &str, at: usize) -> usize {
    let rest = plain.get(at..).unwrap_or_default();
    let Some(line) = rest.find('\n') else { return at };
    let line = rest.get(..line).unwrap_or_default();
    if line.trim().is_empty() { at + line.trim_end_matches('\r').len() } else { at }
}

/// The white space that the line of a place begins with.
fn margin(plain: &str, at: usize) -> &str {
    let start = plain.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = plain.get(start..).unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}

/// What one level is indented by: what the first member is.
fn unit(plain: &str, root: &Object) -> String {
    let own = root.members.first().map(|member| margin(plain, member.key)).filter(|margin| !margin.is_empty());
    own.unwrap_or("  ").to_owned()
}

/// Line breaks as the text has them.
fn lines(text: &str, added: &str) -> String {
    if text.contains("\r\n") { added.replace('\n', "\r\n") } else { added.to_owned() }
}

fn splice(text: &str, range: Range<usize>, with: &str) -> String {
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    format!("{before}{with}{after}")
}

/// The object that begins at a place of a JSON text.
fn object(plain: &str, open: usize) -> Option<Object> {
    let bytes = plain.as_bytes();
    if bytes.get(open) != Some(&b'{') {
        return None;
    }
    let mut members = Vec::new();
    let mut at = open + 1;
    loop {
        at = space_end(bytes, at);
        match bytes.get(at)? {
            b'}' => return Some(Object { open, members, close: at }),
            b',' => at += 1,
            b'"' => {
                let (key, end) = (at, string_end(bytes, at));
                let name = serde_json::from_str(plain.get(key..end)?).ok()?;
                let colon = space_end(bytes, end);
                let start = space_end(bytes, colon + 1);
                at = value_end(bytes, start);
                members.push(Member { name, key, value: start..at });
            }
            _ => return None,
        }
    }
}

fn space_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len())
}

/// The byte after a value of a JSON text.
fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            byte if byte.is_ascii_whitespace() && depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests;
