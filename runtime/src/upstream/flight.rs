//! Requests that are under way at an upstream, and what comes for them before their answers.
//!
//! A request is entered here when it leaves ([`Flights::left`]), under the identifier and the progress
//! token that it has on this connection, so that nothing which belongs to it can come too early. What
//! comes is handed over in order; of what nobody takes in time, notes are dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::ErrorData;
use rmcp::model::{ClientResult, ProgressToken, RequestId, ServerNotification, ServerRequest};
use tokio::sync::{mpsc, oneshot};

/// Notes that wait for one request.
const MOST_NOTES: usize = 256;
/// Questions that wait for one request.
const MOST_ASKS: usize = 16;

/// The requests under way on one connection.
#[derive(Debug, Default)]
pub(super) struct Flights {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    ends: HashMap<Key, End>,
    ids: HashMap<RequestId, Key>,
    tokens: HashMap<ProgressToken, Key>,
}

/// The name of a request under way; it travels with the request, and not on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u64);

#[derive(Clone, Debug)]
struct End {
    notes: mpsc::Sender<ServerNotification>,
    asks: mpsc::Sender<Ask>,
    id: Option<RequestId>,
    token: Option<ProgressToken>,
}

/// What comes for one request. Dropping it ends its entry.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) key: Key,
    pub(super) notes: mpsc::Receiver<ServerNotification>,
    pub(super) asks: mpsc::Receiver<Ask>,
    flights: Arc<Flights>,
}

/// A question of an upstream to the client of a request. Dropping it answers that nobody is there.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub request: ServerRequest,
    answer: oneshot::Sender<Result<ClientResult, ErrorData>>,
}

impl Ask {
    /// A question, and where its answer comes out.
    pub(super) fn new(request: ServerRequest) -> (Self, oneshot::Receiver<Result<ClientResult, ErrorData>>) {
        let (answer, answered) = oneshot::channel();
        (Self { request, answer }, answered)
    }

    /// Answers it. Who asked may be gone.
    pub fn answer(self, answer: Result<ClientResult, ErrorData>) {
        let _ = self.answer.send(answer);
    }
}

impl Flights {
    /// Enters a request that is about to leave.
    pub(super) fn begin(self: &Arc<Self>) -> Flight {
        let (note_sender, notes) = mpsc::channel(MOST_NOTES);
        let (ask_sender, asks) = mpsc::channel(MOST_ASKS);
        let mut state = self.lock();
        state.next += 1;
        let key = Key(state.next);
        state.ends.insert(key, End { notes: note_sender, asks: ask_sender, id: None, token: None });
        Flight { key, notes, asks, flights: Arc::clone(self) }
    }

    /// A request leaves under this identifier and token.
    pub(super) fn left(&self, key: Key, id: &RequestId, token: Option<ProgressToken>) {
        let mut state = self.lock();
        let Some(end) = state.ends.get_mut(&key) else { return };
        (end.id, end.token) = (Some(id.clone()), token.clone());
        state.ids.insert(id.clone(), key);
        if let Some(token) = token {
            state.tokens.insert(token, key);
        }
    }

    /// Hands a note to the request with that progress token.
    pub(super) fn progressed(&self, token: &ProgressToken, note: ServerNotification) {
        let state = self.lock();
        if let Some(end) = state.tokens.get(token).and_then(|key| state.ends.get(key)) {
            // Who does not keep up misses some: the next one says more.
            let _ = end.notes.try_send(note);
        }
    }

    /// Hands a note that names no request to the only one there is. Gives it back if there is none, or several.
    pub(super) fn noted(&self, note: ServerNotification) -> Option<ServerNotification> {
        let state = self.lock();
        let Some(end) = only(&state) else { return Some(note) };
        let _ = end.notes.try_send(note);
        None
    }

    /// Hands a question to the request it came with, or to the only one there is. Gives it back if nobody can be
    /// found to answer it.
    pub(super) fn asked(&self, origin: Option<&RequestId>, ask: Ask) -> Option<Ask> {
        let end = {
            let state = self.lock();
            match origin {
                Some(id) => state.ids.get(id).and_then(|key| state.ends.get(key)).cloned(),
                None => only(&state).cloned(),
            }
        };
        let Some(end) = end else { return Some(ask) };
        let refused = end.asks.try_send(ask).err()?;
        Some(match refused {
            mpsc::error::TrySendError::Full(ask) | mpsc::error::TrySendError::Closed(ask) => ask,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn only(state: &State) -> Option<&End> {
    let mut ends = state.ends.values();
    let first = ends.next();
    first.filter(|_| ends.next().is_none())
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut state = self.flights.lock();
        if let Some(end) = state.ends.remove(&self.key) {
            end.id.and_then(|id| state.ids.remove(&id));
            end.token.and_then(|token| state.tokens.remove(&token));
        }
    }
}
