//! The gate between what was compiled and what may be served.

use std::ops::Deref;
use std::sync::Arc;

use super::{FileState, Pins, Problem, tools_file};
use crate::capability::{Capability, Origin, ServerName, ToolName, Upstream};
use crate::source::SourceId;

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
    let problems = pins.problems_of(&capability.origin);
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

/// The same for a form of a tool that was made of other bytes than are there now. Whatever the lock file
/// says of those, it does not say of this form.
#[must_use]
pub fn admit_last(capability: Arc<Capability>, pins: &Pins, policy: Policy) -> Verdict<Arc<Capability>> {
    match admit(capability, pins, policy) {
        Verdict::Admitted(Pinned { value, .. }) if policy == Policy::RequireLocked => {
            let file = value.origin.definition.clone();
            let (tool, server) = (value.tool.clone(), value.server.clone());
            Verdict::Quarantined(Quarantined { tool, server, problems: vec![Problem::Outdated { file }] })
        }
        Verdict::Admitted(pinned) => Verdict::Admitted(Pinned { pin: Pin::Unlisted, ..pinned }),
        Verdict::Quarantined(quarantined) => Verdict::Quarantined(quarantined),
    }
}

/// Compares an upstream's file and the file of its approved tools with the lock file. A line whose
/// `tools.json` is gone counts as changed: without it, whatever the server lists would be served.
///
/// # Errors
/// What is in the way.
pub fn admit_upstream(
    upstream: Arc<Upstream>,
    tools: &SourceId,
    pins: &Pins,
    policy: Policy,
) -> Result<Pinned<Arc<Upstream>>, Vec<Problem>> {
    let gone = pins.problems().iter().filter(|problem| matches!(problem, Problem::Gone { file, .. } if file == tools));
    let known = [&upstream.source, tools].into_iter().filter_map(|file| Problem::of(file, pins.state(file)?));
    let mut problems: Vec<Problem> = known.chain(gone.cloned()).collect();
    // An upstream's file is the same elsewhere, but what was approved of its tools stands beside where it was.
    let was = tools_file(pins.place(&upstream.source));
    if was != *tools && (pins.state(&was).is_some() || is_gone(pins, &was)) {
        problems.extend(pins.moved_problem(&upstream.source));
    }
    let unlisted = pins.state(tools).is_none() && problems.is_empty();
    if problems.is_empty() && !unlisted {
        return Ok(Pinned { value: upstream, pin: Pin::Locked });
    }
    let changed = problems.iter().any(|problem| !matches!(problem, Problem::Unlisted { .. }));
    match (changed, policy) {
        (false, Policy::AllowUnlisted) => Ok(Pinned { value: upstream, pin: Pin::Unlisted }),
        (true, _) | (false, Policy::RequireLocked) => {
            if unlisted {
                problems.push(Problem::ToolUnapproved { file: tools.clone(), tool: "*".to_owned() });
            }
            Err(problems)
        }
    }
}

fn is_gone(pins: &Pins, tools: &SourceId) -> bool {
    pins.problems().iter().any(|problem| matches!(problem, Problem::Gone { file, .. } if file == tools))
}

/// The same for a form of an upstream that was made of other bytes than are there now.
///
/// # Errors
/// What is in the way.
pub fn admit_last_upstream(
    upstream: Arc<Upstream>,
    tools: &SourceId,
    pins: &Pins,
    policy: Policy,
) -> Result<Pinned<Arc<Upstream>>, Vec<Problem>> {
    let file = upstream.source.clone();
    let pinned = admit_upstream(upstream, tools, pins, policy)?;
    match policy {
        Policy::RequireLocked => Err(vec![Problem::Outdated { file }]),
        Policy::AllowUnlisted => Ok(Pinned { pin: Pin::Unlisted, ..pinned }),
    }
}

fn files(origin: &Origin) -> impl Iterator<Item = &SourceId> {
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
        files(origin).all(|file| self.state(file).is_some_and(FileState::is_pinned)) && self.leads_where_it_led(origin)
    }

    /// Whether the paths by which a moved file refers to shared schemas lead to the same files as before.
    /// Its api has a name, and is the same from anywhere.
    fn leads_where_it_led(&self, origin: &Origin) -> bool {
        let schemas = origin.dependencies.iter().filter(|file| origin.api.as_ref() != Some(file));
        let (own, was) = (&origin.definition, self.place(&origin.definition));
        schemas.into_iter().all(|file| path_between(own, file) == path_between(was, self.place(file)))
    }

    /// What is in the way of a pin for what was compiled from these files.
    fn problems_of(&self, origin: &Origin) -> Vec<Problem> {
        let problem = |file| Problem::of(file, self.state(file)?).or_else(|| self.moved_problem(file));
        files(origin).filter_map(problem).collect()
    }
}

/// How many folders up, and where from there.
fn path_between<'f>(from: &SourceId, to: &'f SourceId) -> (usize, Vec<&'f str>) {
    let (mut here, mut there) = (from.as_str().split('/').peekable(), to.as_str().split('/').peekable());
    while here.peek().is_some() && here.peek() == there.peek() {
        here.next();
        there.next();
    }
    (here.count(), there.collect())
}
