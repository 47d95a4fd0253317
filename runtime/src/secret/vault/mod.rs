//! The vault: secrets and tokens in one encrypted file.
//!
//! The file is read again when another process changed it. A write takes the lock, reads what is
//! there, changes one name and replaces the file whole: it is either the old one or the new one. A
//! vault that the key does not open is never written over.

mod format;
mod key;
mod later;
mod lock;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use tempfile::NamedTempFile;

use super::store::{SecretStore, StoreError};
use super::watched::Watched;
use super::{Source, SourceKind, net};

pub use format::FormatError;
pub use key::{KeyError, KeyKind, VaultKey};
pub use later::LaterVault;

use format::Header;

/// What a vault holds: secrets under `secret/NAME`, and whatever else is kept in it.
type Entries = BTreeMap<String, SecretString>;

/// Where secrets of definitions stand among the names of a vault.
const SECRETS: &str = "secret/";

/// A larger file is no vault.
const LARGEST: u64 = 16 << 20;

/// An encrypted file of named secrets.
pub struct Vault {
    file: Watched<Entries>,
    key: VaultKey,
    /// The key of the header that was seen last: making it from a passphrase takes a while.
    derived: Mutex<Option<(Header, format::Sealer)>>,
}

/// Why a vault cannot be used. Never holds a value.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file or its lock cannot be read or written.
    #[error("the vault `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is damaged, or the key is another one.
    #[error("the vault `{}` {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: FormatError,
    },
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Vault {
    /// Opens a vault. One that does not exist is empty, and is made by the first write.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or has another key.
    pub fn open(path: &Path, key: VaultKey) -> Result<Self, VaultError> {
        let vault = Self { file: Watched::new(path.to_owned()), key, derived: Mutex::default() };
        vault.file.read_now(|path| vault.read(path))?;
        Ok(vault)
    }

    /// The kind of key that opens the vault at a path; `None` if there is no vault.
    ///
    /// # Errors
    /// When there is a file that cannot be read or is no vault.
    pub fn kind(path: &Path) -> Result<Option<KeyKind>, VaultError> {
        let text = match read_bounded(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(VaultError::File { path: path.to_owned(), source }),
        };
        let sealed = format::parse(&text).map_err(|source| VaultError::Format { path: path.to_owned(), source })?;
        Ok(Some(match sealed.header {
            Header::File => KeyKind::File,
            Header::Passphrase { .. } => KeyKind::Passphrase,
        }))
    }

    /// Sets or replaces a secret that definitions name.
    ///
    /// # Errors
    /// As [`SecretStore::set`].
    pub fn set_secret(&self, name: &str, value: &SecretString) -> Result<(), StoreError> {
        self.set(&format!("{SECRETS}{name}"), value)
    }

    /// Removes a secret that definitions name, and says whether it was there.
    ///
    /// # Errors
    /// As [`SecretStore::remove`].
    pub fn remove_secret(&self, name: &str) -> Result<bool, StoreError> {
        self.remove(&format!("{SECRETS}{name}"))
    }

    /// The names of secrets that definitions can use.
    ///
    /// # Errors
    /// As [`SecretStore::names`].
    pub fn secret_names(&self) -> Result<Vec<String>, StoreError> {
        let names = self.names()?;
        Ok(names.into_iter().filter_map(|name| Some(name.strip_prefix(SECRETS)?.to_owned())).collect())
    }

    /// Encrypts everything with another key.
    ///
    /// # Errors
    /// When the file cannot be written; then it is as before.
    pub fn rekey(&self, key: VaultKey) -> Result<Self, VaultError> {
        let _lock = self.locked()?;
        let entries = self.read(self.file.path())?;
        let other = Self { file: Watched::new(self.file.path().to_owned()), key, derived: Mutex::default() };
        other.write(&entries)?;
        other.file.read_now(|path| other.read(path))?;
        Ok(other)
    }

    /// What is there now.
    fn entries(&self) -> Arc<Entries> {
        self.file.look(|path| self.read(path));
        self.file.content(|path| self.read(path)).unwrap_or_default()
    }

    fn read(&self, path: &Path) -> Result<Entries, VaultError> {
        let text = match read_bounded(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entries::new()),
            Err(source) => return Err(VaultError::File { path: path.to_owned(), source }),
        };
        let failed = |source| VaultError::Format { path: path.to_owned(), source };
        let sealed = format::parse(&text).map_err(failed)?;
        let entries = self.sealer(&sealed.header)?.open(&sealed).map_err(failed)?;
        // Whoever may show one of them masks all of them.
        net::learn_all(
            entries.iter().map(|(name, value)| (name.strip_prefix(SECRETS).unwrap_or(name), value.expose_secret())),
        );
        Ok(entries)
    }

    /// Changes the entries and writes them, one process at a time.
    fn change<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> Result<T, VaultError> {
        let _lock = self.locked()?;
        let mut entries = self.read(self.file.path())?;
        let result = change(&mut entries);
        self.write(&entries)?;
        self.file.read_now(|path| self.read(path))?;
        Ok(result)
    }

    fn write(&self, entries: &Entries) -> Result<(), VaultError> {
        let header = self.header();
        let text = self.sealer(&header)?.seal(&header, entries);
        write_private(self.file.path(), &text).map_err(|source| self.file_error(source))
    }

    /// The header of the next write: the one that was read, or a new one.
    fn header(&self) -> Header {
        let derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        derived.as_ref().map_or_else(|| self.key.new_header(), |(header, _)| header.clone())
    }

    fn sealer(&self, header: &Header) -> Result<format::Sealer, VaultError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, sealer)) = derived.as_ref()
            && known == header
        {
            return Ok(sealer.clone());
        }
        let sealer = self.key.sealer(header)?;
        *derived = Some((header.clone(), sealer.clone()));
        Ok(sealer)
    }

    fn locked(&self) -> Result<File, VaultError> {
        let mut name = self.file.path().file_name().unwrap_or_default().to_owned();
        name.push(".lock");
        let path = self.file.path().with_file_name(name);
        lock::hold(&path).map_err(|source| VaultError::File { path: path.clone(), source })
    }

    fn file_error(&self, source: io::Error) -> VaultError {
        VaultError::File { path: self.file.path().to_owned(), source }
    }
}

