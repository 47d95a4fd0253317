//! Who signed a lock file, of those who may.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use super::key::fingerprint;
use super::pattern::is_pattern;
use super::signers::Limit;
use super::{AllowedSigners, Block, NAMESPACE, SignatureFile, UnixTime};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::pin::shown_text;
use crate::source::SourceId;

/// What the signatures over one lock file are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Keys of allowed signers that signed these bytes: their fingerprints, and who signs with them.
    pub signed: Vec<(String, BTreeSet<String>)>,
    /// Signatures that count for nothing.
    pub uncounted: Vec<Uncounted>,
}

/// A signature that counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncounted {
    /// The key that it says it was made with.
    pub fingerprint: String,
    /// Why.
    pub reason: Reason,
}

/// Why a signature counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It was made for something else.
    #[error("it was made for `{0}`, not for `cap.lock`")]
    Namespace(String),
    /// It is not over these bytes, or not by this key.
    #[error("it does not fit what stands in cap.lock")]
    OtherBytes,
    /// No line has its key.
    #[error("its key is no allowed signer's")]
    Unknown,
    /// A line has its key, for other things.
    #[error("its key may sign other things, and not `cap.lock`")]
    NotForLocks,
    /// A line has its key, and is not valid yet.
    #[error("its key is valid from {0} on")]
    NotYet(String),
    /// A line has its key, and is no longer valid.
    #[error("its key was valid until {0}")]
    Expired(String),
}

/// Looks at each signature over the bytes of a lock file.
#[must_use]
pub fn judge(lock: &[u8], file: &SignatureFile, allowed: &AllowedSigners, now: UnixTime) -> Judgement {
    let mut judgement = Judgement::default();
    for block in &file.blocks {
        let fingerprint = fingerprint(block.signature.public_key());
        match principals(lock, block, allowed, now) {
            Ok(_) if judgement.signed.iter().any(|(known, _)| *known == fingerprint) => {}
            Ok(principals) => judgement.signed.push((fingerprint, principals)),
            Err(reason) => judgement.uncounted.push(Uncounted { fingerprint, reason }),
        }
    }
    judgement
}

/// Who signs with the key of a signature, if it counts.
fn principals(lock: &[u8], block: &Block, allowed: &AllowedSigners, now: UnixTime) -> Result<BTreeSet<String>, Reason> {
    let signature = &block.signature;
    if signature.namespace() != NAMESPACE {
        return Err(Reason::Namespace(signature.namespace().chars().take(LONGEST_SHOWN).collect()));
    }
    let mut signers = allowed.with_key(signature.public_key()).peekable();
    // What nobody allowed may have signed is not worth a digest of the lock file.
    if signers.peek().is_none() {
        return Err(Reason::Unknown);
    }
    if !block.is_over(lock) {
        return Err(Reason::OtherBytes);
    }
    let (mut principals, mut reason) = (BTreeSet::new(), Reason::Unknown);
    for signer in signers {
        match signer.limit(now) {
            None => principals.extend(signer.principals.iter().cloned()),
            Some(Limit::Namespaces) => reason = Reason::NotForLocks,
            Some(Limit::After(from)) => reason = Reason::NotYet(from),
            Some(Limit::Before(until)) => reason = Reason::Expired(until),
        }
    }
    if principals.is_empty() { Err(reason) } else { Ok(principals) }
}

impl Judgement {
    /// How many signers there are for certain. Keys that one person may have count once: those with a name in
    /// common, and those of patterns, which may mean anybody.
    #[must_use]
    pub fn signers(&self) -> usize {
        let mut people: Vec<BTreeSet<&str>> = Vec::new();
        for (_, principals) in &self.signed {
            let names: BTreeSet<&str> = principals.iter().map(String::as_str).collect();
            let (same, mut others): (Vec<_>, Vec<_>) = people.into_iter().partition(|known| may_be_one(known, &names));
            others.push(same.into_iter().flatten().chain(names).collect());
            people = others;
        }
        people.len()
    }

    /// What to say if fewer than the wanted signers signed.
    #[must_use]
    pub fn refusal(&self, lock: &SourceId, wanted: NonZeroUsize) -> Option<Diagnostic> {
        let found = self.signers();
        if found >= wanted.get() {
            return None;
        }
        let (message, help) = match (found, self.uncounted.as_slice()) {
            (0, []) => (format!("`{lock}` is not signed"), "review the files, then run `cap sign`"),
            (0, _) => (
                format!("`{lock}` is signed by no allowed signer"),
                "restore what was signed; or review the files, and let an allowed signer run `cap sign`",
            ),
            (_, _) => (
                format!("`{lock}` is signed by {found} of the {wanted} signers that are wanted"),
                "let another allowed signer review the files and run `cap sign`",
            ),
        };
        let mut diagnostic = Diagnostic::new(Code::NOT_SIGNED, message, Place::file(lock)).help(help);
        for (_, principals) in &self.signed {
            diagnostic = diagnostic.note(format!("signed by {}", shown_names(principals)));
        }
        for Uncounted { fingerprint, reason } in &self.uncounted {
            diagnostic =
                diagnostic.note(format!("the signature of {fingerprint}: {}", shown_text(&reason.to_string())));
        }
        Some(diagnostic)
    }

    /// Who signed, for people: names and fingerprints.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        self.signed.iter().map(|(key, principals)| format!("{} ({key})", shown_names(principals))).collect()
    }
}

/// In characters.
const LONGEST_SHOWN: usize = 80;

/// What to say of a folder without a lock file: nobody can have signed it.
#[must_use]
pub fn nothing_to_sign(lock: &SourceId) -> Diagnostic {
    let message = format!("`{lock}` does not exist, so nobody signed what is there");
    let help = "restore it; or review the files, then run `cap pin` and `cap sign`";
    Diagnostic::new(Code::NOT_SIGNED, message, Place::file(lock)).help(help)
}

fn may_be_one(one: &BTreeSet<&str>, other: &BTreeSet<&str>) -> bool {
    let anybody = |names: &BTreeSet<&str>| names.iter().any(|name| is_pattern(name));
    anybody(one) || anybody(other) || one.iter().any(|name| other.iter().any(|it| it.eq_ignore_ascii_case(name)))
}

fn shown_names(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| shown_text(name)).collect::<Vec<_>>().join(", ")
}
