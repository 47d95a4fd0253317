//! What clients of one server are told of changes, each in the way of its revision.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]
#![expect(deprecated, reason = "older revisions subscribe with a request")]

use rmcp::model::{
    ClientRequest, RequestMetaObject, ServerNotification, SubscribeRequest, SubscribeRequestParams, SubscriptionFilter,
    Tool, ToolListChangedNotification,
};
use rmcp::service::{Subscription, SubscriptionContext};
use rmcp::{Peer, RoleServer};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::SingleServer;

/// Tells a session of changes until it ends.
pub(super) async fn tell_session(server: SingleServer, peer: Peer<RoleServer>) {
    let mut changes = Changes::of(&server, &everything()).await;
    loop {
        let Some(note) = changes.next(&server).await else { return };
        if peer.is_transport_closed() || peer.send_notification(note).await.is_err() {
            return;
        }
    }
}

/// Tells a subscription of the changes that it is for, until it ends.
pub(super) async fn tell_subscription(server: &SingleServer, context: &SubscriptionContext) {
    let wanted = context.accepted().clone();
    let mut changes = Changes::of(server, &wanted).await;
    let tools = wanted.tools_list_changed == Some(true);
    // The client was told that it listens before anybody did.
    if tools && server.session.missed(*server.gateway.inner.registry.changes().borrow()) {
        let _ = context.sink().notify_tool_list_changed().await;
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

/// Where changes come from.
struct Changes {
    registry: watch::Receiver<u64>,
    tools: Vec<Tool>,
    /// Of an upstream of an older revision.
    notes: Option<Receiver<ServerNotification>>,
    /// Of a newer one.
    subscription: Option<Subscription>,
}

impl Changes {
    async fn of(server: &SingleServer, wanted: &SubscriptionFilter) -> Self {
        let registry = server.gateway.inner.registry.changes();
        let tools = server.tools(&server.gateway.snapshot());
        let mut changes = Self { registry, tools, notes: None, subscription: None };
        let Some(remote) = server.remote() else { return changes };
        let Ok(connection) = remote.shared_connection().await else { return changes };
        if connection.is_modern() {
            // Changes of tools come from the registry, which looks at what was approved.
            let mut others = wanted.clone();
            others.tools_list_changed = None;
            if others != SubscriptionFilter::default() {
                changes.subscription = connection.peer().listen(others).await.ok();
            }
            return changes;
        }
        changes.notes = Some(connection.notes());
        for uri in wanted.resource_subscriptions.iter().flatten() {
            let request = SubscribeRequest::new(SubscribeRequestParams::new(uri.clone()));
            let sent =
                remote.send(&connection, ClientRequest::SubscribeRequest(request), RequestMetaObject::default()).await;
            if let Ok(mut sent) = sent {
                // Only that it was asked counts: what it answers, nobody could be told.
                let _ = sent.running.next().await;
            }
        }
        changes
    }

    /// The next change; `None` when the gateway has gone.
    async fn next(&mut self, server: &SingleServer) -> Option<ServerNotification> {
        loop {
            tokio::select! {
                changed = self.registry.changed() => {
                    changed.ok()?;
                    let tools = server.tools(&server.gateway.snapshot());
                    if tools != self.tools {
                        self.tools = tools;
                        return Some(ToolListChangedNotification::default().into());
                    }
                }
                note = noted(&mut self.notes) => return Some(note),
                note = announced(&mut self.subscription) => return Some(note),
            }
        }
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