impl SecretStore for Vault {
    fn get(&self, name: &str) -> Result<Option<SecretString>, StoreError> {
        // Whoever renews a token must not do it with one that another process has replaced.
        self.file.look_now(|path| self.read(path));
        Ok(self.file.content(|path| self.read(path)).unwrap_or_default().get(name).cloned())
    }

    fn set(&self, name: &str, value: &SecretString) -> Result<(), StoreError> {
        let changed = self.change(|entries| entries.insert(name.to_owned(), value.clone()));
        changed.map(|_| ()).map_err(|error| StoreError(error.to_string()))
    }

    fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let changed = self.change(|entries| entries.remove(name).is_some());
        changed.map_err(|error| StoreError(error.to_string()))
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.entries().keys().cloned().collect())
    }
}

/// A vault as a source of the secrets that definitions name.
pub(super) struct AsSource(pub(super) Arc<Vault>);

impl Source for AsSource {
    fn kind(&self) -> SourceKind {
        SourceKind::Vault(self.0.file.path().to_owned())
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        self.0.file.content(|path| self.0.read(path))?.get(&format!("{SECRETS}{name}")).cloned()
    }

    fn is_stale(&self, _: &str) -> bool {
        self.0.file.is_stale()
    }

    fn refresh(&self, _: &str) {
        self.0.file.look(|path| self.0.read(path));
    }
}

/// The text of a vault, which is never larger than [`LARGEST`].
fn read_bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}

/// Writes a file that only its owner reads, whole, and not before it is on the disk.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Temporary files are private from the beginning.
    let mut file = NamedTempFile::with_prefix_in(".vault-", folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync(folder)
}

/// The new name of a file survives a crash when its folder does.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("file", &self.file.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
