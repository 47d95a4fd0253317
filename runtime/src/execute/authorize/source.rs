//! Where calls get their tokens: one task obtains a token however many calls wait for it, and goes on
//! when those who wait are gone. A failure is remembered for a moment, so that nobody storms a server.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::client::OAuthClient;
use super::discovery::Issuers;
use super::door::Records;
use super::obtain::obtain;
use super::token::{Token, now_ms};
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;
use crate::secret::SecretStore;

/// How long a failure stands for all calls.
const HOLD: Duration = Duration::from_secs(3);
/// How long a token that was obtained because the api refused another is not refused again: an api
/// that answers 401 whatever it gets must not make every call ask for tokens.
const FORCED: Duration = Duration::from_secs(10);

/// The tokens of all apis.
pub(in crate::execute) struct Tokens {
    pub(super) store: Arc<dyn SecretStore>,
    pub(super) issuers: Issuers,
    /// Logins that servers described, as far as they were looked up.
    pub(super) records: Records,
    entries: Mutex<BTreeMap<String, Arc<Entry>>>,
}

/// What is known of one client's token.
#[derive(Default)]
pub(super) struct Entry {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    flight: Option<watch::Receiver<Landing>>,
    failed: Option<(Instant, ToolError)>,
    forced: Option<Instant>,
}

/// What the task that obtains a token has to say; nothing as long as it is under way.
type Landing = Option<Result<Arc<Token>, ToolError>>;

/// What a call finds.
enum Look {
    Ready(Arc<Token>),
    Failed(ToolError),
    Wait(watch::Receiver<Landing>),
    Begin(watch::Sender<Landing>),
}

impl Tokens {
    pub(in crate::execute) fn new(store: Arc<dyn SecretStore>) -> Self {
        Self { store, issuers: Issuers::default(), records: Records::default(), entries: Mutex::default() }
    }

    pub(super) fn entry(&self, name: &str) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(name.to_owned()).or_default())
    }
}

impl Executor {
    /// A token that is good now; with `refused`, another one than the api refused, if there is one.
    ///
    /// # Errors
    /// `Login` when a person has to log in, `Token` when the authorization server fails.
    pub(in crate::execute) async fn token(
        &self,
        client: &Arc<OAuthClient>,
        refused: Option<&Arc<Token>>,
    ) -> Result<Arc<Token>, ToolError> {
        let entry = self.tokens().entry(&client.name);
        loop {
            let mut flight = match entry.look(refused) {
                Look::Ready(token) => return Ok(token),
                Look::Failed(error) => return Err(error),
                Look::Wait(flight) => flight,
                Look::Begin(sender) => {
                    let flight = sender.subscribe();
                    let task = begin(self.clone(), Arc::clone(client), Arc::clone(&entry), refused.cloned(), sender);
                    tokio::spawn(task);
                    flight
                }
            };
            let landed = flight.wait_for(Option::is_some).await.ok().and_then(|landing| landing.clone());
            match landed {
                Some(Ok(token)) => return Ok(token),
                // A token that still works is better than none.
                Some(Err(error)) => return entry.usable(refused).ok_or(error),
                // The task was lost with what it ran on; the next look begins another.
                None => {}
            }
        }
    }
}

/// Obtains a token for everybody who waits.
async fn begin(
    executor: Executor,
    client: Arc<OAuthClient>,
    entry: Arc<Entry>,
    refused: Option<Arc<Token>>,
    sender: watch::Sender<Landing>,
) {
    let result = obtain(&executor, &client, &entry, refused.as_deref()).await.map(Arc::new);
    entry.land(&result, refused.is_some());
    sender.send_replace(Some(result));
}

impl Entry {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, refused: Option<&Arc<Token>>) -> Look {
        let mut state = self.lock();
        let now = now_ms();
        let known = state.token.clone().filter(|token| refused.is_none_or(|refused| !token.is(refused)));
        if let Some(token) = known.as_ref().filter(|token| token.is_fresh(now)) {
            return Look::Ready(Arc::clone(token));
        }
        if let Some(flight) = state.flight.as_ref().filter(|flight| flight.has_changed().is_ok()) {
            return Look::Wait(flight.clone());
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(at, _)| at.elapsed() < HOLD) {
            let error = error.clone();
            return known.filter(|token| token.is_usable(now)).map_or(Look::Failed(error), Look::Ready);
        }
        let lately = state.forced.is_some_and(|at| at.elapsed() < FORCED);
        if let (Some(refused), true) = (refused, lately) {
            return Look::Ready(Arc::clone(refused));
        }
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver);
        Look::Begin(sender)
    }

    fn usable(&self, refused: Option<&Arc<Token>>) -> Option<Arc<Token>> {
        let token = self.lock().token.clone()?;
        (token.is_usable(now_ms()) && refused.is_none_or(|refused| !token.is(refused))).then_some(token)
    }

    /// Takes over a token of the store while a better one is obtained.
    pub(super) fn adopt(&self, token: &Token) {
        self.lock().token = Some(Arc::new(token.clone()));
    }

    /// Forgets what is known, because somebody logged in or out.
    pub(super) fn forget(&self) {
        *self.lock() = State::default();
    }

    fn land(&self, result: &Result<Arc<Token>, ToolError>, forced: bool) {
        let mut state = self.lock();
        state.flight = None;
        match result {
            Ok(token) => {
                state.token = Some(Arc::clone(token));
                state.failed = None;
                if forced {
                    state.forced = Some(Instant::now());
                }
            }
            Err(error) => {
                tracing::warn!(error = error.kind().name(), "no token could be obtained");
                state.failed = Some((Instant::now(), error.clone()));
            }
        }
    }
}
