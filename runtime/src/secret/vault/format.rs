//! The file of a vault: a line that says what it is, a line of JSON that says how the key is made,
//! and the encrypted entries.
//!
//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with a new random nonce each time; the two lines
//! are authenticated with the entries. Names are encrypted as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// The first line.
const MAGIC: &str = "cap vault 1";
const NONCE: usize = 24;

/// How the key is made; not secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "key", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Header {
    /// From a passphrase by Argon2id (RFC 9106).
    Passphrase {
        /// In base64.
        salt: String,
        /// In KiB.
        memory: u32,
        /// Passes over the memory.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The 32 bytes of a key file.
    File,
}

/// A vault that was read and not opened yet.
pub(super) struct Sealed {
    pub(super) header: Header,
    authenticated: String,
    nonce: [u8; NONCE],
    bytes: Vec<u8>,
}

/// Why a vault's file is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Another kind of file, or cut off.
    #[error("is no vault, or is cut off; nothing was changed")]
    Unreadable,
    /// Written by a program that is newer than this one.
    #[error("has a form that this version does not know; a newer one wrote it")]
    Newer,
    /// The key does not fit, or a byte was changed.
    #[error("cannot be opened: the passphrase or key is another one, or the file is damaged; nothing was changed")]
    Closed,
}

/// Encrypts and decrypts with one key.
#[derive(Clone)]
pub(super) struct Sealer(Arc<XChaCha20Poly1305>);

/// Reads the outer form of a vault.
///
/// # Errors
/// When it has none.
pub(super) fn parse(text: &str) -> Result<Sealed, FormatError> {
    let mut lines = text.lines();
    let magic = lines.next().unwrap_or_default();
    if magic != MAGIC {
        let newer = magic.starts_with("cap vault ");
        return Err(if newer { FormatError::Newer } else { FormatError::Unreadable });
    }
    let header_line = lines.next().unwrap_or_default();
    let header = serde_json::from_str(header_line).map_err(|_| FormatError::Unreadable)?;
    let body = BASE64_STANDARD.decode(lines.next().unwrap_or_default()).map_err(|_| FormatError::Unreadable)?;
    let (nonce, bytes) = body.split_first_chunk().ok_or(FormatError::Unreadable)?;
    Ok(Sealed { header, authenticated: authenticated(header_line), nonce: *nonce, bytes: bytes.to_vec() })
}

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Arc::new(XChaCha20Poly1305::new(key.into())))
    }

    /// The entries of a vault.
    ///
    /// # Errors
    /// When the key does not fit or a byte was changed.
    pub(super) fn open(&self, sealed: &Sealed) -> Result<BTreeMap<String, SecretString>, FormatError> {
        let payload = Payload { msg: &sealed.bytes, aad: sealed.authenticated.as_bytes() };
        let text = Zeroizing::new(self.0.decrypt(&sealed.nonce.into(), payload).map_err(|_| FormatError::Closed)?);
        let entries: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(|_| FormatError::Unreadable)?;
        Ok(entries.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect())
    }

    /// The text of a vault's file.
    pub(super) fn seal(&self, header: &Header, entries: &BTreeMap<String, SecretString>) -> String {
        let plain: BTreeMap<&str, &str> =
            entries.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let text = Zeroizing::new(serde_json::to_vec(&plain).unwrap_or_default());
        let header_line = serde_json::to_string(header).unwrap_or_default();
        let nonce: [u8; NONCE] = super::key::random();
        let authenticated = authenticated(&header_line);
        let payload = Payload { msg: &text, aad: authenticated.as_bytes() };
        // Encryption fails only for texts of hundreds of gigabytes.
        let sealed = self.0.encrypt(&nonce.into(), payload).unwrap_or_default();
        let body = BASE64_STANDARD.encode([nonce.as_slice(), sealed.as_slice()].concat());
        format!("{MAGIC}\n{header_line}\n{body}\n")
    }
}

fn authenticated(header_line: &str) -> String {
    format!("{MAGIC}\n{header_line}\n")
}
