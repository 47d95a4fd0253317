//! A token and how long it is good for, in memory and as it is kept in the store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::secret::net;

/// A token is renewed this long before it expires, or a fifth of its life if that is less.
const MARGIN: Duration = Duration::from_secs(60);

/// A token that was issued. Has no `Debug`.
#[derive(Clone)]
pub(in crate::execute) struct Token {
    pub(in crate::execute) access: SecretString,
    pub(super) refresh: Option<SecretString>,
    /// Milliseconds since 1970.
    pub(super) obtained_at: u64,
    /// The same; unknown where the server does not say.
    pub(super) expires_at: Option<u64>,
    pub(super) scopes: Vec<String>,
    /// The digest of the refresh token that a person gave, from which this one descends.
    pub(super) seed: Option<String>,
}

/// What is known of the token of an api. Holds no value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenStatus {
    /// Seconds since 1970; unknown where the server does not say.
    pub expires_at: Option<u64>,
    /// Whether it can be used now.
    pub usable: bool,
    /// Whether it renews itself.
    pub refreshable: bool,
    /// What it is for, as the server says.
    pub scopes: Vec<String>,
}

/// A token as it is kept. Other programs read it, so names are not changed.
#[derive(Serialize, Deserialize)]
struct Stored {
    access_token: String,
    obtained_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seed: Option<String>,
}

impl Token {
    /// Lets the last net know it, so that no log and no other call shows it.
    pub(super) fn known(self) -> Self {
        net::learn("oauth2_token", self.access.expose_secret());
        if let Some(refresh) = &self.refresh {
            net::learn("oauth2_refresh_token", refresh.expose_secret());
        }
        self
    }

    /// Whether it will be good for a while.
    pub(super) fn is_fresh(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|expires| {
            let life = expires.saturating_sub(self.obtained_at);
            let margin = u64::try_from(MARGIN.as_millis()).unwrap_or(u64::MAX).min(life / 5);
            now.saturating_add(margin) < expires
        })
    }

    /// Whether it is good at this moment.
    pub(super) fn is_usable(&self, now: u64) -> bool {
        self.expires_at.is_none_or(|expires| now < expires)
    }

    pub(in crate::execute) fn is(&self, other: &Self) -> bool {
        self.access.expose_secret() == other.access.expose_secret()
    }

    pub(super) fn to_stored(&self) -> SecretString {
        let stored = Stored {
            access_token: self.access.expose_secret().to_owned(),
            obtained_at: self.obtained_at,
            expires_at: self.expires_at,
            refresh_token: self.refresh.as_ref().map(|token| token.expose_secret().to_owned()),
            scopes: self.scopes.clone(),
            seed: self.seed.clone(),
        };
        SecretString::from(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// `None` for what is not a stored token: it is obtained again.
    pub(super) fn from_stored(text: &SecretString) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text.expose_secret()).ok()?;
        let token = Self {
            access: SecretString::from(stored.access_token),
            refresh: stored.refresh_token.map(SecretString::from),
            obtained_at: stored.obtained_at,
            expires_at: stored.expires_at,
            scopes: stored.scopes,
            seed: stored.seed,
        };
        Some(token.known())
    }

    pub(super) fn status(&self) -> TokenStatus {
        TokenStatus {
            expires_at: self.expires_at.map(|at| at / 1000),
            usable: self.is_usable(now_ms()),
            refreshable: self.refresh.is_some(),
            scopes: self.scopes.clone(),
        }
    }
}

/// Milliseconds since 1970.
pub(in crate::execute) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
