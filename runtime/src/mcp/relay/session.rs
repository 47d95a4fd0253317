//! Connections that belong to one client: an upstream that keeps state for each of its clients gets one
//! for each client of the gateway, when it first asks for something. They end with the client's session.

use std::collections::BTreeMap;
use std::sync::Arc;

use rmcp::model::{ClientConfig, Implementation, ServerNotification};
use rmcp::service::RequestContext;
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::{Logging, ask, is_modern, meta};
use crate::upstream::{Ask, Caller, Connection, Remote, UpstreamFault};

/// What one client of the gateway has of its own.
#[derive(Default)]
pub(in crate::mcp) struct Session {
    own: Mutex<BTreeMap<String, Own>>,
}

struct Own {
    remote: Arc<Remote>,
    connection: Arc<Connection>,
    passing: JoinHandle<()>,
}

impl Drop for Own {
    fn drop(&mut self) {
        self.passing.abort();
    }
}

impl Session {
    /// The connection for a request: the client's own, where the upstream keeps state for each, or else the one that all share.
    pub(super) async fn connection(
        &self,
        remote: &Arc<Remote>,
        context: &RequestContext<RoleServer>,
        logging: Logging,
    ) -> Result<Arc<Connection>, UpstreamFault> {
        // A client without a session has nothing that state could be kept for.
        if is_modern(context) || context.peer.peer_info().is_none() || !remote.has_own_sessions().await? {
            return remote.shared_connection().await;
        }
        let mut own = self.own.lock().await;
        if let Some(known) = own.get(remote.name())
            && Arc::ptr_eq(&known.remote, remote)
            && !known.connection.is_closed()
        {
            return Ok(Arc::clone(&known.connection));
        }
        let (home, asks) = mpsc::channel(MOST_ASKS);
        let connection = remote.own(&Caller { info: info(context), home: Some(home) }).await?;
        let passing = tokio::spawn(pass(Arc::clone(&connection), asks, context.peer.clone(), logging));
        let entry = Own { remote: Arc::clone(remote), connection: Arc::clone(&connection), passing };
        own.insert(remote.name().to_owned(), entry);
        Ok(connection)
    }
}

/// What the upstream is told of the client: what the client says of itself.
fn info(context: &RequestContext<RoleServer>) -> ClientConfig {
    let info = context.client_info().unwrap_or_else(|| Implementation::new("cap", env!("CARGO_PKG_VERSION")));
    ClientConfig::new(context.client_capabilities().unwrap_or_default(), info)
}

/// Passes on what comes with no request, for as long as the connection stands.
async fn pass(connection: Arc<Connection>, mut asks: mpsc::Receiver<Ask>, peer: Peer<RoleServer>, logging: Logging) {
    let mut notes = connection.notes();
    // Held no longer: the connection ends with its session, and then the notes do.
    drop(connection);
    let can = peer.peer_info().map(|info| info.capabilities.clone()).unwrap_or_default();
    loop {
        tokio::select! {
            note = notes.recv() => match note {
                Ok(note) => tell(&peer, note, logging).await,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            Some(asked) = asks.recv() => {
                let answer = ask::put(&peer, &can, asked.request.clone()).await;
                asked.answer(answer);
            }
        }
    }
}

async fn tell(peer: &Peer<RoleServer>, note: ServerNotification, logging: Logging) {
    // A gateway's own lists are its own business; whoever serves one server alone passes everything on.
    if logging == Logging::Passed
        && let Err(error) = peer.send_notification(meta::bare(note)).await
    {
        tracing::debug!(%error, "a client did not hear a note of an upstream");
    }
}

const MOST_ASKS: usize = 16;
