//! Questions of an upstream that are not answered yet: so many and no more, or one that asks and does not
//! listen would fill the memory with answers that never leave.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::model::RequestId;

/// The questions that came over one connection.
#[derive(Debug, Default)]
pub(super) struct Questions {
    open: Mutex<HashSet<RequestId>>,
    /// Answers that are on their way out.
    leaving: AtomicUsize,
}

/// An answer on its way out, until it is dropped.
pub(super) struct Leaving(Arc<Questions>);

impl Questions {
    /// Whether there is a place for this one; one that is asked twice has none.
    pub(super) fn admit(&self, id: &RequestId) -> bool {
        let mut open = self.open();
        open.len() + self.leaving.load(Ordering::Relaxed) < MOST && open.insert(id.clone())
    }

    /// It is not asked any more.
    pub(super) fn withdraw(&self, id: &RequestId) {
        self.open().remove(id);
    }

    /// It is answered, as soon as the answer has left.
    pub(super) fn answer(self: &Arc<Self>, id: &RequestId) -> Leaving {
        self.leaving.fetch_add(1, Ordering::Relaxed);
        self.withdraw(id);
        Leaving(Arc::clone(self))
    }

    fn open(&self) -> MutexGuard<'_, HashSet<RequestId>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leaving.fetch_sub(1, Ordering::Relaxed);
    }
}

/// At one time, on one connection.
const MOST: usize = 256;
