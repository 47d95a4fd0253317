//! Connections that belong to one client: an upstream that keeps state for each of its clients gets one
//! for each client of the gateway, when it first asks for something. They end with the client's session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, MutexGuard, PoisonError};

use rmcp::model::{ClientConfig, Implementation, ServerNotification, SubscriptionFilter};
use rmcp::service::RequestContext;
use rmcp::{Peer, RoleServer};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use super::{Logging, ask, is_modern, meta};
use crate::upstream::{Ask, Caller, Connection, Remote, UpstreamFault};

/// What one client of the gateway has of its own.
#[derive(Default)]
pub(in crate::mcp) struct Session {
    own: std::sync::Mutex<BTreeMap<String, Slot>>,
    /// Resources that are followed at a newer upstream, by address.
    followed: std::sync::Mutex<BTreeMap<String, AbortOnDrop>>,
    /// Which log messages of newer upstreams it wants.
    level: std::sync::Mutex<Option<Value>>,
    /// How things stood each time that it was accepted that the client listens, until somebody listens for it.
    seen: std::sync::Mutex<VecDeque<Seen>>,
    /// Resources that are followed at an older upstream.
    uris: Uris,
    /// What runs for the client as long as its session stands.
    tasks: std::sync::Mutex<Vec<AbortOnDrop>>,
}

/// How things stood when a client was told that it listens, which the SDK says before anybody does. What differs
/// once somebody listens, the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mcp) struct Seen {
    /// The last change of tools.
    pub(in crate::mcp) tools: u64,
    /// What an upstream had done for clients, any of which may have changed something there.
    pub(in crate::mcp) activity: u64,
}

/// Addresses of resources that one client follows. Clones are one.
#[derive(Clone, Default)]
pub(in crate::mcp) struct Uris(Arc<std::sync::Mutex<BTreeSet<String>>>);

impl Uris {
    /// Whether the client follows a resource.
    pub(in crate::mcp) fn has(&self, uri: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(uri)
    }
}

/// A task that ends with its owner.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The place of one upstream's connection. Who makes it holds the place, and no other.
type Slot = Arc<Mutex<Option<Own>>>;

struct Own {
    remote: Arc<Remote>,
    connection: Arc<Connection>,
    _passing: AbortOnDrop,
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
            return remote.near_connection().await;
        }
        let slot = self.slot(remote.name());
        let mut own = slot.lock().await;
        if let Some(known) = own.as_ref()
            && Arc::ptr_eq(&known.remote, remote)
            && !known.connection.is_closed()
        {
            return Ok(Arc::clone(&known.connection));
        }
        let (home, asks) = mpsc::channel(MOST_ASKS);
        let connection = remote.own(&Caller { info: info(context), home: Some(home) }).await?;
        let passing = tokio::spawn(pass(Arc::clone(&connection), asks, context.peer.clone(), logging));
        let entry =
            Own { remote: Arc::clone(remote), connection: Arc::clone(&connection), _passing: AbortOnDrop(passing) };
        *own = Some(entry);
        Ok(connection)
    }

    fn slot(&self, upstream: &str) -> Slot {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(own.entry(upstream.to_owned()).or_default())
    }
}

impl Session {
    /// Follows a resource for a client of an older revision at an upstream of a newer one, where following is
    /// a subscription; whether that is the case.
    pub(in crate::mcp) async fn follow(
        &self,
        remote: Option<Arc<Remote>>,
        uri: &str,
        context: &RequestContext<RoleServer>,
    ) -> bool {
        let Some(remote) = remote else { return false };
        let Ok(connection) = remote.shared_connection().await else { return false };
        if !connection.is_modern() {
            return false;
        }
        let filter = SubscriptionFilter::builder().resource_subscriptions([uri]).build();
        let Ok(mut subscription) = connection.peer().listen(filter).await else { return false };
        let peer = context.peer.clone();
        let following = tokio::spawn(async move {
            while let Ok(Some(note)) = subscription.next().await {
                if peer.send_notification(meta::unsubscribed(note)).await.is_err() {
                    return;
                }
            }
        });
        self.followed().insert(uri.to_owned(), AbortOnDrop(following));
        true
    }

    /// Which resources the client follows.
    pub(in crate::mcp) fn uris(&self) -> Uris {
        self.uris.clone()
    }

    /// The client follows a resource.
    pub(in crate::mcp) fn wants(&self, uri: &str) {
        self.uris.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uri.to_owned());
    }

    /// A task ends with the session.
    pub(in crate::mcp) fn keep(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(AbortOnDrop(task));
    }

    /// The client is told that it listens.
    pub(in crate::mcp) fn accepts(&self, seen: Seen) {
        let mut waiting = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever left before somebody listened takes its place away from nobody.
        if waiting.len() == MOST_ACCEPTED {
            waiting.pop_front();
        }
        waiting.push_back(seen);
    }

    /// How things stood when the first of those was told that nobody listened for yet.
    pub(in crate::mcp) fn accepted(&self) -> Option<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Notes which log messages the client wants.
    pub(in crate::mcp) fn set_level(&self, level: &impl Serialize) {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = serde_json::to_value(level).ok();
    }

    /// Which log messages the client wants.
    pub(super) fn level(&self) -> Option<Value> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Follows a resource no longer; whether it was followed here.
    pub(in crate::mcp) fn unfollow(&self, uri: &str) -> bool {
        self.uris.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uri);
        self.followed().remove(uri).is_some()
    }

    fn followed(&self) -> MutexGuard<'_, BTreeMap<String, AbortOnDrop>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
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
    // Changes of lists are told by who serves the lists.
    let own = matches!(
        note,
        ServerNotification::LoggingMessageNotification(_) | ServerNotification::ResourceUpdatedNotification(_)
    );
    if own
        && logging == Logging::Passed
        && let Err(error) = peer.send_notification(meta::bare(note)).await
    {
        tracing::debug!(%error, "a client did not hear a note of an upstream");
    }
}

const MOST_ASKS: usize = 16;
/// Subscriptions of one client that were accepted and are not listened for yet.
const MOST_ACCEPTED: usize = 64;
