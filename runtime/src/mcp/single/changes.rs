//! What clients of one server are told of changes, each in the way of its revision.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]
#![expect(deprecated, reason = "older revisions subscribe with a request")]

use std::time::Duration;

use cap_compiler::pin::Digest;
use rmcp::model::{
    ClientRequest, PromptListChangedNotification, RequestMetaObject, ResourceListChangedNotification,
    ResourceUpdatedNotification, ResourceUpdatedNotificationParam, ServerNotification, SubscribeRequest,
    SubscribeRequestParams, SubscriptionFilter, ToolListChangedNotification,
};
use rmcp::service::{Subscription, SubscriptionContext};
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::SingleServer;
use crate::mcp::relay::{Seen, Uris};
use crate::upstream::Event;

/// Tells a session of changes until it ends.
pub(super) async fn tell_session(server: SingleServer, uris: Uris, peer: Peer<RoleServer>) {
    let mut changes = Changes::of(&server, &everything()).await;
    loop {
        let Some(note) = changes.next(&server).await else { return };
        // Over a connection that several share, what one follows is no other's business.
        if let ServerNotification::ResourceUpdatedNotification(updated) = &note
            && !uris.has(&updated.params.uri)
        {
            continue;
        }
        if peer.is_transport_closed() || peer.send_notification(note).await.is_err() {
            return;
        }
    }
}

/// Tells a subscription of the changes that it is for, until it ends.
pub(super) async fn tell_subscription(server: &SingleServer, context: &SubscriptionContext) {
    let wanted = context.accepted().clone();
    let mut changes = tokio::select! {
        () = context.cancelled() => return,
        changes = Changes::of(server, &wanted) => changes,
    };
    if let Some(before) = server.session.accepted() {
        for note in missed(before, server.seen(), &wanted) {
            let _ = context.sink().send(note).await;
        }
    }
    loop {
        let note = tokio::select! {
            () = context.cancelled() => return,
            note = changes.next(server) => note,
        };
        let Some(note) = note else { return context.cancelled().await };
        if is_wanted(&note, &wanted) && context.sink().send(note).await.is_err() {
            return;
        }
    }
}

/// What may have changed between two moments, as far as somebody wants to know. Of what an upstream's clients did
/// nobody heard which of it was a change, and a client that reads once more than it had to loses nothing.
fn missed(before: Seen, now: Seen, wanted: &SubscriptionFilter) -> Vec<ServerNotification> {
    let mut notes: Vec<ServerNotification> = Vec::new();
    if before.tools != now.tools {
        notes.push(ToolListChangedNotification::default().into());
    }
    if before.activity != now.activity {
        notes.push(PromptListChangedNotification::default().into());
        notes.push(ResourceListChangedNotification::default().into());
        let uris = wanted.resource_subscriptions.iter().flatten();
        notes.extend(uris.map(|uri| {
            let updated = ResourceUpdatedNotificationParam::new(uri.clone());
            ServerNotification::from(ResourceUpdatedNotification::new(updated))
        }));
    }
    notes.retain(|note| is_wanted(note, wanted));
    notes
}

/// Where changes come from.
struct Changes {
    wanted: SubscriptionFilter,
    registry: watch::Receiver<u64>,
    marks: Vec<Option<Digest>>,
    heard: Heard,
}

/// Where changes of an upstream come from, beside those of its tools.
#[derive(Default)]
struct Heard {
    /// Of an upstream of an older revision.
    notes: Option<Receiver<ServerNotification>>,
    /// Of a newer one.
    subscription: Option<Subscription>,
    /// When the connection ends that they come over.
    end: Option<CancellationToken>,
}

impl Changes {
    async fn of(server: &SingleServer, wanted: &SubscriptionFilter) -> Self {
        let registry = server.gateway.inner.registry.changes();
        let marks = server.marks(&server.gateway.snapshot());
        Self { wanted: wanted.clone(), registry, marks, heard: Heard::of(server, wanted).await }
    }

