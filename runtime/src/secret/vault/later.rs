//! A vault that may be made while the process runs: until then, what is stored is kept in memory. It does
//! not make one, and knows keys in files only.

use std::fmt;
use std::path::PathBuf;
use std::sync::OnceLock;

use secrecy::SecretString;

use super::{Vault, VaultKey};
use crate::secret::store::{MemoryStore, SecretStore, StoreError};

/// The vault at a path, from when there is one.
pub struct LaterVault {
    path: PathBuf,
    key: PathBuf,
    memory: MemoryStore,
    vault: OnceLock<Vault>,
}

impl LaterVault {
    /// Nothing is opened yet.
    #[must_use]
    pub fn new(path: PathBuf, key: PathBuf) -> Self {
        Self { path, key, memory: MemoryStore::default(), vault: OnceLock::new() }
    }

    /// The vault, or the memory as long as there is none that opens.
    fn store(&self) -> &dyn SecretStore {
        if let Some(vault) = self.vault.get() {
            return vault;
        }
        if !self.path.exists() || !self.key.exists() {
            return &self.memory;
        }
        match self.opened() {
            Ok(vault) => self.vault.get_or_init(|| vault),
            Err(error) => {
                tracing::warn!(error, "the vault that was made meanwhile cannot be opened");
                &self.memory
            }
        }
    }

    fn opened(&self) -> Result<Vault, String> {
        let key = VaultKey::read(&self.key).map_err(|error| error.to_string())?;
        Vault::open(&self.path, key).map_err(|error| error.to_string())
    }
}

impl SecretStore for LaterVault {
    fn get(&self, name: &str) -> Result<Option<SecretString>, StoreError> {
        let found = self.store().get(name)?;
        if found.is_some() { Ok(found) } else { self.memory.get(name) }
    }

    fn set(&self, name: &str, value: &SecretString) -> Result<(), StoreError> {
        self.store().set(name, value)
    }

    fn remove(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.memory.remove(name)? | self.store().remove(name)?)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        self.store().names()
    }
}

impl fmt::Debug for LaterVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaterVault").field("path", &self.path).finish_non_exhaustive()
    }
}
