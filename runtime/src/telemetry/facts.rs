//! What is noted while a call runs, by those who know it: tries, answers, waiting.
//!
//! The facts belong to the task that runs the call. Whoever notes one need not be told whose call it
//! is, and notes into nothing where nobody observes. The call's span gets the same facts.

use std::cell::Cell;
use std::time::Duration;

use tracing::Span;

use super::{RequestId, Telemetry, TraceParent};

tokio::task_local! {
    static CURRENT: Facts;
}

/// The facts of one call.
#[derive(Debug)]
pub(super) struct Facts {
    id: RequestId,
    parent: Option<(Telemetry, TraceParent)>,
    noted: Cell<Noted>,
}

/// What was noted so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noted {
    pub(super) status: Option<u16>,
    pub(super) classes: [u32; 5],
    pub(super) attempts: u32,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) waited: Duration,
    pub(super) cached: bool,
}

impl Facts {
    pub(super) fn new(id: RequestId, parent: Option<(Telemetry, TraceParent)>) -> Self {
        Self { id, parent, noted: Cell::default() }
    }

    /// Runs a call whose facts these are.
    pub(super) async fn during<T>(self, call: impl Future<Output = T>) -> T {
        CURRENT.scope(self, call).await
    }
}

/// What was noted for the call of this task.
pub(super) fn noted() -> Noted {
    CURRENT.try_with(|facts| facts.noted.get()).unwrap_or_default()
}

/// The request that the call of this task belongs to.
pub(crate) fn id() -> Option<RequestId> {
    CURRENT.try_with(|facts| facts.id).ok()
}

/// The call has a span, which was not entered yet.
pub(crate) fn span_made(span: &Span) {
    _ = CURRENT.try_with(|facts| {
        if let Some((telemetry, parent)) = &facts.parent
            && let Some(parents) = &telemetry.inner.parents
        {
            parents.adopt(span, *parent);
        }
    });
}

/// A request leaves, with a body of that many bytes.
pub(crate) fn attempted(sent: usize) {
    let noted = update(|noted| {
        noted.attempts += 1;
        noted.sent += sent as u64;
    });
    Span::current().record("attempts", noted.attempts);
}

/// A server answered with that status and a body of that many bytes.
pub(crate) fn answered(status: u16, received: usize) {
    let noted = update(|noted| {
        noted.status = Some(status);
        noted.received += received as u64;
        if let Some(class) = noted.classes.get_mut(usize::from(status / 100).wrapping_sub(1)) {
            *class += 1;
        }
    });
    Span::current().record("status", status).record("bytes", noted.received);
}

/// The gateway waited of its own will.
pub(crate) fn waited(time: Duration) {
    update(|noted| noted.waited += time);
}

/// The answer was kept from an earlier call.
pub(crate) fn cached() {
    update(|noted| noted.cached = true);
}

/// Without an observer, what was noted is the least there is to say.
fn update(change: impl FnOnce(&mut Noted)) -> Noted {
    let mut change = Some(change);
    let mut apply = |mut noted: Noted| {
        if let Some(change) = change.take() {
            change(&mut noted);
        }
        noted
    };
    let within = CURRENT.try_with(|facts| {
        let noted = apply(facts.noted.get());
        facts.noted.set(noted);
        noted
    });
    within.unwrap_or_else(|_| apply(Noted::default()))
}
