//! Values that nobody can guess: `state`, and PKCE's verifier and challenge (RFC 7636).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

/// 256 bits of chance as text for a URL, or `None` when the system has none to give.
pub(super) fn unguessable() -> Option<SecretString> {
    let mut bytes = [0_u8; 32];
    rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// PKCE's `S256`: what is shown of a verifier before the verifier itself is.
pub(super) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
