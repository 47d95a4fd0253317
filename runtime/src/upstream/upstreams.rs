//! All upstreams of a gateway: those that the folders declare are kept, others end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cap_compiler::pin::Policy;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::remote::Remote;
use crate::execute::Executor;
use crate::load::LoadedUpstream;

/// The upstreams. Cheap to clone; clones are one.
#[derive(Clone)]
pub struct Upstreams {
    inner: Arc<Inner>,
}

struct Inner {
    executor: Executor,
    policy: Policy,
    runtime: Handle,
    stop: CancellationToken,
    kept: Mutex<BTreeMap<String, Kept>>,
    /// Those that were stopped and have not ended yet.
    ending: Mutex<Vec<JoinHandle<()>>>,
    changed: Arc<Notify>,
}

struct Kept {
    remote: Arc<Remote>,
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl Upstreams {
    /// None yet. Their tasks run on the runtime that this is called on, and end with `stop`.
    #[must_use]
    pub fn new(executor: Executor, policy: Policy, stop: &CancellationToken) -> Self {
        let inner = Inner {
            executor,
            policy,
            runtime: Handle::current(),
            stop: stop.child_token(),
            kept: Mutex::default(),
            ending: Mutex::default(),
            changed: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Keeps what is declared, and nothing else. What is reached as before is not touched.
    pub fn declare(&self, declared: &[Arc<LoadedUpstream>]) {
        let mut kept = self.kept();
        let mut next = BTreeMap::new();
        for loaded in declared {
            let name = loaded.upstream.name().to_string();
            let entry = match kept.remove(&name) {
                Some(entry) if entry.remote.goes_on_with(loaded) => {
                    entry.remote.update(loaded);
                    entry
                }
                before => {
                    before.into_iter().for_each(|before| self.end(before));
                    self.begin(loaded)
                }
            };
            next.insert(name, entry);
        }
        std::mem::take(&mut *kept).into_values().for_each(|entry| self.end(entry));
        *kept = next;
    }

    fn begin(&self, loaded: &Arc<LoadedUpstream>) -> Kept {
        let inner = &self.inner;
        let stop = inner.stop.child_token();
        let (executor, changed) = (inner.executor.clone(), Arc::clone(&inner.changed));
        let remote = Remote::new(Arc::clone(loaded), executor, inner.policy, changed, stop.clone());
        let task = remote.keep(&inner.runtime);
        Kept { remote, task, stop }
    }

    fn end(&self, entry: Kept) {
        entry.stop.cancel();
        let mut ending = self.inner.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.retain(|task| !task.is_finished());
        ending.push(entry.task);
    }

    /// All of them, sorted by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Remote>> {
        self.kept().values().map(|entry| Arc::clone(&entry.remote)).collect()
    }

    /// The one of that name.
    #[must_use]
    pub fn remote(&self, name: &str) -> Option<Arc<Remote>> {
        self.kept().get(name).map(|entry| Arc::clone(&entry.remote))
    }

    /// Comes when what is served of one of them changed.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    /// Ends all of them, within a bounded time.
    pub async fn close(&self) {
        self.inner.stop.cancel();
        let kept = std::mem::take(&mut *self.kept());
        kept.into_values().for_each(|entry| self.end(entry));
        let ending = std::mem::take(&mut *self.inner.ending.lock().unwrap_or_else(PoisonError::into_inner));
        let all = futures::future::join_all(ending);
        if timeout(CLOSING, all).await.is_err() {
            tracing::warn!("not every upstream ended in time");
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.inner.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Upstreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

const CLOSING: Duration = Duration::from_secs(8);
