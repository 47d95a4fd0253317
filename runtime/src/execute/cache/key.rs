//! What an answer is found by: a digest of everything that was sent for it.

use cap_compiler::capability::Network;
use sha2::{Digest, Sha256};

use crate::execute::wire::WireRequest;

/// A digest, from which nothing that went into it can be read.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// The key of a caller's request.
    pub(super) fn of(principal: &str, api: &str, request: &WireRequest) -> Self {
        let network = match request.network {
            Network::Public => "public",
            Network::Private => "private",
        };
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            // Lengths keep one part from reaching into the next.
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for text in [principal, api, network, &request.method, request.url.as_str()] {
            add(text);
        }
        for (name, value) in &request.headers {
            add(&name.to_ascii_lowercase());
            add(value);
        }
        Self(hasher.finalize().into())
    }
}
