//! Allowed signers, in the format that OpenSSH has for them (ssh-keygen(1), ALLOWED SIGNERS): whose keys
//! count, for what, and when.
//!
//! A file with a faulty line is refused as a whole: a line that is passed over might be the one that limits a key.

use std::ops::Range;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::line::{Field, Line, RawOption, cut};
use super::pattern::list_matches;
use super::time::Written;
use super::{NAMESPACE, UnixTime};
use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
use crate::pin::shown_text;
use crate::source::SourceId;

/// Whose signatures count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedSigners {
    signers: Vec<Signer>,
}

/// One line: a key, and who signs with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// Who signs with it, as the line names them.
    pub principals: Vec<String>,
    pub(super) key: KeyData,
    namespaces: Option<Vec<String>>,
    valid_after: Option<Written>,
    valid_before: Option<Written>,
}

/// Why a line does not let a key sign now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    Namespaces,
    After(String),
    Before(String),
}

struct Fault {
    message: String,
    label: String,
    help: &'static str,
    at: Range<usize>,
    code: Code,
}

impl AllowedSigners {
    /// Reads a file; `None` if a line of it is faulty, or none of them names a key that can be used.
    #[must_use]
    pub fn parse(source: &SourceId, bytes: &[u8]) -> Outcome<Self> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.valid_up_to();
                let place = Place::bytes(source, at..at);
                return Outcome::failed(Diagnostic::new(
                    Code::NOT_UTF8,
                    "the allowed signers are not UTF-8 text",
                    place,
                ));
            }
        };
        let (mut signers, mut diagnostics) = (Vec::new(), Vec::new());
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            match parse_line(line) {
                Ok(signer) => signers.extend(signer),
                Err(fault) => diagnostics.push(fault.diagnostic(source, offset)),
            }
            offset += line.len();
        }
        if signers.is_empty() && !diagnostics.iter().any(Diagnostic::is_error) {
            let fault = Diagnostic::new(Code::ALLOWED_SIGNERS, "nobody is allowed to sign", Place::file(source));
            diagnostics.push(fault.help(EXAMPLE));
        }
        let value = (!diagnostics.iter().any(Diagnostic::is_error)).then_some(Self { signers });
        Outcome { value, diagnostics }
    }

    /// The lines with a key.
    pub(super) fn with_key<'s>(&'s self, key: &'s KeyData) -> impl Iterator<Item = &'s Signer> {
        self.signers.iter().filter(move |signer| signer.key == *key)
    }
}

impl Signer {
    /// What keeps the key of this line from signing lock files at a time.
    pub(super) fn limit(&self, now: UnixTime) -> Option<Limit> {
        if self.namespaces.as_ref().is_some_and(|list| !list_matches(list, NAMESPACE)) {
            return Some(Limit::Namespaces);
        }
        if let Some(from) = self.valid_after.as_ref().filter(|from| now < from.at) {
            return Some(Limit::After(from.text.clone()));
        }
        let until = self.valid_before.as_ref().filter(|until| now > until.at);
        until.map(|until| Limit::Before(until.text.clone()))
    }
}

impl Fault {
    fn error(message: impl Into<String>, label: impl Into<String>, help: &'static str, at: Range<usize>) -> Self {
        Self { message: message.into(), label: label.into(), help, at, code: Code::ALLOWED_SIGNERS }
    }

    fn diagnostic(self, source: &SourceId, offset: usize) -> Diagnostic {
        let place = Place::bytes(source, offset + self.at.start..offset + self.at.end);
        Diagnostic::new(self.code, self.message, place).label(self.label).help(self.help)
    }
}

