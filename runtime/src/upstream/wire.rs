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
use super::questions::{Leaving, Questions};

/// Notes that belong to no request, for who listens.
pub(super) type Notes = broadcast::Sender<ServerNotification>;

/// Notes that wait for who listens; who does not keep up is told that it missed some.
pub(super) const MOST_NOTES: usize = 128;

/// A transport whose notes are taken out.
pub(super) struct Wire<T> {
    inner: T,
    flights: Arc<Flights>,
    notes: Notes,
    questions: Arc<Questions>,
    /// Says when the SDK lets go of it.
    _closed: DropGuard,
}

impl<T> Wire<T> {
    /// Cancels `closed` when it is dropped.
    pub(super) fn new(inner: T, flights: Arc<Flights>, notes: Notes, closed: CancellationToken) -> Self {
        Self { inner, flights, notes, questions: Arc::default(), _closed: closed.drop_guard() }
    }

    /// The answer to a question counts until it has left.
    fn leaving(&self, message: &TxJsonRpcMessage<RoleClient>) -> Option<Leaving> {
        let id = match message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            _ => None,
        };
        id.map(|id| self.questions.answer(id))
    }

    /// Gives back what the SDK has to see.
    fn sift(&self, note: ServerNotification) -> Option<ServerNotification> {
        match note {
            ServerNotification::ProgressNotification(note) => {
                self.flights.progressed(&note.params.progress_token.clone(), note.into());
                None
            }
            ServerNotification::CancelledNotification(note) => {
                if let Some(id) = &note.params.request_id {
                    self.questions.withdraw(id);
                }
                Some(note.into())
            }
            ServerNotification::SubscriptionsAcknowledgedNotification(_) => Some(note),
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
        let leaving = self.leaving(&message);
        let sending = self.inner.send(message);
        async move {
            let sent = sending.await;
            drop(leaving);
            sent
        }
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
                JsonRpcMessage::Request(question) if !self.questions.admit(&question.id) => {
                    tracing::debug!(id = %question.id, "a question of an upstream is left out: it asks too much");
                }
                message => return Some(message),
            }
        }
    }

    fn close(&mut self) -> impl Future<Output = Result<(), Self::Error>> + Send {
        self.inner.close()
    }
}
