//! Requests to an upstream, within its bounds, and what their failures say of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cap_compiler::capability::CircuitBreaker;
use rmcp::model::{ClientRequest, RequestMetaObject};
use rmcp::service::ServiceError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::connection::{Connection, REFUSED, has_login};
use super::fault::UpstreamFault;
use super::remote::Remote;
use super::running::{Patience, Running};

/// A request under way, and its place among those of the upstream.
pub(crate) struct Sent {
    pub(crate) running: Running,
    place: Option<OwnedSemaphorePermit>,
}

impl Sent {
    /// Somebody is asked, who takes the time of people: its place is free for others meanwhile.
    pub(crate) fn rest(&mut self) {
        self.running.hold();
        self.place = None;
    }
}

impl Remote {
    /// Sends a request over a connection, within the upstream's bounds.
    ///
    /// # Errors
    /// Why it was not sent.
    pub(crate) async fn send(
        &self,
        connection: &Arc<Connection>,
        request: ClientRequest,
        meta: RequestMetaObject,
    ) -> Result<Sent, UpstreamFault> {
        let patience = self.patience();
        let place = timeout(patience.silence, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(UpstreamFault::Busy { name: self.name.clone() }) };
        let running = connection.send(request, meta, patience).await;
        let running = running.map_err(|error| self.fault(error))?;
        Ok(Sent { running, place: Some(place) })
    }

    /// What went wrong with a request; what says that the upstream is not well is counted.
    pub(crate) fn fault(&self, error: ServiceError) -> UpstreamFault {
        let mut fault = UpstreamFault::of(&self.name, error);
        if let UpstreamFault::Login { name, reason } = &fault
            && !has_login(&self.loaded.load().upstream)
        {
            fault = UpstreamFault::Odd { name: name.clone(), reason: format!("{reason}{REFUSED}") };
        }
        if let (UpstreamFault::Login { .. }, Some(connection)) = (&fault, self.connection.borrow().clone()) {
            // Made anew, it finds the login of now, or says that one is needed.
            tokio::spawn(connection.close());
        }
        if fault.is_its_own() {
            self.suspected.notify_one();
            let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            if let CircuitBreaker::On { failures: most, .. } = self.loaded.load().upstream.limits.circuit_breaker
                && failures >= most
                && let Some(connection) = self.connection.borrow().clone()
            {
                tracing::warn!(upstream = self.name, failures, "calls fail again and again: connecting anew");
                self.failures.store(0, Ordering::Relaxed);
                tokio::spawn(connection.close());
            }
        }
        fault
    }

    /// A request was answered.
    pub(crate) fn answered(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.note_activity();
    }

    /// A client's request begins or ends.
    pub(crate) fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::Relaxed);
    }

    /// How often clients' requests began and ended: where it is the same as before, they changed nothing there.
    pub(crate) fn activity(&self) -> u64 {
        self.activity.load(Ordering::Relaxed)
    }

    fn patience(&self) -> Patience {
        let silence = self.loaded.load().upstream.limits.timeout.unwrap_or(LONGEST_SILENCE);
        Patience { silence, whole: silence.max(LONGEST_CALL) }
    }
}

/// The longest silence of a call, where the definition does not say.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// The longest that a call takes that tells of its progress.
const LONGEST_CALL: Duration = Duration::from_secs(3_600);
