//! What a model reads: titles, descriptions, what is said of arguments, and what of it should not be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Change;
use super::code::ChangeCode;
use super::sent::quoted;
use super::side::Side;
use super::tool::{Both, Seen};
use crate::diagnostic::Place;
use crate::pin::is_hidden;

/// How the words of a tool changed.
pub(super) fn of_tool(both: &Both<'_>, before: &Seen, after: &Seen) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.title != after.title {
        let sentence = told("its title", before.title.as_deref(), after.title.as_deref());
        changes.push(both.change(ChangeCode::TITLE_CHANGED, sentence, &["title"]));
    }
    if before.description != after.description {
        let (was, is) = differing(&before.description, &after.description);
        let sentence = format!("its description says {}; it said {}", quoted(&is), quoted(&was));
        changes.push(both.change(ChangeCode::DESCRIPTION_CHANGED, sentence, &["description"]));
    }
    changes.extend(of_schema(both, "input", &before.input, &after.input));
    let nothing = Value::Bool(true);
    if let (old, Some(new)) = (before.output.as_ref().unwrap_or(&nothing), &after.output) {
        changes.extend(of_schema(both, "response", old, new));
    }
    let found = suspicious(Some(before), after);
    changes.extend(found.into_iter().map(|(code, sentence)| both.change(code, sentence, &["description"])));
    changes
}

/// Words about arguments that are on both sides. What is new is told as new.
fn of_schema(both: &Both<'_>, part: &str, old: &Value, new: &Value) -> Vec<Change> {
    let (before, after) = (words_of(old), words_of(new));
    let mut changes = Vec::new();
    for (place, is) in &after {
        let Some(was) = before.get(place).filter(|was| *was != is) else { continue };
        let (was, is) = differing(was, is);
        let at = shown_place(place);
        let sentence = match (was.as_str(), is.as_str()) {
            ("", is) => format!("{at} is {}", quoted(is)),
            (was, is) => format!("{at} says {}; it said {}", quoted(is), quoted(was)),
        };
        let tokens: Vec<&str> = std::iter::once(part)
            .chain((part == "response").then_some("schema"))
            .chain(place.iter().map(String::as_str))
            .collect();
        changes.push(both.change(ChangeCode::ARGUMENT_WORDS, sentence, &tokens));
        if changes.len() >= MOST_WORDS {
            break;
        }
    }
    changes
}

