//! The last net: every secret value that this process has seen, masked in whatever leaves it.
//!
//! Beside it, each call masks what it used itself, in more forms (`execute/mask.rs`). The net is for
//! what nobody thought of: a log line of a library, an error of another call, a panic.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aho_corasick::{AhoCorasick, MatchKind};
use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// Shorter values would mask half of every text, and are no secrets.
const SHORTEST: usize = 4;
/// Forms that are known; beyond, the oldest net stays as it is and new values are masked by their
/// calls only.
const MOST: usize = 20_000;

static NET: LazyLock<Net> = LazyLock::new(Net::default);

#[derive(Default)]
struct Net {
    /// Each form and what stands for it.
    known: Mutex<Known>,
    matcher: ArcSwapOption<Matcher>,
}

#[derive(Default)]
struct Known {
    values: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
}

struct Matcher {
    automaton: AhoCorasick,
    names: Vec<String>,
}

/// Remembers a value under its secret's name.
pub fn learn(name: &str, value: &str) {
    if value.len() < SHORTEST {
        return;
    }
    let mut known = NET.known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.values.contains_key(value) || known.forms.len() >= MOST {
        return;
    }
    known.values.insert(value.to_owned(), name.to_owned());
    for form in forms(value) {
        known.forms.entry(form).or_insert_with(|| format!("{{secret.{name}}}"));
    }
    let (forms, names): (Vec<&String>, Vec<String>) =
        known.forms.iter().map(|(form, name)| (form, name.clone())).unzip();
    let built = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(forms);
    match built {
        Ok(automaton) => NET.matcher.store(Some(Arc::new(Matcher { automaton, names }))),
        Err(error) => tracing::error!(%error, "internal error: the net of secrets cannot be built"),
    }
}

/// Whether no secret was seen yet.
#[must_use]
pub fn is_empty() -> bool {
    NET.matcher.load().is_none()
}

/// The text without values of secrets.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let matcher = NET.matcher.load();
    let Some(matcher) = matcher.as_ref() else { return Cow::Borrowed(text) };
    if !matcher.automaton.is_match(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(matcher.automaton.replace_all(text, &matcher.names))
}

/// Whether bytes hold the value of a secret.
#[must_use]
pub fn catches(bytes: &[u8]) -> bool {
    NET.matcher.load().as_ref().is_some_and(|matcher| matcher.automaton.is_match(bytes))
}

/// What a value looks like where it may come back.
fn forms(value: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(value).to_string();
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let percent = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut forms = vec![
        value.to_owned(),
        inner.to_owned(),
        percent,
        crate::execute::percent_encoded(value),
        BASE64_STANDARD_NO_PAD.encode(value),
        BASE64_URL_SAFE_NO_PAD.encode(value),
    ];
    // Within longer base64 a value stands at one of three offsets; what its neighbours share is cut.
    for before in [[0].as_slice(), &[0, 0]] {
        let shifted = BASE64_STANDARD_NO_PAD.encode([before, value.as_bytes()].concat());
        let whole = shifted.len() - shifted.len() % 4;
        forms.extend(shifted.get(4..whole).map(str::to_owned));
    }
    let whole = BASE64_STANDARD_NO_PAD.encode(value);
    forms.extend(whole.get(..whole.len() - whole.len() % 4).map(str::to_owned));
    // A short piece of base64 is in every text.
    forms.retain(|form| form.len() >= SHORTEST && (form == value || form.len() >= 8));
    forms
}

/// A writer that masks each piece of text before it is written on.
#[derive(Debug)]
pub struct MaskingWriter<W>(pub W);

impl<W: Write> Write for MaskingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if catches(bytes) {
            self.0.write_all(masked(&String::from_utf8_lossy(bytes)).as_bytes())?;
        } else {
            self.0.write_all(bytes)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn a_value_is_caught_in_every_form() {
        learn("NET_TEST", "s3cr\"t/value+of a test");
        for offset in 0..4 {
            let around = format!("{}s3cr\"t/value+of a test tail", "x".repeat(offset));
            let text = format!("before {} after", BASE64_STANDARD.encode(&around));
            assert!(masked(&text).contains("{secret.NET_TEST}"), "{text}");
        }
        for text in ["s3cr\\\"t/value+of a test", "s3cr%22t%2Fvalue%2Bof%20a%20test"] {
            assert_eq!(masked(text), "{secret.NET_TEST}");
        }
        assert!(matches!(masked("nothing to see"), Cow::Borrowed(_)));
        let mut written = MaskingWriter(Vec::new());
        written.write_all(b"a s3cr\"t/value+of a test b").unwrap();
        assert_eq!(written.0, b"a {secret.NET_TEST} b");
    }
}
