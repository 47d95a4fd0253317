//! What is served: one immutable [`Snapshot`] at a time, and the handle that swaps it.
//!
//! A request takes one snapshot and keeps it to its end. What it may see of it is asked of a
//! [`View`], never of the snapshot itself. Nothing here reads files, and nothing speaks MCP.

mod contents;
mod definition;
mod hint;
mod search;
mod searched;
mod server;
mod signature;
mod snapshot;
mod view;

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::watch;

pub use crate::index::IndexError;
pub use contents::{Contents, FileDigests, RegisteredTool, reasons};
pub use definition::{Hints, PinStatus, ToolDefinition};
pub use search::{Match, SearchReply, SearchRequest};
pub use server::{ServerKind, ServerStatus, ServerSummary};
pub use signature::signature;
pub use snapshot::Snapshot;
pub use view::{Caller, Lookup, View};

/// The snapshot that is served now.
#[derive(Debug)]
pub struct Registry {
    current: ArcSwap<Snapshot>,
    fault: ArcSwapOption<String>,
    changed: watch::Sender<u64>,
}

impl Registry {
    /// Serves `snapshot` until the first swap.
    #[must_use]
    pub fn new(snapshot: Snapshot) -> Self {
        let changed = watch::Sender::new(snapshot.generation());
        Self { current: ArcSwap::from_pointee(snapshot), fault: ArcSwapOption::empty(), changed }
    }

    /// The snapshot that is served now; it stays as it is however long it is kept.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Serves `snapshot` from now on.
    pub fn swap(&self, snapshot: Snapshot) {
        let generation = snapshot.generation();
        let next = Arc::new(snapshot);
        let previous = self.current.swap(Arc::clone(&next));
        if !previous.offers_the_same(&next) {
            self.changed.send_replace(generation);
        }
    }

    /// Why there is no newer snapshot than the one that is served, if something is in the way.
    #[must_use]
    pub fn fault(&self) -> Option<Arc<String>> {
        self.fault.load_full()
    }

    /// Notes what is in the way of a newer snapshot, or that nothing is any more.
    pub fn set_fault(&self, fault: Option<String>) {
        self.fault.store(fault.map(Arc::new));
    }

    /// Wakes when what clients can see of the tools changed, with the generation of the change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

#[cfg(test)]
mod tests;
