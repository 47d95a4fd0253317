//! Secrets: looked up by name when a request is sent, kept in a type that does not print itself.
//!
//! Each source is a file here; they are asked in the order in which they were added. A lookup is
//! quick: it touches no disk. What may have changed is looked at beforehand by [`Secrets::fetch`], files at
//! most once a second, on a thread that may wait. Every value that is found is told to the
//! [`net`], which masks it in whatever leaves the process.

mod command;
mod environment;
mod file;
mod folder;
pub mod net;
mod store;
pub mod vault;
mod watched;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::capability::SecretName;
use secrecy::{ExposeSecret, SecretString};

pub use file::SecretsError;
pub use store::{MemoryStore, SecretStore, StoreError};

use command::SecretsCommand;
use environment::Environment;
use file::SecretsFile;
use folder::SecretsFolder;
use vault::Vault;

/// Where secrets come from. `Debug` shows no value.
#[derive(Clone, Default)]
pub struct Secrets {
    given: BTreeMap<String, SecretString>,
    sources: Vec<Arc<dyn Source>>,
}

/// A kind of place that secrets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// Said by the program itself.
    Given,
    /// An environment variable, or the file that `NAME_FILE` names.
    Environment,
    /// A folder with one file for each secret.
    Folder(PathBuf),
    /// A file of `NAME=value` lines.
    File(PathBuf),
    /// The encrypted vault.
    Vault(PathBuf),
    /// What a program prints.
    Command(String),
}

/// One place that secrets come from.
trait Source: Send + Sync {
    /// Which one it is.
    fn kind(&self) -> SourceKind;

    /// The value of a name, as it is known now. Does not wait.
    fn value(&self, name: &str) -> Option<SecretString>;

    /// Whether [`Source::refresh`] would learn something.
    fn is_stale(&self, _name: &str) -> bool {
        false
    }

    /// Learns the value of a name, which may take a while.
    fn refresh(&self, _name: &str) {}
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
        Self::none().with(Environment::default())
    }

    /// Adds a secrets file.
    ///
    /// # Errors
    /// When it cannot be read or has a line that is not `NAME=value`.
    pub fn with_file(self, path: &Path) -> Result<Self, SecretsError> {
        Ok(self.with(SecretsFile::open(path)?))
    }

    /// Adds a folder with one file for each secret.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn with_folder(self, path: &Path) -> Result<Self, SecretsError> {
        Ok(self.with(SecretsFolder::open(path)?))
    }

    /// Adds the secrets of a vault.
    #[must_use]
    pub fn with_vault(self, vault: Arc<Vault>) -> Self {
        self.with(vault::AsSource(vault))
    }

    /// Adds a command, as a list of arguments, that prints a secret. `{name}` stands for its name,
    /// which is the last argument otherwise.
    ///
    /// # Errors
    /// When there is no program.
    pub fn with_command(self, command: &[String]) -> Result<Self, SecretsError> {
        Ok(self.with(SecretsCommand::new(command)?))
    }

    /// Adds one secret, which wins over all sources.
    #[must_use]
    pub fn with_value(mut self, name: &str, value: SecretString) -> Self {
        self.given.insert(name.to_owned(), value);
        self
    }

    fn with(mut self, source: impl Source + 'static) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// Asks the sources that take their time about names, off the threads that serve. What they say
    /// is then known to [`Secrets::resolve`].
    pub async fn fetch(&self, names: impl Iterator<Item = &SecretName>) {
        let stale: Vec<String> = names.filter(|name| self.is_stale(&name.0)).map(|name| name.0.clone()).collect();
        if stale.is_empty() {
            return;
        }
        let sources = self.sources.clone();
        let asking = tokio::task::spawn_blocking(move || stale.iter().for_each(|name| ask(&sources, name)));
        if let Err(bug) = asking.await {
            tracing::error!(%bug, "internal error: a source of secrets panicked");
        }
    }

    /// The same as [`Secrets::fetch`] for a program that does nothing else meanwhile.
    pub fn fetch_now<'a>(&self, names: impl Iterator<Item = &'a str>) {
        names.filter(|name| self.is_stale(name)).for_each(|name| ask(&self.sources, name));
    }

    /// Whether a source should be asked that comes before the first that has the value.
    fn is_stale(&self, name: &str) -> bool {
        if self.given.contains_key(name) {
            return false;
        }
        for source in &self.sources {
            if source.is_stale(name) {
                return true;
            }
            if source.value(name).is_some() {
                return false;
            }
        }
        false
    }

    /// A secret's value. An empty one counts as not set.
    #[must_use]
    pub fn resolve(&self, name: &SecretName) -> Option<SecretString> {
        let given = self.given.get(&name.0).cloned();
        let value = given.or_else(|| self.sources.iter().find_map(|source| source.value(&name.0)))?;
        net::learn(&name.0, value.expose_secret());
        Some(value)
    }

    /// Where a secret's value comes from, if it is set.
    #[must_use]
    pub fn source_of(&self, name: &str) -> Option<SourceKind> {
        if self.given.contains_key(name) {
            return Some(SourceKind::Given);
        }
        self.sources.iter().find(|source| source.value(name).is_some()).map(|source| source.kind())
    }
}

/// Asks each source until one has the value: no command is run for what a file has.
fn ask(sources: &[Arc<dyn Source>], name: &str) {
    for source in sources {
        if source.is_stale(name) {
            source.refresh(name);
        }
        if source.value(name).is_some() {
            return;
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("given", &self.given.keys().collect::<Vec<_>>())
            .field("sources", &self.sources.iter().map(|source| source.kind()).collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("the program"),
            Self::Environment => f.write_str("environment"),
            Self::Folder(path) => write!(f, "folder {}", path.display()),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Vault(path) => write!(f, "vault {}", path.display()),
            Self::Command(program) => write!(f, "command {program}"),
        }
    }
}
