//! One upstream that is kept connected: a task of its own makes the connection, lists the tools, listens
//! for changes, and after a failure tries again with growing pauses.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use cap_compiler::capability::{CircuitBreaker, Connect, Sessions};
use cap_compiler::pin::Policy;
use rmcp::model::{ClientRequest, RequestMetaObject, ServerPeerInfo, Tool};
use rmcp::service::ServiceError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::catalog::{Catalog, catalog};
use super::connection::{Caller, Connection, connect};
use super::fault::{ConnectFault, UpstreamFault};
use super::keeper;
use super::listing;
use super::near::Near;
use super::running::{Patience, Running};
use super::state::State;
use crate::execute::Executor;
use crate::load::LoadedUpstream;

/// An upstream: what is known of it, and the way to it. It is the same from one reload to the next for
/// as long as it is reached in the same way.
pub struct Remote {
    name: String,
    pub(super) executor: Executor,
    policy: Policy,
    loaded: ArcSwap<LoadedUpstream>,
    listed: RwLock<Option<Arc<Vec<Tool>>>>,
    catalog: ArcSwap<Catalog>,
    state: watch::Sender<State>,
    connection: watch::Sender<Option<Arc<Connection>>>,
    /// What it said of itself last.
    pub(super) info: Mutex<Option<Arc<ServerPeerInfo>>>,
    near: Near,
    places: Arc<Semaphore>,
    failures: AtomicU32,
    /// Somebody wants a connection.
    pub(super) wanted: Notify,
    /// A call failed in a way that says nothing good of the connection.
    pub(super) suspected: Notify,
    pub(super) stop: CancellationToken,
    /// What is served of it changed.
    changed: Arc<Notify>,
}

