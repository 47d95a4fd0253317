//! The last net: every value that was read from a source is masked in whatever leaves the process.
//!
//! Beside it, each call masks what it used itself (`execute/mask.rs`). The net is for what nobody thought
//! of: a log line of a library, an error of another call, a panic. One search looks for all values in all their forms at once. It is built again when a value is added,
//! which is seldom; without values there is nothing to search. It cannot find what was changed beyond
//! the forms in `forms`, such as a value that is spelt backwards.

mod forms;

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};
use arc_swap::ArcSwapOption;

use forms::forms;

/// Shorter values would mask half of every text, and are no secrets.
const SHORTEST: usize = 4;

/// The values that are remembered. Tokens are replaced now and then: the oldest are forgotten.
const MOST: usize = 4_096;

/// What is known, and the search that was built of it.
#[derive(Default)]
struct Net {
    built: ArcSwapOption<Built>,
    known: Mutex<Vec<(String, String)>>,
    hasher: RandomState,
}

struct Built {
    searcher: AhoCorasick,
    /// What is put in the place of each form.
    labels: Vec<String>,
    hashes: HashSet<u64>,
}

/// What leaves a process leaves it by ways that share nothing: answers, logs, panics.
static NET: LazyLock<Net> = LazyLock::new(Net::default);

/// Remembers a value under its secret's name. One that is known costs next to nothing.
pub fn learn(name: &str, value: &str) {
    NET.learn(name, value);
}

/// Remembers values, and builds the search once.
pub fn learn_all<'a>(values: impl Iterator<Item = (&'a str, &'a str)>) {
    NET.learn_all(values);
}

/// Whether no secret was seen yet.
#[must_use]
pub fn is_empty() -> bool {
    NET.built.load().is_none()
}

/// The text without values of secrets.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    NET.text(text)
}

/// The bytes, be they text or not, without values of secrets.
#[must_use]
pub fn masked_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    NET.bytes(bytes)
}

/// A writer that masks each piece of text before it is written on.
#[derive(Debug)]
pub struct MaskingWriter<W>(pub W);

impl<W: Write> Write for MaskingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(&masked_bytes(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Net {
    /// Adds a value. One that is known costs next to nothing.
    fn learn(&self, name: &str, value: &str) {
        self.learn_all(std::iter::once((name, value)));
    }

    /// Adds values, and builds the search once.
    fn learn_all<'a>(&self, values: impl Iterator<Item = (&'a str, &'a str)>) {
        let built = self.built.load();
        let is_new = |value: &str| {
            value.len() >= SHORTEST
                && built.as_ref().is_none_or(|built| !built.hashes.contains(&self.hasher.hash_one(value)))
        };
        let new: Vec<_> = values.filter(|(_, value)| is_new(value)).collect();
        if new.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, value) in new {
            if !known.iter().any(|(_, known)| known == value) {
                known.push((name.to_owned(), value.to_owned()));
            }
        }
        let surplus = known.len().saturating_sub(MOST);
        known.drain(..surplus);
        self.build(&known);
    }

    fn build(&self, known: &[(String, String)]) {
        let mut needles: Vec<(String, String)> = Vec::new();
        for (name, value) in known {
            needles.extend(forms(value).into_iter().map(|form| (form, format!("{{secret.{name}}}"))));
        }
        let patterns = needles.iter().map(|(needle, _)| needle);
        match AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns) {
            Ok(searcher) => {
                let hashes = known.iter().map(|(_, value)| self.hasher.hash_one(value.as_str())).collect();
                let labels = needles.into_iter().map(|(_, label)| label).collect();
                self.built.store(Some(Arc::new(Built { searcher, labels, hashes })));
            }
            Err(error) => tracing::error!(%error, "internal error: secrets cannot be searched for"),
        }
    }

    /// The text without values of secrets.
    fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let built = self.built.load();
        let Some(built) = built.as_ref().filter(|built| built.searcher.is_match(text)) else {
            return Cow::Borrowed(text);
        };
        let mut masked = String::with_capacity(text.len());
        built.searcher.replace_all_with(text, &mut masked, |found, _, masked| {
            masked.push_str(built.label(found.pattern().as_usize()));
            true
        });
        Cow::Owned(masked)
    }

    /// The bytes without values of secrets.
    fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let built = self.built.load();
        let Some(built) = built.as_ref().filter(|built| built.searcher.is_match(bytes)) else {
            return Cow::Borrowed(bytes);
        };
        let mut masked = Vec::with_capacity(bytes.len());
        built.searcher.replace_all_with_bytes(bytes, &mut masked, |found, _, masked| {
            masked.extend_from_slice(built.label(found.pattern().as_usize()).as_bytes());
            true
        });
        Cow::Owned(masked)
    }
}

impl Built {
    fn label(&self, pattern: usize) -> &str {
        self.labels.get(pattern).map_or("{secret}", String::as_str)
    }
}

#[cfg(test)]
mod tests;
