//! The key of a vault: made from a passphrase, or read from a key file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::format::{Header, Sealer};

/// RFC 9106's second recommended setting: 64 MiB, three passes, four lanes.
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// A damaged header must not ask for all memory there is.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 64;
const SALT: usize = 16;

/// What opens a vault.
#[derive(Clone)]
pub enum VaultKey {
    /// A passphrase.
    Passphrase(SecretString),
    /// The 32 bytes of a key file.
    File(Box<Zeroizing<[u8; 32]>>),
}

/// The kinds of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A passphrase.
    Passphrase,
    /// A key file.
    File,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or made.
    #[error("the key file `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key file has something else in it.
    #[error("the key file `{}` does not have 32 bytes in base64", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
    /// Others can read the key file.
    #[error("the key file `{}` can be read by others; `chmod 600` it, and change the key if others may have read it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// The vault was made with the other kind of key.
    #[error("the vault is locked with a {wanted}, and a {given} was given")]
    Kind {
        /// What it is locked with.
        wanted: &'static str,
        /// What was given.
        given: &'static str,
    },
    /// The vault says how its key is made, and that cannot be done.
    #[error("the vault's header asks for a key that cannot be made; the file is damaged")]
    Parameters,
}

impl VaultKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// When it cannot be read, others can read it, or it has no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        if is_open(path).map_err(failed)? {
            return Err(KeyError::Open { path: path.to_owned() });
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let content = || KeyError::Content { path: path.to_owned() };
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.trim()).map_err(|_| content())?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| content())?;
        Ok(Self::File(Box::new(Zeroizing::new(key))))
    }

    /// Makes a key file with a new key. One that is there is not replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let key = Zeroizing::new(random::<32>());
        let text = Zeroizing::new(format!("{}\n", BASE64_STANDARD.encode(key.as_slice())));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let write = || {
            std::fs::create_dir_all(folder)?;
            let mut file = NamedTempFile::with_prefix_in(".key-", folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path).map_err(|error| error.error)
        };
        write().map_err(failed)?;
        Ok(Self::File(Box::new(key)))
    }

    /// How a new vault's key is made.
    pub(super) fn new_header(&self) -> Header {
        match self {
            Self::File(_) => Header::File,
            Self::Passphrase(_) => Header::Passphrase {
                salt: BASE64_STANDARD.encode(random::<SALT>()),
                memory: MEMORY,
                passes: PASSES,
                lanes: LANES,
            },
        }
    }

    /// What encrypts and decrypts the vault with this header.
    ///
    /// # Errors
    /// When the header asks for another kind of key, or for one that cannot be made.
    pub(super) fn sealer(&self, header: &Header) -> Result<Sealer, KeyError> {
        match (self, header) {
            (Self::File(key), Header::File) => Ok(Sealer::new(key)),
            (Self::Passphrase(passphrase), Header::Passphrase { salt, memory, passes, lanes }) => {
                if *memory > MOST_MEMORY || *passes > MOST_PASSES {
                    return Err(KeyError::Parameters);
                }
                let salt = BASE64_STANDARD.decode(salt).map_err(|_| KeyError::Parameters)?;
                let params = Params::new(*memory, *passes, *lanes, Some(32)).map_err(|_| KeyError::Parameters)?;
                let mut key = Zeroizing::new([0; 32]);
                Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                    .hash_password_into(passphrase.expose_secret().as_bytes(), &salt, key.as_mut_slice())
                    .map_err(|_| KeyError::Parameters)?;
                Ok(Sealer::new(&key))
            }
            (Self::File(_), Header::Passphrase { .. }) => {
                Err(KeyError::Kind { wanted: "passphrase", given: "key file" })
            }
            (Self::Passphrase(_), Header::File) => Err(KeyError::Kind { wanted: "key file", given: "passphrase" }),
        }
    }
}

/// Bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap_or_else(|error| panic!("internal error: no random bytes: {error}"));
    bytes
}

/// Whether others than the owner can read a file.
#[cfg(unix)]
fn is_open(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(path)?.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open(_: &Path) -> io::Result<bool> {
    Ok(false)
}

impl std::fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Passphrase(_) => "VaultKey::Passphrase",
            Self::File(_) => "VaultKey::File",
        })
    }
}
