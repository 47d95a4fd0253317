//! The gateway as an MCP server. No other folder names rmcp, except the one for upstream servers.
//!
//! [`Gateway`] answers requests; each asks one [`View`](crate::registry::View) of one snapshot and,
//! for a call, the executor. What is the caller's fault is a tool error that says what to do; a
//! fault of the gateway is a JSON-RPC error.

mod answer;
mod arguments;
mod convert;
mod drain;
mod endpoint;
mod error;
mod exposure;
mod listeners;
mod meta_tool;
mod origin;
mod paging;
mod progress;
mod relay;
mod server;
mod single;
mod tools;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::execute::Executor;
use crate::registry::{Registry, Snapshot};
use crate::telemetry::Telemetry;

pub use convert::result;
pub use endpoint::{Admitted, HttpEndpoint, StdioError, http_endpoint, serve_stdio};
pub use exposure::{BadGlob, Exposure};
pub use single::{SingleEndpoints, SingleServer};

use drain::Drain;
use listeners::Listeners;
use relay::{Parked, Session};

/// The gateway: cheap to clone, one for all clients.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

/// The gateway as one client has it: with what is the client's own.
#[derive(Clone)]
pub struct ClientSession {
    gateway: Gateway,
    session: Arc<Session>,
}

struct Inner {
    registry: Arc<Registry>,
    executor: Arc<Executor>,
    exposure: Exposure,
    telemetry: Telemetry,
    listeners: Listeners,
    drain: Drain,
    parked: Parked,
}

impl Gateway {
    /// A gateway to what `registry` serves. Must be called within a tokio runtime, where a task
    /// tells clients about changes for as long as the gateway lives.
    #[must_use]
    pub fn new(registry: Arc<Registry>, executor: Arc<Executor>, exposure: Exposure, telemetry: Telemetry) -> Self {
        let changes = registry.changes();
        let (listeners, drain) = (Listeners::default(), Drain::default());
        let parked = Parked::default();
        let inner = Arc::new(Inner { registry, executor, exposure, telemetry, listeners, drain, parked });
        if inner.exposure.is_any() {
            tokio::spawn(listeners::announce(Arc::downgrade(&inner), inner.exposed(), changes));
        }
        Self { inner }
    }

    /// The gateway for another client.
    #[must_use]
    pub fn session(&self) -> ClientSession {
        ClientSession { gateway: self.clone(), session: Arc::default() }
    }

    /// Begins no call from now on, and waits until those under way are over, but not for longer than
    /// `longest`. Gives how many were still under way then; they end with their transport.
    pub async fn drain(&self, longest: Duration) -> usize {
        self.inner.drain.run(longest).await
    }

    /// Whether the end was announced, so that no call begins any more.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.inner.drain.is_under_way()
    }

    /// The snapshot that is served now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.registry.snapshot()
    }

    /// Why the folders cannot be loaded, if they cannot.
    #[must_use]
    pub fn fault(&self) -> Option<Arc<String>> {
        self.inner.registry.fault()
    }

    /// Who is told about calls.
    #[must_use]
    pub fn telemetry(&self) -> &Telemetry {
        &self.inner.telemetry
    }
}

/// How long a list may be taken as fresh by clients that do not listen for changes.
const FRESH_MS: u64 = 60_000;

impl std::ops::Deref for ClientSession {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.gateway
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("exposure", &self.inner.exposure).finish_non_exhaustive()
    }
}
