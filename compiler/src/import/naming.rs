//! Names of apis and tools: readable, within bounds, and a matter of the document's content alone.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::{Document, Outline, Report};

/// Characters of a tool's full name, `{api}__{name}`.
const TOOL_LIMIT: usize = 64;
/// Characters of an api's name when it is taken from a title.
const TITLE_LIMIT: usize = 24;
/// Characters of an api's name when a person gives it.
const API_LIMIT: usize = 48;
/// File names in an api's folder that are not tools.
const RESERVED: [&str; 5] = ["api", "schemas", "upstream", "tools", "cap"];
/// Words of a title that tell nothing.
const EMPTY_WORDS: [&str; 10] =
    ["api", "apis", "rest", "openapi", "swagger", "specification", "spec", "documentation", "the", "reference"];

/// The name of the api: the one asked for, or one from the document's title.
pub(super) fn api_name(document: &Document, asked: Option<&str>, report: &Report) -> String {
    if let Some(name) = asked {
        let usable = usable(name);
        if usable != name || usable.is_empty() {
            report.say(
                Diagnostic::new(
                    Code::API_NAME,
                    format!("`{name}` cannot be an api's name"),
                    document.spot().address.place(),
                )
                .label(format!("`{usable}` is used instead"))
                .help("use letters, digits, `_` and `-`, at most 48 of them"),
            );
        }
        if !usable.is_empty() {
            return usable;
        }
    }
    let title = document.info().title.unwrap_or_default().to_ascii_lowercase();
    let words: Vec<&str> = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let telling: Vec<&str> = words.iter().copied().filter(|word| !is_empty_word(word)).collect();
    let words = if telling.is_empty() { words } else { telling };
    let name = cut_words(&words.join("_"), TITLE_LIMIT);
    if name.is_empty() { "api".to_owned() } else { name }
}

/// The tools' names, one for each outline.
///
/// Operations that want the same name all get longer ones, from their method and path, so that no
/// name depends on which came first.
pub(super) fn tool_names(api: &str, outlines: &[Outline<'_>], report: &Report) -> Vec<String> {
    let limit = TOOL_LIMIT.saturating_sub(api.len() + 2).max(8);
    let first: Vec<String> = outlines.iter().map(|outline| bounded(&wanted(outline), limit, outline)).collect();
    let shared = repeated(&first);
    let second: Vec<String> = first
        .iter()
        .zip(outlines)
        .map(|(name, outline)| {
            if !shared.contains(name) && !RESERVED.contains(&name.as_str()) {
                return name.clone();
            }
            bounded(&from_path(outline), limit, outline)
        })
        .collect();
    let shared_again = repeated(&second);
    let names: Vec<String> = second
        .iter()
        .zip(outlines)
        .map(|(name, outline)| {
            let clash = shared_again.contains(name) || RESERVED.contains(&name.as_str());
            if clash { with_hash(name, limit, outline) } else { name.clone() }
        })
        .collect();
    report_renamed(&shared, &first, &names, outlines, report);
    names
}

/// A name in words of lower case: `issues/listForRepo` becomes `issues_list_for_repo`.
pub(super) fn snake(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or(' ');
    let mut out = String::new();
    for (index, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            continue;
        }
        let before = if index == 0 { ' ' } else { at(index - 1) };
        let after = at(index + 1);
        // A plural's `s` belongs to the capitals before it: `listURLs`.
        let plural = after == 's' && !at(index + 2).is_ascii_lowercase();
        let begins = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || (before.is_ascii_uppercase() && after.is_ascii_lowercase() && !plural));
        if begins && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

fn wanted(outline: &Outline<'_>) -> String {
    let name = outline.id.map(snake).unwrap_or_default();
    if name.is_empty() { from_path(outline) } else { name }
}

fn from_path(outline: &Outline<'_>) -> String {
    let path = snake(outline.path);
    if path.is_empty() { outline.method.to_owned() } else { format!("{}_{path}", outline.method) }
}

fn bounded(name: &str, limit: usize, outline: &Outline<'_>) -> String {
    if name.len() <= limit { name.to_owned() } else { with_hash(name, limit, outline) }
}

/// The name, cut behind a word, with digits that depend on method and path.
fn with_hash(name: &str, limit: usize, outline: &Outline<'_>) -> String {
    let digest = Sha256::digest(format!("{} {}", outline.method, outline.path).as_bytes());
    let digits: String = digest.iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    format!("{}_{digits}", cut_words(name, limit.saturating_sub(5)))
}

/// At most `limit` characters, cut between words where that leaves enough.
fn cut_words(name: &str, limit: usize) -> String {
    let Some(room) = name.get(..limit).filter(|_| name.len() > limit) else { return name.to_owned() };
    let whole = name.as_bytes().get(limit) == Some(&b'_');
    let at = room.rfind('_').filter(|at| !whole && at * 2 >= limit).unwrap_or(limit);
    room.get(..at).unwrap_or(room).trim_end_matches('_').to_owned()
}

fn repeated(names: &[String]) -> BTreeSet<String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name.clone()).collect()
}

fn report_renamed(
    shared: &BTreeSet<String>,
    first: &[String],
    names: &[String],
    outlines: &[Outline<'_>],
    report: &Report,
) {
    for ((wanted, name), outline) in first.iter().zip(names).zip(outlines) {
        if !shared.contains(wanted) || wanted == name {
            continue;
        }
        let say = || {
            let place = outline.spot.address.child("operationId").place();
            let place = if outline.id.is_some() { place } else { outline.spot.address.key() };
            Diagnostic::new(Code::OPERATION_RENAMED, format!("several operations want the name `{wanted}`"), place)
                .label(format!("this one is imported as `{name}`"))
                .help("give each operation an `operationId` of its own")
        };
        report.count(wanted, say, Code::OPERATION_RENAMED);
    }
}

/// Tool names have `__` between the api's part and their own, so an api's name has none.
fn usable(name: &str) -> String {
    let mut usable = String::new();
    for c in name.chars().take(API_LIMIT) {
        let c = if is_name_char(c) { c } else { '_' };
        if c != '_' || !usable.ends_with('_') {
            usable.push(c);
        }
    }
    usable.trim_end_matches('_').to_owned()
}

fn is_empty_word(word: &str) -> bool {
    let number = word.strip_prefix('v').unwrap_or(word);
    EMPTY_WORDS.contains(&word) || number.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
