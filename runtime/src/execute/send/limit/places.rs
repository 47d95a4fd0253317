//! Places for calls at one time: taken in the order in which they were asked for, with a guess at how
//! long the next one takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::{Instant, timeout_at};

use super::{Queued, Waiting};
use crate::execute::error::ToolError;

/// The places of one api.
pub(super) struct Places {
    calls: u32,
    /// First come, first served.
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Microseconds that a call holds its place, newer calls counting more; 0 before the first.
    usual: AtomicU64,
}

/// A call's place among those that run; given back when dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    since: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(calls: u32) -> Self {
        let permits = usize::try_from(calls).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { calls, free: Arc::new(Semaphore::new(permits)), waiting: AtomicUsize::new(0), usual: AtomicU64::new(0) }
    }

    /// How long whoever has so many others before it can expect to wait, once a call has shown it.
    fn expected(&self, before: usize) -> Option<Duration> {
        let usual = self.usual.load(Ordering::Relaxed);
        let rounds = u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1);
        (usual > 0).then(|| Duration::from_micros(usual.saturating_mul(rounds) / u64::from(self.calls.max(1))))
    }

    fn busy(&self, waiting: &Waiting<'_>, before: usize) -> ToolError {
        waiting.busy(format!("{} calls at one time", self.calls), self.expected(before))
    }
}

/// A place, as soon as there is one.
pub(super) async fn take(places: &Arc<Places>, waiting: &Waiting<'_>) -> Result<Place, ToolError> {
    let permit = match Arc::clone(&places.free).try_acquire_owned() {
        Ok(permit) => permit,
        Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => queue(places, waiting).await?,
    };
    Ok(Place { places: Arc::clone(places), since: Instant::now(), _permit: permit })
}

async fn queue(places: &Arc<Places>, waiting: &Waiting<'_>) -> Result<OwnedSemaphorePermit, ToolError> {
    let before = places.waiting.load(Ordering::Relaxed);
    let Some(queued) = Queued::behind(&places.waiting) else { return Err(places.busy(waiting, before)) };
    waiting.tell(places.expected(queued.before));
    match timeout_at(waiting.deadline, Arc::clone(&places.free).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(places.busy(waiting, places.waiting.load(Ordering::Relaxed).saturating_sub(1))),
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let held = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        // Two that end at once may lose one of their times, which an average can bear.
        let usual = self.places.usual.load(Ordering::Relaxed);
        let next = if usual == 0 { held } else { usual - usual / 4 + held / 4 };
        self.places.usual.store(next.max(1), Ordering::Relaxed);
    }
}
