//! How many calls an api gets: at one time, and in a time. A call waits for its turn within its
//! deadline.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap_compiler::capability::{Limits, Rate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::execute::error::ToolError;

/// Limits that nobody uses are forgotten when there are more than this.
const KEPT: usize = 1024;

/// The limits of all apis. Capabilities that share an api and its numbers share a limit.
#[derive(Default)]
pub(crate) struct ApiLimits {
    known: Mutex<BTreeMap<Key, Arc<ApiLimit>>>,
}

/// The api, its rate as calls and milliseconds, and its concurrency. With the numbers in the key, an
/// edited file begins a limit of its own.
type Key = (String, Option<(u32, u128)>, Option<u32>);

struct ApiLimit {
    rate: Option<Arc<Turns>>,
    concurrency: Option<Arc<Semaphore>>,
}

/// A call's place among those that run; given back when dropped.
pub(crate) struct Admission {
    _permit: Option<OwnedSemaphorePermit>,
}

impl ApiLimits {
    /// Waits until a call may be sent.
    ///
    /// # Errors
    /// `Busy` when its turn does not come before the deadline.
    pub(crate) async fn admit(&self, api: &str, limits: &Limits, deadline: Instant) -> Result<Admission, ToolError> {
        if limits.rate.is_none() && limits.concurrency.is_none() {
            return Ok(Admission { _permit: None });
        }
        // Asked for one by one: tools that share one of the numbers share that limit.
        let rate = Limits { rate: limits.rate, ..Limits::default() };
        let concurrency = Limits { concurrency: limits.concurrency, ..Limits::default() };
        let limit = ApiLimit {
            rate: self.of(api, &rate).rate.clone(),
            concurrency: self.of(api, &concurrency).concurrency.clone(),
        };
        if let (Some(turns), Some(rate)) = (&limit.rate, limits.rate) {
            let turn = turns.take(Instant::now(), deadline).map_err(|wait| ToolError::Busy {
                api: api.to_owned(),
                limit: format!("{} calls in {} s", rate.calls, rate.per.as_secs_f64()),
                wait: Some(wait),
            })?;
            sleep_until(turn).await;
        }
        let Some(semaphore) = &limit.concurrency else { return Ok(Admission { _permit: None }) };
        match timeout_at(deadline, Arc::clone(semaphore).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Admission { _permit: Some(permit) }),
            Ok(Err(_)) | Err(_) => Err(ToolError::Busy {
                api: api.to_owned(),
                limit: format!("{} calls at one time", limits.concurrency.unwrap_or_default()),
                wait: None,
            }),
        }
    }

    fn of(&self, api: &str, limits: &Limits) -> Arc<ApiLimit> {
        let rate = limits.rate.map(|rate| (rate.calls, rate.per.as_millis()));
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if known.len() > KEPT {
            known.retain(|_, limit| Arc::strong_count(limit) > 1);
        }
        let limit = known.entry((api.to_owned(), rate, limits.concurrency));
        Arc::clone(limit.or_insert_with(|| Arc::new(ApiLimit::new(limits))))
    }
}

impl ApiLimit {
    fn new(limits: &Limits) -> Self {
        let permits = |calls: u32| Arc::new(Semaphore::new(usize::try_from(calls).unwrap_or(Semaphore::MAX_PERMITS)));
        Self { rate: limits.rate.map(|rate| Arc::new(Turns::new(rate))), concurrency: limits.concurrency.map(permits) }
    }
}

/// Calls in a time, by the generic cell rate algorithm: all of them may come at once, and then one
/// each interval.
struct Turns {
    interval: Duration,
    tolerance: Duration,
    /// When the bucket will be full again.
    next: Mutex<Option<Instant>>,
}

impl Turns {
    fn new(rate: Rate) -> Self {
        let interval = rate.per / rate.calls.max(1);
        Self { interval, tolerance: rate.per.saturating_sub(interval), next: Mutex::new(None) }
    }

    /// The time of this call's turn, or how long it would have to wait if that is too late.
    fn take(&self, now: Instant, deadline: Instant) -> Result<Instant, Duration> {
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let full = next.map_or(now, |next| next.max(now));
        let turn = full.checked_sub(self.tolerance).map_or(now, |turn| turn.max(now));
        if turn >= deadline {
            return Err(turn.duration_since(now));
        }
        *next = Some(full + self.interval);
        Ok(turn)
    }
}
