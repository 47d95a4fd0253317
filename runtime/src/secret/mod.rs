//! Secrets: looked up by name when a request is sent, kept in a type that does not print itself.
//!
//! The environment comes first, then the secrets file: lines of `NAME=value`, `#` comments, nothing
//! else. The file is read again when it changes. Encrypted stores and tokens that expire will be
//! further sources behind the same [`Secrets::resolve`].

mod store;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::RwLock;
use std::time::SystemTime;

use cap_compiler::capability::SecretName;
use secrecy::SecretString;
use thiserror::Error;

pub use store::{MemoryStore, SecretStore, StoreError};

/// Where secrets come from. `Debug` shows no value.
#[derive(Default)]
pub struct Secrets {
    given: BTreeMap<String, SecretString>,
    environment: Environment,
    file: Option<SecretsFile>,
}

/// Whether the process' environment is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Environment {
    #[default]
    Ignored,
    Asked,
}

struct SecretsFile {
    path: PathBuf,
    read: RwLock<ReadFile>,
}

#[derive(Default)]
struct ReadFile {
    modified: Option<SystemTime>,
    values: BTreeMap<String, SecretString>,
}

/// Why the secrets file cannot be used.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// It cannot be read.
    #[error("the secrets file `{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is neither empty, a comment, nor `NAME=value`.
    #[error("line {line} of the secrets file `{}` is not `NAME=value`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1. Its text is not repeated: it may be a secret.
        line: usize,
    },
}

impl Secrets {
    /// No secrets at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The variables of the environment.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { environment: Environment::Asked, ..Self::default() }
    }

    /// Adds a secrets file, which is read now and whenever it changes.
    ///
    /// # Errors
    /// When it cannot be read or has a line that is not `NAME=value`.
    pub fn with_file(mut self, path: &Path) -> Result<Self, SecretsError> {
        let read = RwLock::new(read_file(path)?);
        self.file = Some(SecretsFile { path: path.to_owned(), read });
        Ok(self)
    }

    /// Adds one secret, which wins over all other sources.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: SecretString) -> Self {
        self.given.insert(name.to_owned(), value);
        self
    }

    /// A secret's value. An empty one counts as not set.
    #[must_use]
    pub fn resolve(&self, name: &SecretName) -> Option<SecretString> {
        self.given
            .get(&name.0)
            .cloned()
            .or_else(|| self.variable(&name.0))
            .or_else(|| self.file.as_ref()?.value(&name.0))
    }

    fn variable(&self, name: &str) -> Option<SecretString> {
        match self.environment {
            Environment::Ignored => None,
            Environment::Asked => {
                let value = std::env::var(name).ok()?;
                let value = value.trim_end_matches(['\r', '\n']);
                (!value.is_empty()).then(|| SecretString::from(value))
            }
        }
    }
}

impl SecretsFile {
    fn value(&self, name: &str) -> Option<SecretString> {
        self.refresh();
        self.read.read().ok()?.values.get(name).cloned()
    }

    /// Reads the file again if it changed. What cannot be read leaves the last good values.
    fn refresh(&self) {
        let modified = modified(&self.path);
        if modified.is_none() || self.read.read().is_ok_and(|read| read.modified == modified) {
            return;
        }
        match (read_file(&self.path), self.read.write()) {
            (Ok(fresh), Ok(mut read)) => *read = fresh,
            (Err(error), Ok(mut read)) => {
                tracing::warn!(%error, "the last good secrets stay in use");
                read.modified = modified;
            }
            (_, Err(_)) => {}
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn read_file(path: &Path) -> Result<ReadFile, SecretsError> {
    let modified = modified(path);
    let text = std::fs::read_to_string(path).map_err(|source| SecretsError::Read { path: path.to_owned(), source })?;
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(SecretsError::Line { path: path.to_owned(), line: index + 1 });
        };
        if !value.trim().is_empty() {
            values.insert(name.trim().to_owned(), SecretString::from(unquoted(value.trim())));
        }
    }
    Ok(ReadFile { modified, values })
}

/// A value without the quotes round it, which other tools write.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("given", &self.given.keys().collect::<Vec<_>>())
            .field("environment", &self.environment)
            .field("file", &self.file.as_ref().map(|file| &file.path))
            .finish()
    }
}