impl Remote {
    pub(super) fn new(
        loaded: Arc<LoadedUpstream>,
        executor: Executor,
        policy: Policy,
        changed: Arc<Notify>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let state = first_state(&loaded);
        let first = catalog(&loaded, None, policy);
        let places = loaded.upstream.limits.concurrency.map_or(MOST_CALLS, |limit| limit as usize);
        Arc::new(Self {
            name: loaded.upstream.name().to_string(),
            executor,
            policy,
            loaded: ArcSwap::new(loaded),
            listed: RwLock::default(),
            catalog: ArcSwap::from_pointee(first),
            state: watch::Sender::new(state),
            connection: watch::Sender::new(None),
            info: Mutex::default(),
            near: Near::default(),
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            failures: AtomicU32::new(0),
            wanted: Notify::new(),
            suspected: Notify::new(),
            stop,
            changed,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is now.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// What is served of it.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog.load_full()
    }

    /// What its files say.
    #[must_use]
    pub fn loaded(&self) -> Arc<LoadedUpstream> {
        self.loaded.load_full()
    }

    /// What it said of itself, if it was ever connected.
    #[must_use]
    pub fn info(&self) -> Option<Arc<ServerPeerInfo>> {
        self.info.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its tools as it listed them last, whatever is served of them.
    #[must_use]
    pub fn listed(&self) -> Option<Arc<Vec<Tool>>> {
        self.listed.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it can go on with these files.
    pub(super) fn goes_on_with(&self, loaded: &LoadedUpstream) -> bool {
        let known = self.loaded.load();
        known.upstream.is_reached_like(&loaded.upstream) && known.admitted.is_ok() == loaded.admitted.is_ok()
    }

    /// Goes on with other files: what is served of the same tools may be another.
    pub(super) fn update(&self, loaded: &Arc<LoadedUpstream>) {
        if Arc::ptr_eq(&self.loaded.load(), loaded) {
            return;
        }
        self.loaded.store(Arc::clone(loaded));
        self.serve();
    }

    /// Takes what was listed. Says whether what is served changed.
    pub(super) fn take_listed(&self, tools: Vec<Tool>) {
        let same = self.listed().is_some_and(|known| *known == tools);
        if same {
            return;
        }
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(tools));
        self.serve();
        self.changed.notify_one();
    }

    fn serve(&self) {
        let listed = self.listed();
        let listed = listed.as_ref().map(|tools| tools.as_slice());
        self.catalog.store(Arc::new(catalog(&self.loaded.load(), listed, self.policy)));
    }

    /// Notes how it is, and logs what is news.
    pub(super) fn set_state(&self, state: State) {
        let before = self.state.send_replace(state);
        let state = self.state.borrow();
        if before.name() == state.name() {
            return;
        }
        let upstream = &self.name;
        match &*state {
            State::Connected => tracing::info!(upstream, "connected"),
            State::NeedsLogin { reason } => {
                tracing::warn!(upstream, "needs a login: {reason}; run `cap auth login {upstream}`");
            }
            State::Unavailable { reason, .. } => tracing::warn!(upstream, "unavailable: {reason}"),
            State::Idle | State::Connecting | State::Paused | State::Quarantined => {
                tracing::debug!(upstream, state = state.name().as_str(), "changed");
            }
        }
    }

    pub(super) fn set_connection(&self, connection: Option<Arc<Connection>>) {
        self.connection.send_replace(connection);
    }

    /// The shared connection is nobody's any more.
    pub(super) fn take_connection(&self) -> Option<Arc<Connection>> {
        self.connection.send_replace(None)
    }

    /// The connection that all share, once it stands.
    async fn shared(&self) -> Result<Arc<Connection>, UpstreamFault> {
        let mut connections = self.connection.subscribe();
        if let Some(connection) = connections.borrow_and_update().clone().filter(|it| !it.is_closed()) {
            return Ok(connection);
        }
        let mut states = self.state.subscribe();
        let waiting = async {
            loop {
                if let Some(connection) = connections.borrow_and_update().clone().filter(|it| !it.is_closed()) {
                    return Ok(connection);
                }
                let state = states.borrow_and_update().clone();
                if !state.again().is_some_and(|again| again <= SHORT_PAUSE) {
                    self.refusal(&state)?;
                }
                self.wanted.notify_one();
                tokio::select! {
                    _ = connections.changed() => {}
                    _ = states.changed() => {}
                    () = self.stop.cancelled() => return Err(self.unavailable("it was removed", None)),
                }
            }
        };
        let waited = timeout(LONGEST_WAIT, waiting).await;
        waited.unwrap_or_else(|_| Err(self.unavailable("no connection stands yet", None)))
    }

    /// Why nothing is sent in this state, if nothing is.
    fn refusal(&self, state: &State) -> Result<(), UpstreamFault> {
        let name = self.name.clone();
        match state {
            State::Idle | State::Connecting | State::Connected => Ok(()),
            State::NeedsLogin { reason } => Err(UpstreamFault::Login { name, reason: reason.clone() }),
            State::Unavailable { reason, .. } => Err(self.unavailable(reason, state.again())),
            State::Paused => Err(UpstreamFault::Paused { name }),
            State::Quarantined => Err(UpstreamFault::Quarantined { name }),
        }
    }

    fn unavailable(&self, reason: &str, again: Option<Duration>) -> UpstreamFault {
        UpstreamFault::Unavailable { name: self.name.clone(), reason: reason.to_owned(), again }
    }

    /// A connection for one client alone, where the upstream keeps state for each.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn own(&self, caller: &Caller) -> Result<Arc<Connection>, UpstreamFault> {
        self.refusal(&self.state())?;
        let loaded = self.loaded();
        let connected = connect(&loaded.upstream, &self.executor, caller).await.map(Arc::new);
        if let Ok(connection) = &connected {
            tokio::spawn(end_with(Arc::downgrade(connection), connection.end(), self.stop.clone()));
        }
        connected.map_err(|fault| match fault {
            ConnectFault::Login(reason) => UpstreamFault::Login { name: self.name.clone(), reason },
            ConnectFault::Failed(reason) => self.unavailable(&reason, None),
        })
    }

    /// Whether each client gets a connection of its own; known once one stands, where it is not declared.
    pub(crate) async fn has_own_sessions(&self) -> Result<bool, UpstreamFault> {
        Ok(match self.loaded.load().upstream.sessions {
            Sessions::Own => true,
            Sessions::Shared => false,
            Sessions::Detected => {
                let shared = self.shared().await?;
                !shared.is_modern() && shared.has_sessions()
            }
        })
    }

    /// The connection that all share.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn shared_connection(&self) -> Result<Arc<Connection>, UpstreamFault> {
        self.shared().await
    }

    /// The connection that a request without a session goes over: one of the thread that asks, where that is
    /// as good as the shared one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn near_connection(&self) -> Result<Arc<Connection>, UpstreamFault> {
        let shared = self.shared().await?;
        if !shared.is_stateless() {
            return Ok(shared);
        }
        let connecting = async {
            let loaded = self.loaded();
            let caller = Caller { info: keeper::gateway(), home: None };
            let connection = Arc::new(connect(&loaded.upstream, &self.executor, &caller).await.ok()?);
            tokio::spawn(end_with(Arc::downgrade(&connection), connection.end(), self.stop.clone()));
            // From a list, a connection learns which arguments of tools travel as headers too.
            listing::list(&connection).await.ok()?;
            Some(connection)
        };
        Ok(self.near.of(shared, connecting).await)
    }

