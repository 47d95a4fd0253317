//! What a call does, told to a client that asked to hear it.

use std::sync::atomic::{AtomicU32, Ordering};

use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::execute::{Progress, Step};

/// Steps of one call, on their way to its client.
pub(super) struct Told {
    token: ProgressToken,
    steps: AtomicU32,
    sender: UnboundedSender<ProgressNotificationParam>,
}

/// What is sent to the client while the call runs. A call has few steps, so the way needs no bound.
pub(super) struct Telling {
    peer: Peer<RoleServer>,
    notes: UnboundedReceiver<ProgressNotificationParam>,
}

/// Both ends for one call.
pub(super) fn telling(token: ProgressToken, peer: Peer<RoleServer>) -> (Told, Telling) {
    let (sender, notes) = unbounded_channel();
    (Told { token, steps: AtomicU32::new(0), sender }, Telling { peer, notes })
}

impl Progress for Told {
    fn step(&self, step: &Step<'_>) {
        // Most clients ask for progress and most calls are one try: that it is sent is no news.
        if matches!(step, Step::Sending { attempt: 1 }) {
            return;
        }
        let number = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        let note = ProgressNotificationParam::new(self.token.clone(), f64::from(number)).with_message(step.to_string());
        // Nobody hears it when the call is over.
        let _ = self.sender.send(note);
    }
}

impl Telling {
    /// Sends notes until the call is over.
    pub(super) async fn run(mut self) {
        while let Some(note) = self.notes.recv().await {
            if let Err(error) = self.peer.notify_progress(note).await {
                tracing::debug!(%error, "a client did not hear of progress");
                return;
            }
        }
    }
}
