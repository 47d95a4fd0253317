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
        variable(name).map(SecretString::from).or_else(|| self.file(PathBuf::from(variable(&format!("{name}_FILE"))?)))
    }
}

impl Environment {
    fn file(&self, path: PathBuf) -> Option<SecretString> {
        let file = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(files.entry(path.clone()).or_insert_with(|| Arc::new(SecretFile::new(path))))
        };
        file.value()
    }
}

fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    let value = value.trim_end_matches(['\r', '\n']);
    (!value.is_empty()).then(|| value.to_owned())
}
