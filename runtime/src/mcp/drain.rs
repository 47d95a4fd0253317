//! The end of a gateway: calls under way are finished, new ones are not begun.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Calls at one time; far more than a process can hold.
const MOST: u32 = 1 << 20;

/// For answers to leave after their calls are over.
const GRACE: Duration = Duration::from_millis(250);

/// Counts calls, and lets none begin after the end was announced.
pub(super) struct Drain {
    calls: Semaphore,
    /// Cancelled when calls had their time.
    over: CancellationToken,
}

impl Default for Drain {
    fn default() -> Self {
        Self { calls: Semaphore::const_new(MOST as usize), over: CancellationToken::new() }
    }
}

impl Drain {
    /// A call begins, which is over when the permit is dropped; `None` when the gateway is stopping.
    pub(super) fn begin(&self) -> Option<SemaphorePermit<'_>> {
        self.calls.try_acquire().ok()
    }

    /// Comes when calls under way had their time and are cut off.
    pub(super) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Whether no call begins any more.
    pub(super) fn is_under_way(&self) -> bool {
        self.calls.is_closed() || self.calls.available_permits() == 0
    }

    /// Lets no call begin from now on, and waits for those under way, but not for longer than `longest`.
    /// Gives how many were still under way then.
    pub(super) async fn run(&self, longest: Duration) -> usize {
        let busy = self.calls.available_permits() < MOST as usize;
        // All permits that are there are taken at once, so no call begins any more.
        if let Ok(Ok(all)) = timeout(longest, self.calls.acquire_many(MOST)).await {
            all.forget();
            if busy {
                // The last answers are on their way to their clients.
                sleep(GRACE).await;
            }
            return 0;
        }
        self.calls.close();
        self.over.cancel();
        (MOST as usize).saturating_sub(self.calls.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Drain;

    #[tokio::test]
    async fn what_runs_is_finished_and_nothing_begins() {
        let drain = Drain::default();
        let running = drain.begin().unwrap();
        let (left, ()) = tokio::join!(drain.run(Duration::from_secs(10)), async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(drain.begin().is_none());
            drop(running);
        });
        assert_eq!(left, 0);
        assert!(drain.begin().is_none());
    }

    #[tokio::test]
    async fn it_does_not_wait_for_ever() {
        let drain = Drain::default();
        let _running = drain.begin().unwrap();
        assert_eq!(drain.run(Duration::from_millis(20)).await, 1);
        assert!(drain.begin().is_none());
    }
}
