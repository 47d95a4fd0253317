//! What stands between the SDK and a transport: notes are taken out and handed over in the order in
//! which they come, before the answers behind them, and a flood of them costs nobody else anything.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

use std::borrow::Cow;
use std::sync::Arc;

use rmcp::RoleClient;
use rmcp::model::{GetExtensions, GetMeta, JsonRpcMessage, ServerNotification};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::flight::{Flights, Key};
use super::masked::masked;

/// Notes that belong to no request, for who listens.
pub(super) type Notes = broadcast::Sender<ServerNotification>;

/// Notes that wait for who listens; who does not keep up is told that it missed some.
pub(super) const MOST_NOTES: usize = 128;

/// A transport whose notes are taken out.
pub(super) struct Wire<T> {
    inner: T,
    flights: Arc<Flights>,
    notes: Notes,
    /// Says when the SDK lets go of it.
    _closed: DropGuard,
}

impl<T> Wire<T> {
    /// Cancels `closed` when it is dropped.
    pub(super) fn new(inner: T, flights: Arc<Flights>, notes: Notes, closed: CancellationToken) -> Self {
        Self { inner, flights, notes, _closed: closed.drop_guard() }
    }

    /// Gives back what the SDK has to see.
    fn sift(&self, note: ServerNotification) -> Option<ServerNotification> {
        match note {
            ServerNotification::ProgressNotification(note) => {
                self.flights.progressed(&note.params.progress_token.clone(), note.into());
                None
            }
            ServerNotification::CancelledNotification(_)
            | ServerNotification::SubscriptionsAcknowledgedNotification(_) => Some(note),
            // On a subscription's own stream; the SDK knows whose.
            note if note.get_meta().subscription_id().is_some() => Some(note),
            note => {
                let unclaimed = match note {
                    ServerNotification::LoggingMessageNotification(_) => self.flights.noted(note),
                    note => Some(note),
                };
                if let Some(note) = unclaimed {
                    // Nobody may be listening.
                    let _ = self.notes.send(note);
                }
                None
            }
        }
    }
}

impl<T: Transport<RoleClient>> Transport<RoleClient> for Wire<T> {
    type Error = T::Error;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleClient>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        if let JsonRpcMessage::Request(request) = &message
            && let Some(key) = request.request.extensions().get::<Key>()
        {
            self.flights.left(*key, &request.id, request.request.get_meta().get_progress_token());
        }
        self.inner.send(message)
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleClient>> {
        loop {
            match masked(self.inner.receive().await?) {
                JsonRpcMessage::Notification(mut message) => {
                    if let Some(note) = self.sift(message.notification) {
                        message.notification = note;
                        return Some(JsonRpcMessage::Notification(message));
                    }
                }
                message => return Some(message),
            }
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}