    /// Sends a request over a connection, within the upstream's bounds.
    ///
    /// # Errors
    /// Why it was not sent.
    pub(crate) async fn send(
        &self,
        connection: &Arc<Connection>,
        request: ClientRequest,
        meta: RequestMetaObject,
    ) -> Result<Sent, UpstreamFault> {
        let patience = self.patience();
        let place = timeout(patience.silence, Arc::clone(&self.places).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(UpstreamFault::Busy { name: self.name.clone() }) };
        let running = connection.send(request, meta, patience).await;
        let running = running.map_err(|error| self.fault(error))?;
        Ok(Sent { running, _place: place })
    }

    /// What went wrong with a request; what says that the upstream is not well is counted.
    pub(crate) fn fault(&self, error: ServiceError) -> UpstreamFault {
        let fault = UpstreamFault::of(&self.name, error);
        if fault.is_its_own() {
            self.suspected.notify_one();
            let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
            if let CircuitBreaker::On { failures: most, .. } = self.loaded.load().upstream.limits.circuit_breaker
                && failures >= most
                && let Some(connection) = self.connection.borrow().clone()
            {
                tracing::warn!(upstream = self.name, failures, "calls fail again and again: connecting anew");
                self.failures.store(0, Ordering::Relaxed);
                tokio::spawn(connection.close());
            }
        }
        fault
    }

    /// A request was answered.
    pub(crate) fn answered(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    fn patience(&self) -> Patience {
        let silence = self.loaded.load().upstream.limits.timeout.unwrap_or(LONGEST_SILENCE);
        Patience { silence, whole: silence.max(LONGEST_CALL) }
    }

    /// Begins to keep it connected.
    pub(super) fn keep(self: &Arc<Self>, runtime: &tokio::runtime::Handle) -> tokio::task::JoinHandle<()> {
        runtime.spawn(keeper::run(Arc::clone(self)))
    }

    /// Why it is not connected to, if it is not to be.
    pub(super) fn is_kept_away(&self) -> bool {
        matches!(self.state(), State::Paused | State::Quarantined)
    }
}

/// A request under way, and its place among those of the upstream.
pub(crate) struct Sent {
    pub(crate) running: Running,
    _place: OwnedSemaphorePermit,
}

/// Ends a client's own connection when its upstream is no longer kept.
async fn end_with(connection: Weak<Connection>, end: CancellationToken, stop: CancellationToken) {
    tokio::select! {
        () = end.cancelled() => {}
        () = stop.cancelled() => if let Some(connection) = connection.upgrade() {
            connection.close().await;
        },
    }
}

fn first_state(loaded: &LoadedUpstream) -> State {
    match &loaded.admitted {
        Err(_) => State::Quarantined,
        Ok(_) if loaded.upstream.paused => State::Paused,
        // Without approved tools nothing is known of it until it was asked.
        Ok(_) if loaded.upstream.connect == Connect::Lazy && loaded.approved.is_some() => State::Idle,
        Ok(_) => State::Connecting,
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("name", &self.name).field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

/// When it is tried again after so many failures in a row: longer each time, and never all at one time.
pub(super) fn pause(failures: u32) -> Instant {
    let base = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    let mut byte = [0_u8; 1];
    // Without randomness the pauses are the same, which costs nothing but a crowd.
    let _ = getrandom::fill(&mut byte);
    let jitter = base.mul_f64(f64::from(byte.first().copied().unwrap_or_default()) / 255.0 / 4.0);
    Instant::now() + base - jitter
}

/// Calls at one time, where the definition does not say.
const MOST_CALLS: usize = 256;
/// How long a call waits for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A pause that a call waits for, rather than to say that it should come again.
const SHORT_PAUSE: Duration = Duration::from_secs(1);
/// The longest silence of a call, where the definition does not say.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// The longest that a call takes that tells of its progress.
const LONGEST_CALL: Duration = Duration::from_secs(3_600);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
