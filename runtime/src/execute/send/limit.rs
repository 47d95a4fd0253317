//! How many calls an api gets: at one time, and in a time. A call waits for its turn within its
//! deadline, first come, first served, in a queue that has an end.

mod places;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cap_compiler::capability::{Limits, Rate};
use tokio::time::{Instant, sleep_until};

use crate::execute::error::ToolError;
use crate::execute::progress::{Progress, Step};
use crate::telemetry::facts;
use places::Places;

pub(crate) use places::Place;

/// Limits that nobody uses are forgotten when there are more than this.
const KEPT: usize = 1024;

/// Calls that wait for one limit.
const LONGEST_QUEUE: usize = 1_000;

/// The limits of all apis. Capabilities that share an api and its numbers share a limit.
#[derive(Default)]
pub(crate) struct ApiLimits {
    rates: Mutex<BTreeMap<RateKey, Arc<Turns>>>,
    places: Mutex<BTreeMap<(String, u32), Arc<Places>>>,
}

/// The api, and its rate as calls and milliseconds. With the numbers in the key, an edited file begins
/// a limit of its own.
type RateKey = (String, u32, u128);

/// Who waits, and for how long at most.
pub(crate) struct Waiting<'a> {
    pub(crate) api: &'a str,
    pub(crate) limits: &'a Limits,
    pub(crate) deadline: Instant,
    pub(crate) progress: &'a dyn Progress,
}

impl Waiting<'_> {
    fn busy(&self, limit: String, wait: Option<Duration>) -> ToolError {
        ToolError::Busy { api: self.api.to_owned(), limit, wait }
    }

    fn tell(&self, expected: Option<Duration>) {
        self.progress.step(&Step::Waiting { api: self.api, expected });
    }
}

impl ApiLimits {
    /// Waits until a request may be sent by the api's rate.
    ///
    /// # Errors
    /// `Busy` when its turn does not come before the deadline.
    pub(crate) async fn turn(&self, waiting: &Waiting<'_>) -> Result<(), ToolError> {
        let Some(rate) = waiting.limits.rate else { return Ok(()) };
        let key = (waiting.api.to_owned(), rate.calls, rate.per.as_millis());
        let turns = kept(&self.rates, key, || Turns::new(rate));
        let now = Instant::now();
        let said = || format!("{} calls in {} s", rate.calls, rate.per.as_secs_f64());
        let turn = turns.take(now, waiting.deadline).map_err(|wait| waiting.busy(said(), Some(wait)))?;
        if turn <= now {
            return Ok(());
        }
        let Some(_queued) = Queued::behind(&turns.waiting) else {
            return Err(waiting.busy(said(), Some(turn - now)));
        };
        waiting.tell(Some(turn - now));
        facts::waited(turn - now);
        sleep_until(turn).await;
        Ok(())
    }

    /// Waits until there is a place among the calls that run.
    ///
    /// # Errors
    /// `Busy` when there is none before the deadline, or too many wait.
    pub(crate) async fn place(&self, waiting: &Waiting<'_>) -> Result<Option<Place>, ToolError> {
        let Some(calls) = waiting.limits.concurrency else { return Ok(None) };
        let places = kept(&self.places, (waiting.api.to_owned(), calls), || Places::new(calls));
        let before = Instant::now();
        let place = places::take(&places, waiting).await;
        facts::waited(before.elapsed());
        place.map(Some)
    }
}

/// A limit that is known, or a new one.
fn kept<K: Ord, V>(known: &Mutex<BTreeMap<K, Arc<V>>>, key: K, new: impl FnOnce() -> V) -> Arc<V> {
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() > KEPT {
        known.retain(|_, limit| Arc::strong_count(limit) > 1);
    }
    Arc::clone(known.entry(key).or_insert_with(|| Arc::new(new())))
}

/// A place in a queue; left when dropped.
struct Queued<'a> {
    waiting: &'a AtomicUsize,
    /// How many were there before.
    before: usize,
}

impl<'a> Queued<'a> {
    /// `None` when the queue is full.
    fn behind(waiting: &'a AtomicUsize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let queued = Self { waiting, before };
        (before < LONGEST_QUEUE).then_some(queued)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Calls in a time, by the generic cell rate algorithm: all of them may come at once, and then one
/// each interval.
struct Turns {
    interval: Duration,
    tolerance: Duration,
    /// When the bucket will be full again.
    next: Mutex<Option<Instant>>,
    waiting: AtomicUsize,
}

impl Turns {
    fn new(rate: Rate) -> Self {
        let interval = rate.per / rate.calls.max(1);
        let tolerance = rate.per.saturating_sub(interval);
        Self { interval, tolerance, next: Mutex::new(None), waiting: AtomicUsize::new(0) }
    }

    /// The time of this call's turn, or how long it would have to wait if that is too late.
    fn take(&self, now: Instant, deadline: Instant) -> Result<Instant, Duration> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let full = next.map_or(now, |next| next.max(now));
        let turn = full.checked_sub(self.tolerance).map_or(now, |turn| turn.max(now));
        if turn >= deadline {
            return Err(turn.duration_since(now));
        }
        *next = Some(full + self.interval);
        Ok(turn)
    }
}
