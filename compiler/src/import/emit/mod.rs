//! Trees to YAML: the same tree gives the same bytes, and reading them gives the same tree.
//!
//! What people compare line by line stands in block style; a short mapping or list of scalars
//! stands on one line. Text is quoted where any reader of YAML, old or new, would take it for
//! something else.

mod scalar;

use serde_json::{Map, Value};

use self::scalar::{Position, block, inline, key};

/// Columns that a line has where there is a choice.
const WIDTH: usize = 100;
/// Characters of a key that needs no `?`: YAML finds the end of a simple one within 1,024.
pub(crate) const LONGEST_KEY: usize = 1_000;
/// Columns that one level is indented.
const STEP: usize = 2;
/// Keys whose values are compared line by line, however short.
const ALWAYS_BLOCK: [&str; 12] = [
    "$defs",
    "import",
    "input",
    "properties",
    "request",
    "query",
    "cookies",
    "form",
    "multipart",
    "response",
    "schemes",
    "servers",
];

/// Writes a mapping under a comment line; `comment` is written as it is, without line breaks.
#[must_use]
pub fn emit(comment: &str, tree: &Map<String, Value>) -> String {
    let mut out = format!("# {}\n", comment.replace(['\n', '\r'], " "));
    if tree.is_empty() {
        out.push_str("{}\n");
    } else {
        members(&mut out, tree, 0);
    }
    out.shrink_to_fit();
    out
}

/// One entry of a block mapping whose keys stand at column `indent`: from the key to the line break.
#[must_use]
pub fn entry(name: &str, value: &Value, indent: usize) -> String {
    let mut out = String::new();
    member(&mut out, name, value, indent);
    out
}

/// A value on one line, with the line break.
#[must_use]
pub fn item(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::String(text) => out.push_str(&inline(text, Position::Block)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => flow(&mut out, value),
    }
    out.push('\n');
    out
}

/// One item of a block list whose `-` stands at column `indent`: from there to the line break.
#[must_use]
pub fn list_item(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    items(&mut out, std::slice::from_ref(value), indent);
    out.split_off(indent)
}

/// A text behind its key or `-`, with the line break. The key or `-` stands at column `indent`, the text
/// at `column`; more lines are indented below the key.
#[must_use]
pub fn text(value: &str, indent: usize, column: usize) -> String {
    let mut out = String::new();
    string(&mut out, value, indent, column);
    out
}

/// The same as a literal block, each line as it is; `None` if a block does not bring back this text.
#[must_use]
pub fn literal_text(value: &str, indent: usize) -> Option<String> {
    scalar::literal(value, indent + STEP)
}

/// A text in quotes, on one line.
#[must_use]
pub fn quoted_text(value: &str) -> String {
    scalar::quoted(value)
}

/// A key, without its colon.
#[must_use]
pub fn key_text(name: &str) -> String {
    key(name).into_owned()
}

fn members(out: &mut String, map: &Map<String, Value>, indent: usize) {
    for (name, value) in map {
        pad(out, indent);
        member(out, name, value, indent);
    }
}

/// One member behind its indentation.
fn member(out: &mut String, name: &str, value: &Value, indent: usize) {
    let name = key(name);
    if name.chars().count() > LONGEST_KEY {
        out.push_str("? ");
        out.push_str(&name);
        out.push('\n');
        pad(out, indent);
    } else {
        out.push_str(&name);
    }
    out.push(':');
    let column = indent + name.chars().count() + 2;
    let open = ALWAYS_BLOCK.contains(&name.as_ref());
    under_key(out, value, indent, column, open);
}

fn under_key(out: &mut String, value: &Value, indent: usize, column: usize, open: bool) {
    match value {
        Value::Object(map) if !map.is_empty() && (open || !fits(value, column)) => {
            out.push('\n');
            members(out, map, indent + STEP);
        }
        Value::Array(items) if !items.is_empty() && !fits(value, column) => {
            out.push('\n');
            self::items(out, items, indent + STEP);
        }
        Value::String(text) => {
            out.push(' ');
            string(out, text, indent, column);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            out.push(' ');
            flow(out, value);
            out.push('\n');
        }
    }
}

fn items(out: &mut String, list: &[Value], indent: usize) {
    for value in list {
        pad(out, indent);
        out.push('-');
        match value {
            Value::Object(map) if !map.is_empty() && !fits(value, indent + STEP) => {
                out.push(' ');
                let mut rest = map.iter();
                if let Some((name, value)) = rest.next() {
                    member(out, name, value, indent + STEP);
                }
                for (name, value) in rest {
                    pad(out, indent + STEP);
                    member(out, name, value, indent + STEP);
                }
            }
            Value::Array(inner) if !inner.is_empty() && !fits(value, indent + STEP) => {
                out.push('\n');
                items(out, inner, indent + STEP);
            }
            Value::String(text) => {
                out.push(' ');
                string(out, text, indent, indent + STEP);
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                out.push(' ');
                flow(out, value);
                out.push('\n');
            }
        }
    }
}

fn string(out: &mut String, text: &str, indent: usize, column: usize) {
    let fits = |line: &str| column + line.chars().count() <= WIDTH;
    let short = (fits(text) && !text.contains('\n')).then(|| inline(text, Position::Block)).filter(|line| fits(line));
    let line = match short {
        Some(line) => line,
        None => match block(text, indent + STEP, WIDTH) {
            Some(lines) => return out.push_str(&lines),
            None => inline(text, Position::Block),
        },
    };
    out.push_str(&line);
    out.push('\n');
}

/// Whether a collection is short and simple enough to stand on one line.
fn fits(value: &Value, column: usize) -> bool {
    // What is large is found to be so first, so that a value is looked at as a whole once and not at each level.
    if left(value, WIDTH).is_none() || depth(value) > 2 || has_lines(value) {
        return false;
    }
    let mut line = String::new();
    flow(&mut line, value);
    column + line.chars().count() <= WIDTH
}

/// Nested collections; a mapping with several collections in it counts as one level more.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(map) if !map.is_empty() => {
            let nested: Vec<usize> = map.values().map(depth).filter(|depth| *depth > 0).collect();
            1 + nested.iter().max().copied().unwrap_or_default() + usize::from(nested.len() > 1)
        }
        Value::Array(items) if !items.is_empty() => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => 0,
    }
}

/// How much of `room` is left behind a value on one line at the most; `None` if it does not fit. It saves
/// writing what is then not used.
fn left(value: &Value, room: usize) -> Option<usize> {
    match value {
        Value::String(text) => room.checked_sub(text.chars().take(room + 1).count()),
        Value::Array(items) => items.iter().try_fold(room.checked_sub(2)?, |room, item| left(item, room)),
        Value::Object(map) => map.iter().try_fold(room.checked_sub(2)?, |room, (key, item)| {
            left(item, room.checked_sub(key.chars().take(room + 1).count())?)
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => room.checked_sub(1),
    }
}

fn has_lines(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\n'),
        Value::Array(items) => items.iter().any(has_lines),
        Value::Object(map) => {
            map.keys().any(|key| ALWAYS_BLOCK.contains(&key.as_str()) || key.len() > WIDTH)
                || map.values().any(has_lines)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn flow(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => out.push_str(&inline(text, Position::Flow)),
        Value::Array(items) => {
            out.push('[');
            separated(out, items, flow);
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            separated(out, map, |out, (name, value)| {
                out.push_str(&inline(name, Position::Flow));
                out.push_str(": ");
                flow(out, value);
            });
            out.push('}');
        }
    }
}

fn separated<T>(out: &mut String, items: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T)) {
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item);
    }
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}
