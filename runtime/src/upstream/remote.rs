//! One upstream that is kept connected: a task of its own makes the connection, lists the tools, listens
//! for changes, and after a failure tries again with growing pauses.

use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arc_swap::ArcSwap;
use cap_compiler::capability::Connect;
use cap_compiler::pin::Policy;
use rmcp::model::{ServerPeerInfo, Tool};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::catalog::{Catalog, catalog};
use super::connection::Connection;
use super::keeper;
use super::near::Near;
use super::state::State;
use crate::execute::Executor;
use crate::load::LoadedUpstream;

/// An upstream: what is known of it, and the way to it. It is the same from one reload to the next for
/// as long as it is reached in the same way.
pub struct Remote {
    pub(super) name: String,
    pub(super) executor: Executor,
    policy: Policy,
    pub(super) loaded: ArcSwap<LoadedUpstream>,
    listed: RwLock<Option<Arc<Vec<Tool>>>>,
    catalog: ArcSwap<Catalog>,
    pub(super) state: watch::Sender<State>,
    pub(super) connection: watch::Sender<Option<Arc<Connection>>>,
    /// What it said of itself last.
    pub(super) info: Mutex<Option<Arc<ServerPeerInfo>>>,
    pub(super) near: Near,
    pub(super) places: Arc<Semaphore>,
    pub(super) failures: AtomicU32,
    pub(super) activity: AtomicU64,
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
            activity: AtomicU64::new(0),
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

    /// Takes what was listed, and has what is served of it built anew if it is other tools.
    pub(super) fn take_listed(&self, tools: Vec<Tool>) {
        let same = self.listed().is_some_and(|known| *known == tools);
        if same {
            return;
        }
        // From a list, a connection learns which arguments travel as headers.
        self.near.clear();
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

    /// Begins to keep it connected.
    pub(super) fn keep(self: &Arc<Self>, runtime: &tokio::runtime::Handle) -> tokio::task::JoinHandle<()> {
        runtime.spawn(keeper::run(Arc::clone(self)))
    }

    /// Why it is not connected to, if it is not to be.
    pub(super) fn is_kept_away(&self) -> bool {
        matches!(self.state(), State::Paused | State::Quarantined)
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

/// Calls at one time, where the definition does not say.
const MOST_CALLS: usize = 256;