    /// The next change; `None` when the gateway has gone.
    async fn next(&mut self, server: &SingleServer) -> Option<ServerNotification> {
        loop {
            let lost = self.heard.end.is_none() && server.remote().is_some();
            tokio::select! {
                changed = self.registry.changed() => {
                    changed.ok()?;
                    let marks = server.marks(&server.gateway.snapshot());
                    if marks != self.marks {
                        self.marks = marks;
                        return Some(ToolListChangedNotification::default().into());
                    }
                }
                note = noted(&mut self.heard.notes) => return Some(note),
                note = announced(&mut self.heard.subscription) => return Some(note),
                () = ended(self.heard.end.as_ref()) => self.heard = Heard::default(),
                () = sleep(AGAIN), if lost => self.heard = Heard::of(server, &self.wanted).await,
            }
        }
    }
}

impl Heard {
    async fn of(server: &SingleServer, wanted: &SubscriptionFilter) -> Self {
        let mut heard = Self::default();
        let Some(remote) = server.remote() else { return heard };
        let Ok(connection) = remote.shared_connection().await else { return heard };
        heard.end = Some(connection.end());
        if connection.is_modern() {
            // Changes of tools come from the registry, which looks at what was approved.
            let mut others = wanted.clone();
            others.tools_list_changed = None;
            if others != SubscriptionFilter::default() {
                let listening = timeout(PATIENCE, connection.peer().listen(others)).await;
                heard.subscription = listening.ok().and_then(Result::ok);
            }
            return heard;
        }
        heard.notes = Some(connection.notes());
        for uri in wanted.resource_subscriptions.iter().flatten() {
            let request = SubscribeRequest::new(SubscribeRequestParams::new(uri.clone()));
            let request = ClientRequest::SubscribeRequest(request);
            if let Ok(mut sent) = remote.send(&connection, request, RequestMetaObject::default()).await {
                // What it answers, nobody could be told.
                while !matches!(sent.running.next().await, Event::Done(_)) {}
            }
        }
        heard
    }
}

async fn ended(end: Option<&CancellationToken>) {
    match end {
        Some(end) => end.cancelled().await,
        None => std::future::pending().await,
    }
}

/// The next note of an upstream that is of no request and not about tools.
async fn noted(notes: &mut Option<Receiver<ServerNotification>>) -> ServerNotification {
    while let Some(open) = notes {
        match open.recv().await {
            Ok(ServerNotification::ToolListChangedNotification(_)) | Err(RecvError::Lagged(_)) => {}
            Ok(ServerNotification::LoggingMessageNotification(_)) => {}
            Ok(note) => return note,
            Err(RecvError::Closed) => *notes = None,
        }
    }
    std::future::pending().await
}

async fn announced(subscription: &mut Option<Subscription>) -> ServerNotification {
    while let Some(open) = subscription {
        match open.next().await {
            Ok(Some(note)) => return note,
            Ok(None) | Err(_) => *subscription = None,
        }
    }
    std::future::pending().await
}

/// What sessions of older revisions are told without asking.
fn everything() -> SubscriptionFilter {
    SubscriptionFilter::builder().tools_list_changed().prompts_list_changed().resources_list_changed().build()
}

fn is_wanted(note: &ServerNotification, wanted: &SubscriptionFilter) -> bool {
    match note {
        ServerNotification::ToolListChangedNotification(_) => wanted.tools_list_changed == Some(true),
        ServerNotification::PromptListChangedNotification(_) => wanted.prompts_list_changed == Some(true),
        ServerNotification::ResourceListChangedNotification(_) => wanted.resources_list_changed == Some(true),
        ServerNotification::ResourceUpdatedNotification(note) => {
            wanted.resource_subscriptions.iter().flatten().any(|uri| *uri == note.params.uri)
        }
        _ => false,
    }
}

/// For an upstream to say that it tells of changes.
const PATIENCE: Duration = Duration::from_secs(10);
/// After a connection that ended.
const AGAIN: Duration = Duration::from_secs(1);
