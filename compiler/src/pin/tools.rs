//! `tools.json`: the tools of an upstream as a person approved them, and how another form differs.
//!
//! What a server says beside the definition, `_meta` and `icons`, is not in it: no model reads them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
use crate::source::SourceId;
use crate::syntax::{self, Pointer};

/// The name of the file, beside the upstream's.
pub const TOOLS_FILE: &str = "tools.json";

/// The file of the approved tools of an upstream: beside its own.
#[must_use]
pub fn tools_file(upstream: &SourceId) -> SourceId {
    match upstream.folder() {
        "" => SourceId::new(TOOLS_FILE),
        folder => SourceId::new(&format!("{folder}/{TOOLS_FILE}")),
    }
}

/// Foreign text in which nothing is hidden: control and invisible characters are escaped.
#[must_use]
pub fn shown_text(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

/// The tools of one upstream as they were approved, by the server's names of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApprovedTools {
    tools: BTreeMap<String, Value>,
}

impl ApprovedTools {
    /// Tools as a server lists them. Of two with one name, the first counts.
    #[must_use]
    pub fn of<'a>(listed: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut tools = BTreeMap::new();
        for tool in listed {
            if let Some(name) = name_of(tool) {
                tools.entry(name.to_owned()).or_insert_with(|| canonical(tool));
            }
        }
        Self { tools }
    }

    /// Reads a file.
    #[must_use]
    pub fn parse(source: &SourceId, text: &[u8]) -> Outcome<Self> {
        let text = whole_escapes(text);
        let tree = match syntax::parse_definition(source, &text) {
            Ok(tree) => tree,
            Err(diagnostic) => return Outcome::failed(*diagnostic),
        };
        let fault = |pointer: Pointer, label: &str| {
            let place = Place::value(source, pointer);
            let fault = Diagnostic::new(Code::TOOLS_FILE, "this is no list of approved tools", place).label(label);
            Outcome::failed(fault.help("run `cap pin` with the upstream's name to write it anew"))
        };
        if tree.get("kind").and_then(Value::as_str) != Some("tools") || tree.get("version") != Some(&json!(1)) {
            return fault(Pointer::root(), "expected `version: 1` and `kind: tools`");
        }
        let Some(Value::Array(listed)) = tree.get("tools") else {
            return fault(Pointer::root(), "expected `tools`, a list");
        };
        let mut tools = BTreeMap::new();
        for (index, tool) in listed.iter().enumerate() {
            let pointer = Pointer::of(["tools"]).item(index);
            let Some(name) = name_of(tool) else { return fault(pointer, "expected a tool with a `name`") };
            if tools.insert(name.to_owned(), canonical(tool)).is_some() {
                return fault(pointer.child("name"), "expected each name once");
            }
        }
        Outcome { value: Some(Self { tools }), diagnostics: Vec::new() }
    }

    /// The file's text: the same for the same tools, in whatever order a server lists them. Characters that would
    /// not be seen in it are escaped, as JSON lets them be.
    #[must_use]
    pub fn render(&self) -> String {
        let tools: Vec<&Value> = self.tools.values().collect();
        let file = json!({"version": 1, "kind": "tools", "tools": tools});
        let text = serde_json::to_string_pretty(&file).unwrap_or_default();
        let mut shown = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            // Line ends are between members: within texts they are escaped already.
            if c == '\n' || !is_hidden(c) {
                shown.push(c);
            } else {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
            }
        }
        shown.push('\n');
        shown
    }

    /// The tool of that name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Value> {
        self.tools.get(name)
    }

    /// All tools, sorted by name.
    pub fn tools(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.tools.iter().map(|(name, tool)| (name.as_str(), tool))
    }
}

/// A tool without what is no part of its definition, its members in one order.
#[must_use]
pub fn canonical(tool: &Value) -> Value {
    let Value::Object(members) = tool else { return sorted(tool) };
    let first = FIRST.into_iter().filter_map(|key| members.get_key_value(key));
    let mut others: Vec<_> =
        members.iter().filter(|(key, _)| !FIRST.contains(&key.as_str()) && !LEFT_OUT.contains(&key.as_str())).collect();
    others.sort_by_key(|(key, _)| key.as_str());
    Value::Object(first.chain(others).map(|(key, value)| (key.clone(), sorted(value))).collect())
}

