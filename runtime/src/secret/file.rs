//! A secrets file: lines of `NAME=value`, `#` comments, nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::watched::Watched;
use super::{Source, SourceKind, net};

/// The secrets of one file.
pub(super) struct SecretsFile(Watched<BTreeMap<String, SecretString>>);

/// Why the secrets file cannot be used.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// It cannot be read.
    #[error("the secrets file `{}` cannot be read: {source}", path.display())]
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
    /// The folder cannot be listed.
    #[error("the folder of secrets `{}` cannot be read: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The command has no program.
    #[error("the command for secrets is empty; it is a list such as `[pass, show, \"cap/{{name}}\"]`")]
    NoCommand,
}

impl SecretsFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read or has a line that is not `NAME=value`.
    pub(super) fn open(path: &Path) -> Result<Self, SecretsError> {
        let file = Watched::new(path.to_owned());
        file.read_now(read)?;
        Ok(Self(file))
    }
}

impl Source for SecretsFile {
    fn kind(&self) -> SourceKind {
        SourceKind::File(self.0.path().to_owned())
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        self.0.content(read)?.get(name).cloned()
    }

    fn is_stale(&self, _: &str) -> bool {
        self.0.is_stale()
    }

    fn refresh(&self, _: &str) {
        self.0.look(read);
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, SecretString>, SecretsError> {
    let text = std::fs::read_to_string(path).map_err(|source| SecretsError::Read { path: path.to_owned(), source })?;
    let text = Zeroizing::new(text);
    let mut values = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else {
            return Err(SecretsError::Line { path: path.to_owned(), line: index + 1 });
        };
        let value = unquoted(value.trim());
        if !value.is_empty() {
            values.insert(name.trim().to_owned(), SecretString::from(value));
        }
    }
    // Whoever may show one of them masks all of them.
    net::learn_all(values.iter().map(|(name, value)| (name.as_str(), value.expose_secret())));
    Ok(values)
}

/// A value without the quotes round it, which other tools write.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}
