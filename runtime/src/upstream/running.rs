//! A request that was sent: what comes for it, one thing after another, until its result.

use std::sync::Arc;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::model::{ServerNotification, ServerResult};
use rmcp::service::{RequestHandle, ServiceError};
use tokio::time::{Instant, sleep_until};

use super::connection::Connection;
use super::flight::{Ask, Flight};

/// How long an upstream is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For anything to come: its result, or a note of what it does.
    pub(super) silence: Duration,
    /// For its result, whatever notes come.
    pub(super) whole: Duration,
}

/// What came for a request.
pub(crate) enum Event {
    /// Something to pass on.
    Note(ServerNotification),
    /// Something to answer.
    Ask(Ask),
    /// The end.
    Done(Result<ServerResult, ServiceError>),
}

/// A request under way. Dropping it cancels it.
pub(crate) struct Running {
    handle: Option<RequestHandle<RoleClient>>,
    result: Option<Result<ServerResult, ServiceError>>,
    flight: Flight,
    /// Kept for as long as something may come.
    _connection: Arc<Connection>,
    patience: Patience,
    heard: Instant,
    held: bool,
    until: Instant,
    /// Notes that came before the result, and go on before it. What comes for the request after its result is
    /// not waited for.
    left: usize,
}

impl Running {
    pub(super) fn new(
        handle: RequestHandle<RoleClient>,
        flight: Flight,
        connection: Arc<Connection>,
        patience: Patience,
    ) -> Self {
        let now = Instant::now();
        let until = now + patience.whole;
        Self {
            handle: Some(handle),
            result: None,
            flight,
            _connection: connection,
            patience,
            heard: now,
            held: false,
            until,
            left: 0,
        }
    }

    /// Somebody is asked: the time that takes is not the upstream's.
    pub(crate) fn hold(&mut self) {
        self.held = true;
    }

    /// Nobody is asked any more; the upstream's time begins anew.
    pub(crate) fn resume(&mut self) {
        self.held = false;
        self.heard = Instant::now();
    }

    /// The next thing that comes. Notes that came before the result come before it. After the result there is
    /// nothing to ask for.
    pub(crate) async fn next(&mut self) -> Event {
        if self.result.is_none() {
            let Some(handle) = &mut self.handle else { return Event::Done(Err(ServiceError::TransportClosed)) };
            let silent = self.heard + self.patience.silence;
            // What waits to be passed on is no silence.
            let until = if self.held || !self.flight.notes.is_empty() { self.until } else { self.until.min(silent) };
            // The end comes first: a flood of notes hides neither the result nor how long it takes.
            tokio::select! {
                biased;
                result = &mut handle.rx => {
                    self.handle = None;
                    self.left = self.flight.notes.len();
                    self.result = Some(result.unwrap_or(Err(ServiceError::TransportClosed)));
                }
                () = sleep_until(until) => {
                    self.cancel("nothing came in time");
                    return Event::Done(Err(ServiceError::Timeout { timeout: self.patience.silence }));
                }
                Some(ask) = self.flight.asks.recv() => return Event::Ask(ask),
                Some(note) = self.flight.notes.recv() => {
                    self.heard = Instant::now();
                    return Event::Note(note);
                }
            }
        }
        if let Some(left) = self.left.checked_sub(1)
            && let Ok(note) = self.flight.notes.try_recv()
        {
            self.left = left;
            return Event::Note(note);
        }
        Event::Done(self.result.take().unwrap_or(Err(ServiceError::TransportClosed)))
    }

    fn cancel(&mut self, reason: &'static str) {
        let Some(handle) = self.handle.take() else { return };
        // Told beside, because who drops this does not wait.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let told = tokio::time::timeout(TELLING, handle.cancel(Some(reason.to_owned()))).await;
                tracing::trace!(?told, "told an upstream that nobody waits");
            });
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancel("the caller went away");
    }
}

const TELLING: Duration = Duration::from_secs(5);