/// A line's signer; `None` if there is nothing on it.
fn parse_line(text: &str) -> Result<Option<Signer>, Fault> {
    let text = text.trim_end();
    if text.is_empty() || text.trim_start().starts_with('#') {
        return Ok(None);
    }
    let line = cut(text).map_err(|fault| Fault::error("the line names no signer", fault.label, EXAMPLE, fault.at))?;
    let principals: Vec<String> =
        line.principals.text.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if principals.is_empty() {
        return Err(Fault::error("the line names no signer", "nobody", EXAMPLE, line.principals.range()));
    }
    let (namespaces, valid_after, valid_before) = limits(&line.options)?;
    if let (Some(from), Some(until)) = (&valid_after, &valid_before)
        && from.at >= until.at
    {
        let at = line.principals.at..text.len();
        let help = "let `valid-before` be later than `valid-after`";
        return Err(Fault::error("the key is valid at no time", "it ends before it begins", help, at));
    }
    let key = key(&line)?;
    Ok(Some(Signer { principals, key, namespaces, valid_after, valid_before }))
}

type Limits = (Option<Vec<String>>, Option<Written>, Option<Written>);

fn limits(options: &[RawOption<'_>]) -> Result<Limits, Fault> {
    let (mut namespaces, mut after, mut before) = (None, None, None);
    for option in options {
        let repeated = match option.name.to_ascii_lowercase().as_str() {
            "namespaces" => namespaces.replace(names(option)?).is_some(),
            "valid-after" => after.replace(time(option)?).is_some(),
            "valid-before" => before.replace(time(option)?).is_some(),
            "cert-authority" => {
                let message = "certificate authorities are not followed";
                let help = "name the key of each signer on a line of its own";
                return Err(Fault::error(message, "this key would vouch for other keys", help, option.at.clone()));
            }
            _ => {
                let message = format!("`{}` is no option of allowed signers", shown_text(option.name));
                let help = "the options are `namespaces`, `valid-after` and `valid-before`";
                return Err(Fault::error(message, "unknown", help, option.at.clone()));
            }
        };
        if repeated {
            let message = format!("`{}` is said twice", option.name);
            return Err(Fault::error(message, "again", "say it once", option.at.clone()));
        }
    }
    Ok((namespaces, after, before))
}

fn names(option: &RawOption<'_>) -> Result<Vec<String>, Fault> {
    let names = option.value.iter().flat_map(|value| value.split(','));
    let names: Vec<String> = names.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if names.is_empty() {
        let help = "say for what the key is valid, such as `namespaces=\"cap.lock\"`";
        return Err(Fault::error("`namespaces` names none", "expected names between quotes", help, option.at.clone()));
    }
    Ok(names)
}

fn time(option: &RawOption<'_>) -> Result<Written, Fault> {
    option.value.as_deref().and_then(Written::parse).ok_or_else(|| {
        let message = format!("`{}` is no point in time", option.name);
        let label = "expected a date in UTC such as `20270131Z`";
        let help = "end it with `Z`: without, it would mean another moment on a machine in another time zone";
        Fault::error(message, label, help, option.at.clone())
    })
}

/// The key of a line, if it is of a type whose signatures are verified here.
fn key(line: &Line<'_>) -> Result<KeyData, Fault> {
    let Field { text: kind, .. } = line.kind;
    if !VERIFIED.contains(&kind) {
        let fault = Fault::error(
            format!("signatures of a key of type `{}` are not verified", shown_text(kind)),
            "this line is passed over",
            "sign with an ed25519 key: `ssh-keygen -t ed25519`",
            line.kind.range(),
        );
        return Err(Fault { code: Code::UNVERIFIED_KEY, ..fault });
    }
    let parsed = PublicKey::from_openssh(&format!("{kind} {}", line.key.text));
    parsed.map(|key| key.key_data().clone()).map_err(|_| {
        let help = "copy the line of the `.pub` file whole";
        Fault::error("the key cannot be read", format!("not a key of type `{kind}`"), help, line.key.range())
    })
}

/// The types of keys whose signatures are verified.
const VERIFIED: [&str; 2] = ["ssh-ed25519", "sk-ssh-ed25519@openssh.com"];

const EXAMPLE: &str = "a line such as `alice@example.com namespaces=\"cap.lock\" ssh-ed25519 AAAA…`";
