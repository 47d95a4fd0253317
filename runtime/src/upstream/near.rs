//! Connections near to those who use them.
//!
//! A connection belongs to the runtime that opened it, and each thread that serves has a runtime of its own.
//! Where an upstream keeps no state, a thread gets a connection of its own when it first needs one: passing
//! messages to another thread and back would cost a call more than all the rest.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::runtime::{Handle, Id};
use tokio::sync::Mutex;

use super::connection::Connection;

/// The connections of threads to one upstream.
#[derive(Default)]
pub(super) struct Near {
    known: RwLock<HashMap<Id, Arc<Connection>>>,
    connecting: Mutex<()>,
}

impl Near {
    /// The connection of this thread, made with `connecting` if there is none yet. Where that fails or another
    /// one is being made, the shared one will do.
    pub(super) async fn of(
        &self,
        shared: Arc<Connection>,
        connecting: impl Future<Output = Option<Arc<Connection>>>,
    ) -> Arc<Connection> {
        let here = Handle::current().id();
        if shared.runtime() == here {
            return shared;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&here).cloned();
        if let Some(known) = known.filter(|known| !known.is_closed()) {
            return known;
        }
        let Ok(_alone) = self.connecting.try_lock() else { return shared };
        let Some(made) = Box::pin(connecting).await else { return shared };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, connection| !connection.is_closed());
        if known.len() < MOST {
            known.insert(here, Arc::clone(&made));
        }
        made
    }
}

impl Near {
    /// Forgets all connections; those in use end with their requests.
    pub(super) fn clear(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Threads that serve; more are not worth a connection each.
const MOST: usize = 256;
