//! Identifiers of requests, which join log lines, audit lines and spans of one call.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names one request: `5f0c21aa-1f` is the thirty-first of a process that drew `5f0c21aa` when it
/// started. A client cannot choose it, so it is safe in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    process: u32,
    number: u64,
}

/// Hands out identifiers.
#[derive(Debug)]
pub(super) struct RequestIds {
    process: u32,
    last: AtomicU64,
}

impl RequestIds {
    pub(super) fn next(&self) -> RequestId {
        RequestId { process: self.process, number: self.last.fetch_add(1, Ordering::Relaxed) + 1 }
    }
}

impl Default for RequestIds {
    fn default() -> Self {
        // Told apart by chance from other processes that write to the same place; not a secret.
        let drawn = RandomState::new().build_hasher().finish();
        Self { process: u32::try_from(drawn >> 32).unwrap_or_default(), last: AtomicU64::new(0) }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{:x}", self.process, self.number)
    }
}
