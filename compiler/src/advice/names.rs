//! Names of one server's tools that are taken for one another.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use super::Finding;
use crate::capability::Capability;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

/// Characters of a name in which one letter is overlooked.
const LONG: usize = 10;
/// Names that share all but one letter in one place are compared with so many of their neighbours.
const COMPARED: usize = 8;

/// Tools whose names differ only in what is easily overlooked.
pub(super) fn alike(tools: &[&Capability]) -> Vec<Finding> {
    let names: Vec<&str> = tools.iter().map(|tool| tool.tool.as_str()).collect();
    let mut pairs = one_letter_apart(&names);
    for tools in folded(&names).values() {
        pairs.extend(tools.iter().zip(tools.iter().skip(1)).map(|(one, other)| (*one, *other)));
    }
    let tool = |index: usize| tools.get(index).copied();
    pairs.into_iter().filter_map(|(one, other)| Some(finding(tool(one)?, tool(other)?))).collect()
}

fn finding(one: &Capability, other: &Capability) -> Finding {
    let place = |tool: &Capability| Place::value(&tool.origin.definition, Pointer::of(["name"]));
    let message = format!("`{}` and `{}` are easily taken for one another", one.tool, other.tool);
    let diagnostic = Diagnostic::new(Code::NAMES_ALIKE, message, place(one))
        .label("they differ in one letter, in case, in separators or in characters that look alike")
        .also(place(other), "the other one")
        .help("give one of them a `name` that says how it differs");
    Finding::new(one, "alike", diagnostic)
}

/// Names by what a careless reader sees.
fn folded(names: &[&str]) -> BTreeMap<String, Vec<usize>> {
    let mut folds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, name) in names.iter().enumerate() {
        folds.entry(fold(name)).or_default().push(index);
    }
    folds
}

fn fold(name: &str) -> String {
    let seen = |c: char| match c.to_ascii_lowercase() {
        '0' => 'o',
        '1' | 'i' => 'l',
        '5' => 's',
        c => c,
    };
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(seen).collect()
}

/// Pairs of names of which one becomes the other by one letter. Two such names are equal when each has
/// lost one letter, or one has: names meet under what is left of them, so that nobody compares all with all.
fn one_letter_apart(names: &[&str]) -> BTreeSet<(usize, usize)> {
    let mut left: Vec<(u64, usize)> = Vec::new();
    for (index, name) in names.iter().enumerate().filter(|(_, name)| name.len() >= LONG) {
        left.push((hash(&[name]), index));
        let cuts = name.char_indices().filter_map(|(at, c)| Some((name.get(..at)?, name.get(at + c.len_utf8()..)?)));
        left.extend(cuts.map(|(front, back)| (hash(&[front, back]), index)));
    }
    left.sort_unstable();
    left.dedup();
    let mut pairs = BTreeSet::new();
    for (at, (hash, one)) in left.iter().enumerate() {
        let near = left.iter().skip(at + 1).take(COMPARED).take_while(|(other, _)| other == hash);
        for (_, other) in near {
            let (Some(first), Some(second)) = (names.get(*one), names.get(*other)) else { continue };
            if is_overlooked(first, second) {
                pairs.insert((*one, *other));
            }
        }
    }
    pairs
}

/// The hash of a text that is given in parts.
fn hash(parts: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        hasher.write(part.as_bytes());
    }
    hasher.write_u8(u8::MAX);
    hasher.finish()
}

/// Whether the names are one letter apart, and in a letter that does not carry the difference: a plural's
/// `s`, a number and `get` beside `set` do.
fn is_overlooked(one: &str, other: &str) -> bool {
    let same = one.bytes().zip(other.bytes()).take_while(|(left, right)| left == right).count();
    let (Some(left), Some(right)) = (one.get(same..), other.get(same..)) else { return false };
    let rest = |text: &str| text.chars().skip(1).collect::<String>();
    let (first, second) = (left.chars().next(), right.chars().next());
    let carries = |c: char| c == 's' || c.is_ascii_digit() || matches!(c, '_' | '-');
    if rest(left) == right {
        return first.is_some_and(|c| !carries(c));
    }
    if rest(right) == left {
        return second.is_some_and(|c| !carries(c));
    }
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let is_verb = matches!((first, second), (Some('g' | 's'), Some('g' | 's')));
    rest(left) == rest(right) && !is_verb && !(is_digit(first) && is_digit(second))
}
