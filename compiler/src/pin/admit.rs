//! The gate between what was compiled and what may be served.

use std::ops::Deref;
use std::sync::Arc;

use super::{FileState, Pins, Problem};
use crate::capability::{Capability, Origin, ServerName, ToolName};

/// A value whose source bytes were compared with the lock file. Made only by [`admit`].
#[derive(Clone, Debug, PartialEq)]
pub struct Pinned<T> {
    value: T,
    pin: Pin,
}

/// How far the lock file vouches for a [`Pinned`] value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pin {
    /// Every file it was compiled from has its pinned digest.
    Locked,
    /// A file it was compiled from has no line; served because the policy allows it.
    Unlisted,
}

/// What happens to files that no lock line speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Policy {
    /// They are served, with a warning.
    #[default]
    AllowUnlisted,
    /// They are quarantined: `--locked`.
    RequireLocked,
}

/// A tool that is not served, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Its name.
    pub tool: ToolName,
    /// The server it belongs to.
    pub server: ServerName,
    /// The files that are not as they should be.
    pub problems: Vec<Problem>,
}

/// Whether a value may be served.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<T> {
    /// It may.
    Admitted(Pinned<T>),
    /// It may not.
    Quarantined(Quarantined),
}

/// Compares what a capability was compiled from with the lock file.
#[must_use]
pub fn admit(capability: Arc<Capability>, pins: &Pins, policy: Policy) -> Verdict<Arc<Capability>> {
    if pins.is_fresh(&capability.origin) {
        return Verdict::Admitted(Pinned { value: capability, pin: Pin::Locked });
    }
    let problems: Vec<Problem> = files(&capability.origin)
        .filter_map(|file| pins.state(file).and_then(|state| Problem::of(file, state)))
        .collect();
    let changed = problems.iter().any(|problem| !matches!(problem, Problem::Unlisted { .. }));
    match (changed, policy) {
        (false, Policy::AllowUnlisted) => Verdict::Admitted(Pinned { value: capability, pin: Pin::Unlisted }),
        (true, _) | (false, Policy::RequireLocked) => Verdict::Quarantined(Quarantined {
            tool: capability.tool.clone(),
            server: capability.server.clone(),
            problems,
        }),
    }
}

fn files(origin: &Origin) -> impl Iterator<Item = &crate::source::SourceId> {
    std::iter::once(&origin.definition).chain(&origin.dependencies)
}

impl<T> Pinned<T> {
    /// How far the lock file vouches for it.
    #[must_use]
    pub fn pin(&self) -> Pin {
        self.pin
    }

    /// The value without its pin.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Pinned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl Pins {
    /// Whether a lock line vouches for every file of `origin`.
    #[must_use]
    pub fn is_fresh(&self, origin: &Origin) -> bool {
        files(origin).all(|file| self.state(file).is_some_and(FileState::is_pinned))
    }
}
