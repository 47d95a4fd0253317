//! States of a circuit, by a clock that tests move.

use std::time::Duration;

use cap_compiler::capability::CircuitBreaker;
use tokio::time::Instant;

use super::{Change, Circuit, Trial};

const PAUSE: Duration = Duration::from_secs(30);
const FEW: CircuitBreaker = CircuitBreaker::On { failures: 3, pause: PAUSE };

/// A circuit and the time.
struct Clock {
    circuit: Circuit,
    now: Instant,
}

impl Clock {
    fn new() -> Self {
        Self { circuit: Circuit::default(), now: Instant::now() }
    }

    fn trial(&self) -> Trial<'_> {
        self.circuit.admit(FEW, self.now).ok().unwrap()
    }

    fn fail(&self, times: usize) {
        for _ in 0..times {
            self.trial().failed(self.now);
        }
    }

    fn wait(&self) -> Option<Duration> {
        self.circuit.admit(FEW, self.now).err()
    }
}

#[test]
fn it_opens_after_failures_one_after_another() {
    let clock = Clock::new();
    clock.fail(2);
    clock.trial().succeeded();
    clock.fail(2);
    assert_eq!(clock.wait(), None);
    assert_eq!(clock.trial().failed(clock.now), Change::Opened(PAUSE));
    assert_eq!(clock.wait(), Some(PAUSE));
}

#[test]
fn it_opens_when_three_of_four_calls_fail() {
    // Never three failures one after another in the counting of five.
    let five = CircuitBreaker::On { failures: 5, pause: PAUSE };
    let clock = Clock::new();
    let mut rounds = 0;
    while let Ok(trial) = clock.circuit.admit(five, clock.now) {
        trial.succeeded();
        for _ in 0..3 {
            if let Ok(trial) = clock.circuit.admit(five, clock.now) {
                trial.failed(clock.now);
            }
        }
        rounds += 1;
        assert!(rounds < 20, "three of four calls failed and nothing happened");
    }
    assert!(rounds >= 5, "{rounds}");
}

#[test]
fn half_of_all_calls_may_fail() {
    let clock = Clock::new();
    for _ in 0..100 {
        clock.fail(1);
        clock.trial().succeeded();
    }
    assert_eq!(clock.wait(), None);
}

#[test]
fn one_probe_decides() {
    let mut clock = Clock::new();
    clock.fail(3);
    clock.now += PAUSE;
    let probe = clock.trial();
    assert!(clock.wait().is_some(), "a second call while the probe is under way");
    probe.failed(clock.now);
    assert_eq!(clock.wait(), Some(PAUSE * 2), "the pause grows");
    clock.now += PAUSE * 2;
    assert_eq!(clock.trial().succeeded(), Change::Closed);
    assert!(clock.circuit.is_well());
    clock.fail(3);
    assert_eq!(clock.wait(), Some(PAUSE), "and begins anew");
}

#[test]
fn the_pause_has_an_end() {
    let mut clock = Clock::new();
    clock.fail(3);
    for _ in 0..20 {
        clock.now += super::LONGEST;
        clock.fail(1);
    }
    assert_eq!(clock.wait(), Some(super::LONGEST));
}

#[test]
fn a_probe_that_is_given_up_makes_room() {
    let mut clock = Clock::new();
    clock.fail(3);
    clock.now += PAUSE;
    drop(clock.trial());
    clock.trial().succeeded();
    assert!(clock.circuit.is_well());
}

#[test]
fn late_news_from_before_decide_nothing() {
    let clock = Clock::new();
    let early = clock.trial();
    clock.fail(3);
    early.succeeded();
    assert_eq!(clock.wait(), Some(PAUSE));
}

#[test]
fn off_is_off() {
    let clock = Clock::new();
    for _ in 0..100 {
        clock.circuit.admit(CircuitBreaker::Off, clock.now).ok().unwrap().failed(clock.now);
    }
    assert!(clock.circuit.admit(CircuitBreaker::Off, clock.now).is_ok());
    assert_eq!(clock.wait(), None);
}
