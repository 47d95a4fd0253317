//! Clients that want to know when the list of tools changes, in each revision's own way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::future::join_all;
use rmcp::model::Tool;
use rmcp::service::SubscriptionSink;
use rmcp::{Peer, RoleServer};
use tokio::sync::watch;
use tokio::time::timeout;

use super::Inner;

/// Who listens.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    /// Sessions of revisions before 2026-07-28: every one of them is told.
    peers: Mutex<Vec<Peer<RoleServer>>>,
    /// One for each open `subscriptions/listen`.
    sinks: Mutex<BTreeMap<u64, SubscriptionSink>>,
    next: AtomicU64,
}

/// An open subscription; dropping it forgets the subscription.
pub(super) struct Subscribed<'a> {
    listeners: &'a Listeners,
    key: u64,
}

impl Drop for Subscribed<'_> {
    fn drop(&mut self) {
        locked(&self.listeners.sinks).remove(&self.key);
    }
}

impl Listeners {
    /// Remembers a session until it is closed.
    pub(super) fn add_peer(&self, peer: Peer<RoleServer>) {
        let mut peers = locked(&self.peers);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.push(peer);
    }

    /// Remembers a subscription for as long as the guard is kept, however its task ends.
    pub(super) fn add_sink(&self, sink: SubscriptionSink) -> Subscribed<'_> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        locked(&self.sinks).insert(key, sink);
        Subscribed { listeners: self, key }
    }

    /// Tells everyone, each within a bounded time. Nothing is locked meanwhile.
    async fn notify(&self) {
        let peers = {
            let mut peers = locked(&self.peers);
            peers.retain(|peer| !peer.is_transport_closed());
            peers.clone()
        };
        let sinks: Vec<SubscriptionSink> = locked(&self.sinks).values().cloned().collect();
        let told_peers = join_all(peers.iter().map(|peer| timeout(PATIENCE, peer.notify_tool_list_changed())));
        let told_sinks = join_all(sinks.iter().map(|sink| timeout(PATIENCE, sink.notify_tool_list_changed())));
        // Who cannot be told is gone or stuck, and asks again when it is back.
        let _ = futures::future::join(told_peers, told_sinks).await;
        tracing::debug!(sessions = peers.len(), subscriptions = sinks.len(), "told that the list of tools changed");
    }
}

/// Tells clients of changes for as long as the gateway lives, and only when what is listed differs.
pub(super) async fn announce(gateway: Weak<Inner>, mut listed: Vec<Tool>, mut changes: watch::Receiver<u64>) {
    while changes.changed().await.is_ok() {
        let Some(gateway) = gateway.upgrade() else { return };
        let now = gateway.exposed();
        if now != listed {
            listed = now;
            gateway.listeners.notify().await;
        }
    }
}

/// A lock whose data is whole whatever happened to another holder.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const PATIENCE: Duration = Duration::from_secs(5);
