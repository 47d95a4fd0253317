//! Connections near to those who use them.
//!
//! A connection belongs to the runtime that opened it, and each thread that serves has a runtime of its own.
//! Where an upstream keeps no state, a thread gets a connection of its own when it first needs one: passing
//! messages to another thread and back would cost a call more than all the rest.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::sleep;

use super::connection::Connection;

/// The connections of threads to one upstream.
#[derive(Default)]
pub(super) struct Near {
    known: RwLock<HashMap<Id, Arc<Connection>>>,
    /// Held while one is made, and for a while after that failed.
    connecting: Arc<Mutex<()>>,
}

impl Near {
    /// The connection of this thread, or the shared one if that is as near.
    pub(super) fn of(&self, shared: &Arc<Connection>) -> Option<Arc<Connection>> {
        let here = Handle::current().id();
        if shared.runtime() == here {
            return Some(Arc::clone(shared));
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&here).cloned();
        known.filter(|known| !known.is_closed())
    }

    /// Whose turn it is to make one, if nobody does.
    pub(super) fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.connecting).try_lock_owned().ok()
    }

    /// Takes the connection that this thread made, or notes that it made none: then nobody tries for a while.
    pub(super) async fn take(&self, made: Option<Arc<Connection>>, turn: OwnedMutexGuard<()>) {
        let Some(made) = made else {
            sleep(AGAIN).await;
            return drop(turn);
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, connection| !connection.is_closed());
        if known.len() < MOST {
            known.insert(made.runtime(), made);
        }
    }
}

impl Near {
    /// Forgets all connections; those in use end with their requests.
    pub(super) fn clear(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// After one that could not be made.
const AGAIN: Duration = Duration::from_secs(30);
/// Threads that serve; more are not worth a connection each.
const MOST: usize = 256;
