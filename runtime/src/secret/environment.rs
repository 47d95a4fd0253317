//! Secrets in the environment: the variable itself, or `NAME_FILE` with the path of a file that has
//! it, as container images take them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;

use super::folder::SecretFile;
use super::{Source, SourceKind};

/// The process' environment.
#[derive(Default)]
pub(super) struct Environment {
    files: Mutex<BTreeMap<PathBuf, Arc<SecretFile>>>,
}

impl Source for Environment {
    fn kind(&self) -> SourceKind {
        SourceKind::Environment
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        variable(name).map(SecretString::from).or_else(|| self.file(name)?.value())
    }

    fn is_stale(&self, name: &str) -> bool {
        // A name with its own variable asks for no file.
        variable(name).is_none() && self.file(name).is_some_and(|file| file.is_stale())
    }

    fn refresh(&self, name: &str) {
        if let Some(file) = self.file(name) {
            file.look();
        }
    }
}

impl Environment {
    /// The file that stands for a name.
    fn file(&self, name: &str) -> Option<Arc<SecretFile>> {
        let path = PathBuf::from(variable(&format!("{name}_FILE"))?);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(files.entry(path.clone()).or_insert_with(|| Arc::new(SecretFile::new(path)))))
    }
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    let value = value.trim_end_matches(['\r', '\n']);
    (!value.is_empty()).then(|| value.to_owned())
}
