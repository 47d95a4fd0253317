//! What a model reads: titles, descriptions, what is said of arguments, and what of it should not be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::Change;
use super::code::ChangeCode;
use super::sent::{differing, quoted};
use super::side::Side;
use super::tool::{Both, Seen};
use crate::diagnostic::Place;
use crate::pin::is_hidden;

/// How the words of a tool changed.
pub(super) fn of_tool(both: &Both<'_>, before: &Seen, after: &Seen) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.title != after.title {
        let (was, is) = (before.title.as_deref(), after.title.as_deref());
        let change = both.change(ChangeCode::TITLE_CHANGED, told("its title", was, is), &["title"]);
        changes.push(change.saying(was.unwrap_or_default(), is.unwrap_or_default()));
    }
    if before.description != after.description {
        let (was, is) = differing(&before.description, &after.description);
        let sentence = format!("its description says {}; it said {}", quoted(&is), quoted(&was));
        let change = both.change(ChangeCode::DESCRIPTION_CHANGED, sentence, &["description"]);
        changes.push(change.saying(&before.description, &after.description));
    }
    let found = suspicious(Some(before), after);
    changes.extend(found.into_iter().map(|(code, sentence)| both.change(code, sentence, &["description"])));
    changes
}

/// Hidden characters, and texts that speak to the model, that were not there.
pub(super) fn suspicious(before: Option<&Seen>, after: &Seen) -> Vec<(ChangeCode, String)> {
    let old: BTreeSet<String> = before.map(texts).unwrap_or_default();
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
fn texts(seen: &Seen) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = seen.title.iter().chain([&seen.description]).cloned().collect();
    for schema in [Some(&seen.input), seen.output.as_ref()].into_iter().flatten() {
        collect_texts(schema, &mut all, 0);
    }
    all
}

fn collect_texts(value: &Value, all: &mut BTreeSet<String>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::String(text) => {
            all.insert(text.clone());
        }
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
        let mut say = |code, sentence: String, old: Option<Place>, (was, is): (&str, &str)| {
            let new = place.clone();
            changes.push(Change { code, subject: name.clone(), sentence, texts: None, old, new }.saying(was, is));
        };
        let known = before.get(&name);
        let description = server.description.as_deref().unwrap_or_default();
        if let Some((was, at)) = known {
            let old = was.description.as_deref().unwrap_or_default();
            if was.title != server.title {
                let sentence = told("the title of the server", was.title.as_deref(), server.title.as_deref());
                let texts = (was.title.as_deref().unwrap_or_default(), server.title.as_deref().unwrap_or_default());
                say(ChangeCode::SERVER_WORDS, sentence, at.clone(), texts);
            }
            if old != description {
                let (was, is) = differing(old, description);
                let sentence = format!("the description of the server says {}; it said {}", quoted(&is), quoted(&was));
                say(ChangeCode::SERVER_WORDS, sentence, at.clone(), (old, description));
            }
        }
        let is_new = known.is_none_or(|(was, _)| was.description != server.description);
        if is_new && description.chars().any(|c| is_hidden(c) && !c.is_whitespace()) {
            let sentence = format!("the server's description has characters that nobody sees: {}", quoted(description));
            say(ChangeCode::HIDDEN_CHARACTERS, sentence, None, ("", ""));
        }
        if let Some(at) = instruction(description).filter(|_| is_new) {
            let sentence = format!("the server's description speaks to the model: {}", quoted(around(description, at)));
            say(ChangeCode::INSTRUCTIONS, sentence, None, ("", ""));
        }
    }
    changes
}

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
const MOST_SUSPICIOUS: usize = 10;
const DEEPEST: usize = 256;
