//! The key that signs: read from the text of an OpenSSH private key file, and opened with its passphrase.

use ssh_key::private::PrivateKey;
use ssh_key::public::KeyData;
use ssh_key::{Algorithm, HashAlg, LineEnding, PublicKey, SshSig};

use super::{Block, NAMESPACE};

/// A private key. `Debug` shows its fingerprint and nothing else.
#[derive(Clone)]
pub struct SigningKey(pub(super) PrivateKey);

/// Why a key cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It is no private key.
    #[error("it is no OpenSSH private key")]
    NotAKey,
    /// It is the other half.
    #[error("it is a public key; the private one has the same name without `.pub`")]
    Public,
    /// Another kind of key.
    #[error("it is no ed25519 key; make one with `ssh-keygen -t ed25519`")]
    NotEd25519,
    /// Its private half is in a security key.
    #[error("it is held by a security key; sign with `ssh-keygen -Y sign -n cap.lock -f KEY cap.lock`")]
    InHardware,
    /// It is encrypted with another passphrase.
    #[error("the passphrase does not open it")]
    Passphrase,
    /// It is encrypted, and was not opened.
    #[error("it is encrypted, and no passphrase was given")]
    Locked,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.fingerprint())
    }
}

impl SigningKey {
    /// Reads the text of a private key file.
    ///
    /// # Errors
    /// When it is no ed25519 key.
    pub fn parse(text: &[u8]) -> Result<Self, KeyFault> {
        let Ok(key) = PrivateKey::from_openssh(text) else {
            let text = std::str::from_utf8(text).unwrap_or_default();
            return Err(match PublicKey::from_openssh(text) {
                Ok(_) => KeyFault::Public,
                // What this program cannot read may well be a key of another kind.
                Err(_) if text.starts_with(BEGIN) => KeyFault::NotEd25519,
                Err(_) => KeyFault::NotAKey,
            });
        };
        if key.algorithm() == Algorithm::Ed25519 {
            return Ok(Self(key));
        }
        let in_hardware = matches!(key.algorithm(), Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256);
        Err(if in_hardware { KeyFault::InHardware } else { KeyFault::NotEd25519 })
    }

    /// Whether it wants a passphrase.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.is_encrypted()
    }

    /// The key, opened.
    ///
    /// # Errors
    /// When the passphrase is another one.
    pub fn decrypted(&self, passphrase: &[u8]) -> Result<Self, KeyFault> {
        self.0.decrypt(passphrase).map(Self).map_err(|_| KeyFault::Passphrase)
    }

    /// The digest of its public half, as `ssh-keygen -l` shows it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(self.0.public_key().key_data())
    }

    /// Whether a signature was made with it.
    #[must_use]
    pub fn made(&self, block: &Block) -> bool {
        block.signature.public_key() == self.0.public_key().key_data()
    }

    /// Signs the bytes of a lock file: the text of one block.
    ///
    /// # Errors
    /// When the key is encrypted.
    pub fn sign(&self, lock: &[u8]) -> Result<String, KeyFault> {
        let signature = self.0.sign(NAMESPACE, HashAlg::Sha512, lock).map_err(|_| KeyFault::Locked)?;
        armoured(&signature).ok_or(KeyFault::NotAKey)
    }
}

const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";

fn armoured(signature: &SshSig) -> Option<String> {
    let text = signature.to_pem(LineEnding::LF).ok()?;
    Some(format!("{}\n", text.trim_end()))
}

pub(super) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
