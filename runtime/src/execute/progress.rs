//! What a call does while its caller waits, for whoever wants to hear it.

use std::fmt;
use std::time::Duration;

use super::error::Wait;

/// Hears what a call does. It is told and never asked; it must not wait.
pub trait Progress: Send + Sync {
    /// The call came to a step that may take a while.
    fn step(&self, step: &Step<'_>);
}

/// A step of a call. Its `Display` is for people and agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// It waits because its api allows no more calls now.
    Waiting {
        /// The api.
        api: &'a str,
        /// How long that can be expected to take, if it is known.
        expected: Option<Duration>,
    },
    /// It is sent.
    Sending {
        /// Which try this is, from 1.
        attempt: u32,
    },
    /// It failed, and is tried again after a pause.
    Pausing {
        /// The try that failed, from 1.
        attempt: u32,
        /// What happened; nothing that a server said.
        reason: String,
        /// The pause.
        pause: Duration,
    },
}

/// Nobody listens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unheard;

impl Progress for Unheard {
    fn step(&self, _step: &Step<'_>) {}
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting { api, expected: None } => write!(f, "waiting for a turn at `{api}`"),
            Self::Waiting { api, expected } => write!(f, "waiting about {} for a turn at `{api}`", Wait(*expected)),
            Self::Sending { attempt: 1 } => f.write_str("sending"),
            Self::Sending { attempt } => write!(f, "sending, try {attempt}"),
            Self::Pausing { attempt, reason, pause } => {
                write!(f, "try {attempt} failed ({reason}); the next one in {}", Wait(Some(*pause)))
            }
        }
    }
}
