//! Who is told of changes, in each revision's own way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rmcp::model::ResourceUpdatedNotificationParam;
use rmcp::service::SubscriptionSink;
use rmcp::{Peer, RoleServer};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::shared::locked;

/// Sessions of revisions with `initialize`, and open `subscriptions/listen` of those without.
#[derive(Default)]
pub(crate) struct Listeners {
    sessions: Mutex<BTreeMap<String, Session>>,
    sinks: Mutex<BTreeMap<u64, SubscriptionSink>>,
    next: AtomicU64,
    changes: AtomicU64,
}

struct Session {
    peer: Peer<RoleServer>,
    resources: BTreeSet<String>,
}

/// An open subscription; dropping it forgets the subscription.
pub(crate) struct Subscribed<'a> {
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
    pub(crate) fn add_session(&self, id: &str, peer: Peer<RoleServer>) {
        let mut sessions = locked(&self.sessions);
        sessions.retain(|_, session| !session.peer.is_transport_closed());
        sessions.insert(id.to_owned(), Session { peer, resources: BTreeSet::new() });
    }

    /// Remembers a subscription for as long as what is returned is kept.
    pub(crate) fn add_sink(&self, sink: SubscriptionSink) -> Subscribed<'_> {
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        locked(&self.sinks).insert(key, sink);
        Subscribed { listeners: self, key }
    }

    /// A session wants to know of a resource's changes.
    pub(crate) fn subscribe(&self, session: &str, uri: &str) {
        if let Some(session) = locked(&self.sessions).get_mut(session) {
            session.resources.insert(uri.to_owned());
        }
    }

    /// A session wants to know of them no longer.
    pub(crate) fn unsubscribe(&self, session: &str, uri: &str) {
        if let Some(session) = locked(&self.sessions).get_mut(session) {
            session.resources.remove(uri);
        }
    }

    pub(crate) async fn tools_changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        let mut telling = JoinSet::new();
        for peer in self.peers(|_| true) {
            telling.spawn(timeout(PATIENCE, async move { drop(peer.notify_tool_list_changed().await) }));
        }
        for sink in self.sinks() {
            telling.spawn(timeout(PATIENCE, async move { drop(sink.notify_tool_list_changed().await) }));
        }
        telling.join_all().await;
    }

    pub(crate) async fn prompts_changed(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        let mut telling = JoinSet::new();
        for peer in self.peers(|_| true) {
            telling.spawn(timeout(PATIENCE, async move { drop(peer.notify_prompt_list_changed().await) }));
        }
        for sink in self.sinks() {
            telling.spawn(timeout(PATIENCE, async move { drop(sink.notify_prompt_list_changed().await) }));
        }
        telling.join_all().await;
    }

    pub(crate) async fn resource_updated(&self, uri: &str) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        let mut telling = JoinSet::new();
        for peer in self.peers(|session| session.resources.contains(uri)) {
            let note = ResourceUpdatedNotificationParam::new(uri);
            telling.spawn(timeout(PATIENCE, async move { drop(peer.notify_resource_updated(note).await) }));
        }
        for sink in self.sinks() {
            let uri = uri.to_owned();
            telling.spawn(timeout(PATIENCE, async move { drop(sink.notify_resource_updated(uri).await) }));
        }
        telling.join_all().await;
    }

    /// How often lists and resources changed.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn peers(&self, wanted: impl Fn(&Session) -> bool) -> Vec<Peer<RoleServer>> {
        let sessions = locked(&self.sessions);
        sessions.values().filter(|session| wanted(session)).map(|session| session.peer.clone()).collect()
    }

    fn sinks(&self) -> Vec<SubscriptionSink> {
        locked(&self.sinks).values().cloned().collect()
    }
}

/// Who does not listen any more does not keep others waiting.
const PATIENCE: Duration = Duration::from_millis(500);