/// How a tool differs from the form that was approved, a line for each place, at most a few; none if it does not.
#[must_use]
pub fn differences(approved: &Value, found: &Value) -> Vec<String> {
    let (approved, found) = (canonical(approved), canonical(found));
    let mut lines = Vec::new();
    compare(&approved, &found, "", &mut lines);
    let more = lines.len().saturating_sub(MOST_DIFFERENCES);
    lines.truncate(MOST_DIFFERENCES);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

fn compare(approved: &Value, found: &Value, at: &str, lines: &mut Vec<String>) {
    match (approved, found) {
        (Value::Object(one), Value::Object(another)) => compare_members(one, another, at, lines),
        (Value::Array(one), Value::Array(another)) if one.len() == another.len() => {
            for (index, (one, another)) in one.iter().zip(another).enumerate() {
                compare(one, another, &format!("{at}/{index}"), lines);
            }
        }
        (one, another) if one == another => {}
        (one, another) => {
            let (was, is) = shown_apart(one, another);
            lines.push(format!("`{}` was {was} and is {is}", shown_place(at)));
        }
    }
}

fn compare_members(one: &Map<String, Value>, another: &Map<String, Value>, at: &str, lines: &mut Vec<String>) {
    for (key, value) in one {
        let place = format!("{at}/{key}");
        match another.get(key) {
            Some(other) => compare(value, other, &place, lines),
            None => lines.push(format!("`{}` was {} and is gone", shown_place(&place), shown(value))),
        }
    }
    for (key, value) in another.iter().filter(|(key, _)| !one.contains_key(*key)) {
        lines.push(format!("`{}` is new: {}", shown_place(&format!("{at}/{key}")), shown(value)));
    }
}

/// A place as people read it: `description`, `inputSchema/properties/path`.
fn shown_place(at: &str) -> String {
    let place: String = at.trim_start_matches('/').chars().flat_map(visible).take(LONGEST_SHOWN).collect();
    if place.is_empty() { "the tool".to_owned() } else { place }
}

/// A value in one short line, in which nothing is hidden: control and invisible characters are escaped.
fn shown(value: &Value) -> String {
    let mut line: String = value.to_string().chars().flat_map(visible).take(LONGEST_SHOWN + 1).collect();
    if line.chars().count() > LONGEST_SHOWN {
        line = line.chars().take(LONGEST_SHOWN).chain(['…']).collect();
    }
    line
}

/// Two values, each in one short line that has the place where they part.
fn shown_apart(one: &Value, another: &Value) -> (String, String) {
    let (one_line, another_line) = (one.to_string(), another.to_string());
    let same = one_line.chars().zip(another_line.chars()).take_while(|(a, b)| a == b).count();
    if same < LONGEST_SHOWN / 2 {
        return (shown(one), shown(another));
    }
    let part = |line: &str| {
        let from = same.saturating_sub(LONGEST_SHOWN / 4);
        let text: String = line.chars().skip(from).flat_map(visible).take(LONGEST_SHOWN + 1).collect();
        let cut: String = text.chars().take(LONGEST_SHOWN).collect();
        if cut.len() < text.len() { format!("…{cut}…") } else { format!("…{cut}") }
    };
    (part(&one_line), part(&another_line))
}

/// Whether a character is not seen: controls, marks of direction, joiners and tags.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}')
}

/// The character, or its escape where it would not be seen.
pub(crate) fn visible(c: char) -> impl Iterator<Item = char> {
    let (escaped, plain) = if is_hidden(c) { (Some(c.escape_unicode()), None) } else { (None, Some(c)) };
    escaped.into_iter().flatten().chain(plain)
}

/// The text with characters beyond the first plane, which JSON escapes in two halves, as YAML has them: whole.
fn whole_escapes(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| text.contains("\\ud")) else {
        return Cow::Borrowed(text);
    };
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        whole.push_str(before);
        let half = |at: usize| {
            let digits = escape.get(at..at + 5)?.strip_prefix('u')?;
            u16::from_str_radix(digits, 16).ok()
        };
        let halves = half(0).zip(half(6)).filter(|_| escape.get(5..6) == Some("\\"));
        let one =
            halves.and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok().filter(|c| c.len_utf16() == 2));
        let taken = match one {
            Some(c) => {
                whole.push_str(&format!("\\U{:08x}", u32::from(c)));
                11
            }
            None => {
                whole.push('\\');
                // What is escaped by it is not looked at: it may be another one.
                let next = escape.chars().next();
                whole.extend(next);
                next.map_or(0, char::len_utf8)
            }
        };
        rest = escape.get(taken..).unwrap_or_default();
    }
    whole.push_str(rest);
    Cow::Owned(whole.into_bytes())
}

fn name_of(tool: &Value) -> Option<&str> {
    tool.get("name").and_then(Value::as_str).filter(|name| !name.is_empty())
}

/// The value with the members of every object sorted.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> = members.iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(members.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// What a person reads first stands first.
const FIRST: [&str; 4] = ["name", "title", "description", "annotations"];
/// What is no part of a definition.
const LEFT_OUT: [&str; 2] = ["_meta", "icons"];
const MOST_DIFFERENCES: usize = 5;
/// In characters.
const LONGEST_SHOWN: usize = 120;

#[cfg(test)]
mod tests;
