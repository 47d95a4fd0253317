//! One set of clients for each runtime that makes calls.
//!
//! A connection belongs to the runtime that opened it. Were it used from another one, each of its
//! reads would wake a second thread; so every thread that serves has connections of its own.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::{Handle, Id};

use super::client::{Clients, SetUpError};
use super::resolve::Resolver;

/// Runtimes that are remembered. A process has a few for its whole life.
const MOST: usize = 256;

/// Clients by runtime.
pub(super) struct ClientsByRuntime {
    first: Arc<Clients>,
    known: RwLock<HashMap<Id, Arc<Clients>>>,
}

impl ClientsByRuntime {
    /// Builds the clients of whichever runtime asks first.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn new(connect_timeout: Duration, resolver: Arc<dyn Resolver>) -> Result<Self, SetUpError> {
        let first = Arc::new(Clients::new(connect_timeout, resolver)?);
        Ok(Self { first, known: RwLock::default() })
    }

    /// The clients of the runtime that this call runs on.
    pub(super) fn here(&self) -> Arc<Clients> {
        let id = Handle::current().id();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id).map(Arc::clone);
        known.unwrap_or_else(|| self.added(id))
    }

    fn added(&self, id: Id) -> Arc<Clients> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let clients = match known.len() {
            0 => Arc::clone(&self.first),
            // What worked once works again; if not, connections are shared, which costs time only.
            1..MOST => self.first.again().map_or_else(|_| Arc::clone(&self.first), Arc::new),
            _ => Arc::clone(&self.first),
        };
        Arc::clone(known.entry(id).or_insert(clients))
    }
}
