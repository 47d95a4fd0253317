//! The ways to an upstream: the connection that all share, one of a thread, and one of a client alone.

use std::sync::{Arc, Weak};
use std::time::Duration;

use cap_compiler::capability::Sessions;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connection::{Caller, Connection, connect};
use super::fault::{ConnectFault, UpstreamFault};
use super::remote::Remote;
use super::state::State;
use super::{keeper, listing};

impl Remote {
    /// The connection that all share, once it stands.
    async fn shared(&self) -> Result<Arc<Connection>, UpstreamFault> {
        let mut connections = self.connection.subscribe();
        if let Some(connection) = connections.borrow_and_update().clone().filter(|it| !it.is_closed()) {
            return Ok(connection);
        }
        let mut states = self.state.subscribe();
        let mut asked = false;
        let waiting = async {
            loop {
                if let Some(connection) = connections.borrow_and_update().clone().filter(|it| !it.is_closed()) {
                    return Ok(connection);
                }
                let state = states.borrow_and_update().clone();
                // Somebody may have logged in: that is tried once before it is said again. A pause that is
                // nearly over is waited for.
                let needs_login = matches!(state, State::NeedsLogin { .. });
                let soon = state.again().is_some_and(|again| again <= SHORT_PAUSE);
                if !soon && (asked || !needs_login) {
                    self.refusal(&state)?;
                }
                asked |= needs_login;
                self.wanted.notify_one();
                tokio::select! {
                    _ = connections.changed() => {}
                    _ = states.changed() => {}
                    () = self.stop.cancelled() => return Err(self.unavailable("it was removed", None)),
                }
            }
        };
        let waited = timeout(LONGEST_WAIT, waiting).await;
        waited.unwrap_or_else(|_| Err(self.unavailable("no connection stands yet", None)))
    }

    /// Why nothing is sent in this state, if nothing is.
    fn refusal(&self, state: &State) -> Result<(), UpstreamFault> {
        let name = self.name.clone();
        match state {
            State::Idle | State::Connecting | State::Connected => Ok(()),
            State::NeedsLogin { reason } => Err(UpstreamFault::Login { name, reason: reason.clone() }),
            State::Unavailable { reason, .. } => Err(self.unavailable(reason, state.again())),
            State::Paused => Err(UpstreamFault::Paused { name }),
            State::Quarantined => Err(UpstreamFault::Quarantined { name }),
        }
    }

    fn unavailable(&self, reason: &str, again: Option<Duration>) -> UpstreamFault {
        UpstreamFault::Unavailable { name: self.name.clone(), reason: reason.to_owned(), again }
    }

    /// A connection for one client alone, where the upstream keeps state for each.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn own(&self, caller: &Caller) -> Result<Arc<Connection>, UpstreamFault> {
        let state = self.state();
        if matches!(state, State::NeedsLogin { .. }) {
            // Somebody may have logged in: this connection shows it, and the other is tried as well.
            self.wanted.notify_one();
        } else {
            self.refusal(&state)?;
        }
        let loaded = self.loaded();
        let connected = connect(&loaded.upstream, &self.executor, caller).await.map(Arc::new);
        if let Ok(connection) = &connected {
            tokio::spawn(end_with(Arc::downgrade(connection), connection.end(), self.stop.clone()));
        }
        connected.map_err(|fault| match fault {
            ConnectFault::Login(reason) => UpstreamFault::Login { name: self.name.clone(), reason },
            ConnectFault::Failed(reason) => self.unavailable(&reason, None),
        })
    }

    /// Whether each client gets a connection of its own; known once one stands, where it is not declared.
    pub(crate) async fn has_own_sessions(&self) -> Result<bool, UpstreamFault> {
        Ok(match self.loaded.load().upstream.sessions {
            Sessions::Own => true,
            Sessions::Shared => false,
            Sessions::Detected => {
                let shared = self.shared().await?;
                !shared.is_modern() && shared.has_sessions()
            }
        })
    }

    /// The connection that all share.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn shared_connection(&self) -> Result<Arc<Connection>, UpstreamFault> {
        self.shared().await
    }

    /// The connection that a request without a session goes over: one of the thread that asks, where that is
    /// as good as the shared one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn near_connection(self: &Arc<Self>) -> Result<Arc<Connection>, UpstreamFault> {
        let shared = self.shared().await?;
        if !shared.is_stateless() {
            return Ok(shared);
        }
        if let Some(near) = self.near.of(&shared) {
            return Ok(near);
        }
        if let Some(turn) = self.near.turn() {
            // Made beside: this call does not wait for it.
            let remote = Arc::clone(self);
            tokio::spawn(async move {
                let made = Box::pin(remote.connect_near()).await;
                remote.near.take(made, turn).await;
            });
        }
        Ok(shared)
    }

    async fn connect_near(&self) -> Option<Arc<Connection>> {
        let loaded = self.loaded();
        let caller = Caller { info: keeper::gateway(), home: None };
        let connection = Arc::new(connect(&loaded.upstream, &self.executor, &caller).await.ok()?);
        tokio::spawn(end_with(Arc::downgrade(&connection), connection.end(), self.stop.clone()));
        // From a list, a connection learns which arguments of tools travel as headers too.
        listing::list(&connection).await.ok()?;
        Some(connection)
    }
}

/// Ends a client's own connection when its upstream is no longer kept.
async fn end_with(connection: Weak<Connection>, end: CancellationToken, stop: CancellationToken) {
    tokio::select! {
        () = end.cancelled() => {}
        () = stop.cancelled() => if let Some(connection) = connection.upgrade() {
            connection.close().await;
        },
    }
}

/// How long a call waits for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A pause that a call waits for, rather than to say that it should come again.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
