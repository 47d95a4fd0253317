//! How an upstream is, in words for agents, operators and metrics.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// How an upstream is.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Connected to when one of its tools is called.
    Idle,
    /// A connection is being made, for the first time or again.
    Connecting,
    /// Its tools can be called.
    Connected,
    /// A person has to log in.
    NeedsLogin {
        /// What it said.
        reason: String,
    },
    /// It cannot be reached, or does not behave.
    Unavailable {
        /// Why.
        reason: String,
        /// When it is tried again.
        again: Instant,
    },
    /// Its file says so.
    Paused,
    /// Its files are not what was pinned.
    Quarantined,
}

/// The word for a [`State`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StateName {
    /// See [`State::Idle`].
    Idle,
    /// See [`State::Connecting`].
    Connecting,
    /// See [`State::Connected`].
    Connected,
    /// See [`State::NeedsLogin`].
    NeedsLogin,
    /// See [`State::Unavailable`].
    Unavailable,
    /// See [`State::Paused`].
    Paused,
    /// See [`State::Quarantined`].
    Quarantined,
}

impl StateName {
    /// All of them, for who counts.
    pub const ALL: [Self; 7] = [
        Self::Idle,
        Self::Connecting,
        Self::Connected,
        Self::NeedsLogin,
        Self::Unavailable,
        Self::Paused,
        Self::Quarantined,
    ];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::NeedsLogin => "needs-login",
            Self::Unavailable => "unavailable",
            Self::Paused => "paused",
            Self::Quarantined => "quarantined",
        }
    }
}

impl State {
    /// Its word.
    #[must_use]
    pub fn name(&self) -> StateName {
        match self {
            Self::Idle => StateName::Idle,
            Self::Connecting => StateName::Connecting,
            Self::Connected => StateName::Connected,
            Self::NeedsLogin { .. } => StateName::NeedsLogin,
            Self::Unavailable { .. } => StateName::Unavailable,
            Self::Paused => StateName::Paused,
            Self::Quarantined => StateName::Quarantined,
        }
    }

    /// Why it is so, where there is something to say.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::NeedsLogin { reason } | Self::Unavailable { reason, .. } => Some(reason),
            Self::Idle | Self::Connecting | Self::Connected | Self::Paused | Self::Quarantined => None,
        }
    }

    /// How long until it is tried again.
    #[must_use]
    pub fn again(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { again, .. } => Some(again.saturating_duration_since(Instant::now())),
            Self::Idle
            | Self::Connecting
            | Self::Connected
            | Self::NeedsLogin { .. }
            | Self::Paused
            | Self::Quarantined => None,
        }
    }

    /// Whether its tools can be called, perhaps after a moment.
    #[must_use]
    pub fn is_well(&self) -> bool {
        matches!(self, Self::Idle | Self::Connecting | Self::Connected)
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