/// Every title, description, default and example of a schema by its place; of a schema without one, an empty text.
fn words_of(schema: &Value) -> BTreeMap<Vec<String>, String> {
    let mut found = BTreeMap::new();
    collect(schema, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut BTreeMap<Vec<String>, String>) {
    if path.len() > DEEPEST || found.len() > MOST_PLACES {
        return;
    }
    match value {
        Value::Object(map) => {
            let is_schema = path.last().is_none_or(|last| !NAMES.contains(&last.as_str()));
            if is_schema {
                for key in WORDS {
                    let text = match map.get(key) {
                        Some(Value::String(text)) => text.clone(),
                        Some(other) => other.to_string(),
                        None => String::new(),
                    };
                    found.insert(path.iter().cloned().chain([key.to_owned()]).collect(), text);
                }
            }
            for (key, inner) in map.iter().filter(|(key, _)| !is_schema || !DATA.contains(&key.as_str())) {
                path.push(key.clone());
                collect(inner, path, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                path.push(index.to_string());
                collect(inner, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A place in a schema as people read it: `` the description of `filter.tags` ``.
fn shown_place(place: &[String]) -> String {
    let Some((word, path)) = place.split_last() else { return String::new() };
    let names: Vec<&str> = path.iter().map(String::as_str).filter(|it| !NAMES.contains(it) && *it != "items").collect();
    if names.is_empty() {
        return format!("the {word} of the whole");
    }
    format!("the {word} of `{}`", super::schema::shown_text(&names.join(".")))
}

/// Hidden characters, and texts that speak to the model, that were not there.
pub(super) fn suspicious(before: Option<&Seen>, after: &Seen) -> Vec<(ChangeCode, String)> {
    let old: Vec<String> = before.map(texts).unwrap_or_default();
    let mut found = Vec::new();
    for text in texts(after).into_iter().filter(|text| !old.contains(text)) {
        if let Some(at) = text.char_indices().find(|(_, c)| is_hidden(*c) && !c.is_whitespace()).map(|(at, _)| at) {
            let sentence = format!("a text has characters that nobody sees: {}", quoted(around(&text, at)));
            found.push((ChangeCode::HIDDEN_CHARACTERS, sentence));
        }
        if let Some(at) = instruction(&text) {
            let sentence = format!("a text speaks to the model: {}", quoted(around(&text, at)));
            found.push((ChangeCode::INSTRUCTIONS, sentence));
        }
    }
    found.sort();
    found.dedup();
    found.truncate(MOST_SUSPICIOUS);
    found
}

/// All texts that a model reads of a tool.
fn texts(seen: &Seen) -> Vec<String> {
    let mut all: Vec<String> = seen.title.iter().chain([&seen.description]).cloned().collect();
    for schema in [Some(&seen.input), seen.output.as_ref()].into_iter().flatten() {
        collect_texts(schema, &mut all, 0);
    }
    all
}

fn collect_texts(value: &Value, all: &mut Vec<String>, depth: usize) {
    if depth > DEEPEST || all.len() > MOST_PLACES {
        return;
    }
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, all, depth + 1)),
        Value::Object(map) => {
            for (key, inner) in map {
                all.extend(key.chars().any(is_hidden).then(|| key.clone()));
                collect_texts(inner, all, depth + 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where a text says something that belongs into no description of a tool.
fn instruction(text: &str) -> Option<usize> {
    // Only ASCII letters are folded, so that places stay places.
    let plain: String = text
        .chars()
        .map(|c| if c.is_whitespace() && c.len_utf8() == 1 { ' ' } else { c.to_ascii_lowercase() })
        .collect();
    INSTRUCTIONS.iter().filter_map(|phrase| plain.find(phrase)).min()
}

/// Some of a text round a place.
fn around(text: &str, at: usize) -> &str {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (boundary(at.saturating_sub(40)), boundary((at + 100).min(text.len())));
    text.get(start..end).unwrap_or_default()
}

fn told(what: &str, was: Option<&str>, is: Option<&str>) -> String {
    match (was, is) {
        (Some(was), Some(is)) => format!("{what} is {}; it was {}", quoted(is), quoted(was)),
        (None, Some(is)) => format!("{what} is {}", quoted(is)),
        (was, None) => format!("{what} is gone; it was {}", quoted(was.unwrap_or_default())),
    }
}

/// Both texts without what they begin with together, where that is long.
fn differing(was: &str, is: &str) -> (String, String) {
    let common = was.bytes().zip(is.bytes()).take_while(|(one, another)| one == another).count();
    let Some(start) = common.checked_sub(LEAD) else { return (was.to_owned(), is.to_owned()) };
    let from = |text: &str| {
        let mut start = start;
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        format!("…{}", text.get(start..).unwrap_or_default())
    };
    (from(was), from(is))
}

/// How the words about servers changed.
pub(super) fn of_servers(old: &Side, new: &Side) -> Vec<Change> {
    let servers = |side: &Side| {
        // A stand-alone tool is a server of its own, and told as a tool.
        let alone: BTreeSet<&str> = side.capabilities.iter().map(|it| it.tool.as_str()).collect();
        let own = side.servers.iter().filter(|it| !alone.contains(it.name.as_str()));
        let own = own.map(|it| (it.name.as_str().to_owned(), it.clone(), None));
        let upstreams = side.upstreams.iter().map(|it| {
            let place = Place::file(&it.upstream.source);
            (it.upstream.name().as_str().to_owned(), it.upstream.server.clone(), Some(place))
        });
        own.chain(upstreams).map(|(name, server, place)| (name, (server, place))).collect::<BTreeMap<_, _>>()
    };
    let before = servers(old);
    let mut changes = Vec::new();
    for (name, (server, place)) in servers(new) {
        let mut say = |code, sentence: String, old: Option<Place>| {
            changes.push(Change { code, subject: name.clone(), sentence, old, new: place.clone() });
        };
        let known = before.get(&name);
        let description = server.description.as_deref().unwrap_or_default();
        if let Some((was, at)) = known {
            let old = was.description.as_deref().unwrap_or_default();
            if was.title != server.title {
                let sentence = told("the title of the server", was.title.as_deref(), server.title.as_deref());
                say(ChangeCode::SERVER_WORDS, sentence, at.clone());
            }
            if old != description {
                let (was, is) = differing(old, description);
                let sentence = format!("the description of the server says {}; it said {}", quoted(&is), quoted(&was));
                say(ChangeCode::SERVER_WORDS, sentence, at.clone());
            }
        }
        let is_new = known.is_none_or(|(was, _)| was.description != server.description);
        if is_new && description.chars().any(|c| is_hidden(c) && !c.is_whitespace()) {
            let sentence = format!("the server's description has characters that nobody sees: {}", quoted(description));
            say(ChangeCode::HIDDEN_CHARACTERS, sentence, None);
        }
        if let Some(at) = instruction(description).filter(|_| is_new) {
            let sentence = format!("the server's description speaks to the model: {}", quoted(around(description, at)));
            say(ChangeCode::INSTRUCTIONS, sentence, None);
        }
    }
    changes
}

/// What is said of a value beside what it may be.
const WORDS: [&str; 5] = ["title", "description", "default", "examples", "$comment"];
/// What stands under these is named by whoever wrote the schema.
const NAMES: [&str; 5] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
/// What stands under these is no schema.
const DATA: [&str; 8] = ["enum", "const", "default", "examples", "required", "title", "description", "$comment"];
/// What a description of a tool has no reason to say, in lower case.
const INSTRUCTIONS: [&str; 30] = [
    "ignore previous",
    "ignore all previous",
    "ignore the above",
    "ignore any previous",
    "ignore prior",
    "ignore earlier",
    "ignore your",
    "disregard previous",
    "disregard all",
    "disregard the above",
    "forget previous",
    "forget everything",
    "override your instructions",
    "new instructions:",
    "system prompt",
    "system:",
    "<system>",
    "<important>",
    "[inst]",
    "do not tell the user",
    "don't tell the user",
    "do not mention",
    "don't mention",
    "without telling",
    "without asking",
    "do not inform",
    "before using any other tool",
    "instead of any other tool",
    "you are now",
    "you must always",
];
const MOST_WORDS: usize = 50;
const MOST_SUSPICIOUS: usize = 10;
const MOST_PLACES: usize = 5_000;
const DEEPEST: usize = 40;
/// Bytes that are kept of what two texts begin with.
const LEAD: usize = 40;
