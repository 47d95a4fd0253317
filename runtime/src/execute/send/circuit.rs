//! A server that fails again and again is left alone for a while, so that callers hear at once what
//! they would hear after a timeout, and the server gets the time to recover.
//!
//! Failures are broken connections, silence and answers of 500 and above; a server that refuses a
//! request is well. The state belongs to an api and one of its servers, not to a definition, so it
//! outlives reloads.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cap_compiler::capability::CircuitBreaker;
use tokio::time::Instant;

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// The circuit of one server.
#[derive(Default)]
pub(crate) struct Circuit {
    state: Mutex<State>,
}

/// Whether a server is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is.
    Closed(Record),
    /// It is not, until then.
    Open { until: Instant, pause: Duration },
    /// One call is under way that shows whether it is well again; `pause` was the last one.
    HalfOpen { pause: Duration },
}

/// How a server did lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Record {
    /// Failures one after another.
    failures: u32,
    /// The last calls, newest lowest; a failure is a one.
    lately: u64,
    /// How many of them there were, at most 64.
    calls: u32,
}

/// What a call that may be sent learns about its server. Dropped without a verdict, it says nothing.
pub(crate) struct Trial<'a> {
    circuit: &'a Circuit,
    settings: CircuitBreaker,
    probe: bool,
    since: Instant,
}

/// What the news of one call change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The server is left alone for so long.
    Opened(Duration),
    /// It is called as before.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(Record::default())
    }
}

impl Circuit {
    /// Whether a call may be sent now; otherwise how long it has to wait.
    pub(crate) fn admit(&self, settings: CircuitBreaker, now: Instant) -> Result<Trial<'_>, Duration> {
        let mut state = self.state();
        let probe = match (settings, *state) {
            (CircuitBreaker::Off, _) | (CircuitBreaker::On { .. }, State::Closed(_)) => false,
            (CircuitBreaker::On { .. }, State::Open { until, .. }) if now < until => return Err(until - now),
            (CircuitBreaker::On { .. }, State::Open { pause, .. }) => {
                *state = State::HalfOpen { pause };
                true
            }
            // The verdict is near.
            (CircuitBreaker::On { .. }, State::HalfOpen { pause }) => return Err(pause.min(Duration::from_secs(1))),
        };
        Ok(Trial { circuit: self, settings, probe, since: now })
    }

    /// Whether there is nothing to remember.
    pub(crate) fn is_well(&self) -> bool {
        matches!(*self.state(), State::Closed(Record { failures: 0, .. }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trial<'_> {
    /// The server answered as servers do that are well.
    pub(crate) fn succeeded(mut self) -> Change {
        let mut state = self.circuit.state();
        let probe = std::mem::take(&mut self.probe);
        match *state {
            State::Closed(record) => *state = State::Closed(Record { failures: 0, ..record.with(0) }),
            State::HalfOpen { .. } if probe => {
                *state = State::default();
                return Change::Closed;
            }
            // What was sent before the circuit opened decides nothing.
            State::HalfOpen { .. } | State::Open { .. } => {}
        }
        Change::None
    }

    /// The server failed.
    pub(crate) fn failed(mut self, now: Instant) -> Change {
        let CircuitBreaker::On { failures, pause: first } = self.settings else { return Change::None };
        let mut state = self.circuit.state();
        let pause = match (*state, std::mem::take(&mut self.probe)) {
            (State::Closed(record), _) => {
                let record = Record { failures: record.failures.saturating_add(1), ..record.with(1) };
                *state = State::Closed(record);
                record.is_bad(failures).then_some(first)
            }
            (State::HalfOpen { pause }, true) => Some(pause.saturating_mul(2).min(LONGEST).max(first)),
            (State::HalfOpen { .. } | State::Open { .. }, _) => None,
        };
        let Some(pause) = pause else { return Change::None };
        *state = State::Open { until: now + pause, pause };
        Change::Opened(pause)
    }
}

impl Drop for Trial<'_> {
    /// A probe that was given up makes room for the next one.
    fn drop(&mut self) {
        if !self.probe {
            return;
        }
        let mut state = self.circuit.state();
        if let State::HalfOpen { pause } = *state {
            *state = State::Open { until: self.since, pause };
        }
    }
}

impl Record {
    fn with(self, failure: u64) -> Self {
        Self { lately: self.lately << 1 | failure, calls: (self.calls + 1).min(64), ..self }
    }

    /// So many failures one after another, or three quarters of four times as many calls.
    fn is_bad(self, failures: u32) -> bool {
        let window = failures.saturating_mul(4).clamp(4, 64);
        let mask = u64::MAX >> (64 - window);
        let mostly = self.calls >= window && (self.lately & mask).count_ones() * 4 >= window * 3;
        self.failures >= failures || mostly
    }
}

#[cfg(test)]
mod tests;
