//! A folder with one file for each secret, as Docker and Kubernetes mount them.
//!
//! The files may be symbolic links that are switched while the gateway runs; a name is looked up by
//! its path each time it is stale, so a switched folder is followed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use super::file::SecretsError;
use super::watched::Watched;
use super::{Source, SourceKind};

/// Longer files are no secrets.
const LONGEST: u64 = 64 * 1024;
/// Names that are remembered; definitions name a few.
const MOST: usize = 1024;

/// The files of a folder, each a secret.
pub(super) struct SecretsFolder {
    path: PathBuf,
    files: Mutex<BTreeMap<String, Arc<SecretFile>>>,
}

/// One file with one secret.
pub(super) struct SecretFile(Watched<Option<SecretString>>);

impl SecretsFolder {
    /// Looks whether the folder is there.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub(super) fn open(path: &Path) -> Result<Self, SecretsError> {
        std::fs::read_dir(path).map_err(|source| SecretsError::Folder { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), files: Mutex::default() })
    }

    /// The file of a name; none for what is not one part of a path, whatever a definition calls it.
    fn file(&self, name: &str) -> Option<Arc<SecretFile>> {
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        if !plain || name.is_empty() || name.starts_with('.') {
            return None;
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() > MOST {
            files.clear();
        }
        if let Some(file) = files.get(name) {
            return Some(Arc::clone(file));
        }
        let file = Arc::new(SecretFile::new(self.path.join(name)));
        files.insert(name.to_owned(), Arc::clone(&file));
        Some(file)
    }
}

impl Source for SecretsFolder {
    fn kind(&self) -> SourceKind {
        SourceKind::Folder(self.path.clone())
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        self.file(name)?.value()
    }

    fn is_stale(&self, name: &str) -> bool {
        self.file(name).is_some_and(|file| file.is_stale())
    }

    fn refresh(&self, name: &str) {
        if let Some(file) = self.file(name) {
            file.look();
        }
    }
}

impl SecretFile {
    /// Nothing is read yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(Watched::new(path))
    }

    /// The file's text without the line break at its end. An empty one counts as not set.
    pub(super) fn value(&self) -> Option<SecretString> {
        (*self.0.content(read)?).clone()
    }

    /// Whether it was not looked at lately.
    pub(super) fn is_stale(&self) -> bool {
        self.0.is_stale()
    }

    /// Reads it again if it changed.
    pub(super) fn look(&self) {
        self.0.look(read);
    }
}

fn read(path: &Path) -> Result<Option<SecretString>, String> {
    let failed = |error: std::io::Error| format!("`{}`: {error}", path.display());
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(format!("`{}` is no file of at most {LONGEST} bytes", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let text = text.trim_end_matches(['\r', '\n']);
    Ok((!text.is_empty()).then(|| SecretString::from(text)))
}
