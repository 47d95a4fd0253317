//! Where secrets that outlive the process are kept: stored secrets, and tokens that were obtained
//! for them. One trait, so that a vault in a file and a store that several gateways share are the
//! same to whoever uses it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;
use thiserror::Error;

/// Named secrets that can be written. Implementations keep values from everyone who does not hold
/// the key, and neither print nor log them.
pub trait SecretStore: fmt::Debug + Send + Sync {
    /// The value of a name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn get(&self, name: &str) -> Result<Option<SecretString>, StoreError>;

    /// Sets or replaces a value. When it returns, the value survives a crash.
    ///
    /// # Errors
    /// When the store cannot be written; then it is as before.
    fn set(&self, name: &str, value: &SecretString) -> Result<(), StoreError>;

    /// Removes a name, and says whether it was there.
    ///
    /// # Errors
    /// When the store cannot be written; then it is as before.
    fn remove(&self, name: &str) -> Result<bool, StoreError>;

    /// All names, sorted.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn names(&self) -> Result<Vec<String>, StoreError>;
}

/// Why a store cannot be used. Never holds a value.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// A store that is forgotten with the process.
#[derive(Default)]
pub struct MemoryStore {
    values: Mutex<BTreeMap<String, SecretString>>,
}

impl SecretStore for MemoryStore {
    fn get(&self, name: &str) -> Result<Option<SecretString>, StoreError> {
        Ok(self.lock().get(name).cloned())
    }

    fn set(&self, name: &str, value: &SecretString) -> Result<(), StoreError> {
        self.lock().insert(name.to_owned(), value.clone());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.lock().remove(name).is_some())
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.lock().keys().cloned().collect())
    }
}

impl MemoryStore {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, SecretString>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
