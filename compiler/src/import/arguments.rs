//! Names of arguments: the wire's own where agents can use it, a readable relative otherwise.

use std::collections::{BTreeMap, BTreeSet};

use crate::openapi::Location;

/// Where an argument's value goes. The order is the one in which names are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// A parameter.
    Parameter(Location),
    /// The body.
    Body,
    /// A media type of the body that is not the default; the suffix for names that are taken.
    BodyAs(&'static str),
    /// The media type itself.
    Select,
}

/// Characters of an argument's name.
const LIMIT: usize = 64;

/// A name for each argument, in the order given. Names depend on the set only, not on its order:
/// the path's own name is kept first, then the query's, and so on; a name that is taken gets its
/// location as a suffix.
pub(super) fn names(wanted: &[(Target, &str)]) -> Vec<String> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&index| wanted.get(index).map(|(target, wire)| (*target, legal(wire) != *wire, *wire)));
    let mut taken = Taken::default();
    let mut names = vec![String::new(); wanted.len()];
    for index in order {
        let (Some((target, wire)), Some(slot)) = (wanted.get(index), names.get_mut(index)) else { continue };
        *slot = taken.free(&legal(wire), *target);
    }
    names
}

impl Target {
    fn suffix(self) -> &'static str {
        match self {
            Self::Parameter(location) => location.name(),
            Self::Body | Self::Select => "body",
            Self::BodyAs(suffix) => suffix,
        }
    }
}

/// Names that were given out.
#[derive(Default)]
struct Taken {
    names: BTreeSet<String>,
    /// Where counting goes on for a name with its suffix.
    next: BTreeMap<String, usize>,
}

impl Taken {
    /// The name, or a relative of it that nobody has.
    fn free(&mut self, name: &str, target: Target) -> String {
        if self.names.insert(name.to_owned()) {
            return name.to_owned();
        }
        let suffix = target.suffix();
        let plain = suffixed(name, suffix);
        if self.names.insert(plain.clone()) {
            return plain;
        }
        let number = self.next.entry(plain).or_insert(1);
        loop {
            *number += 1;
            let candidate = suffixed(name, &format!("{suffix}_{number}"));
            if self.names.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

fn suffixed(name: &str, suffix: &str) -> String {
    let room = LIMIT.saturating_sub(suffix.len() + 1);
    format!("{}_{suffix}", name.get(..room).unwrap_or(name))
}

/// The name in characters that agents can use: `page[size]` becomes `page_size`.
pub(super) fn legal(wire: &str) -> String {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !wire.is_empty() && wire.len() <= LIMIT && wire.chars().all(is_legal) {
        return wire.to_owned();
    }
    let mut out = String::new();
    for c in wire.chars() {
        if is_legal(c) {
            out.push(c);
            continue;
        }
        if !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.push_str(word(c));
    }
    out.truncate(LIMIT);
    let out = out.trim_matches('_');
    if out.is_empty() { "value".to_owned() } else { out.to_owned() }
}

/// The word for a character that makes a difference in names such as `DateCreated<`.
fn word(c: char) -> &'static str {
    match c {
        '<' => "lt",
        '>' => "gt",
        '=' => "eq",
        '!' => "not",
        _ => "",
    }
}
