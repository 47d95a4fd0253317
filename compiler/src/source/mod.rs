//! Where text comes from: names of source files, spans in them, and the one door to their bytes.
//!
//! Nothing in this crate opens a file. Whoever calls it brings a [`SourceLoader`]; the command and
//! the runtime bring one that reads a disk, tests bring [`MemoryLoader`].

mod reference;

pub use reference::percent_decoded;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The name of a source file as people see it: `/`-separated, such as `capabilities/github/api.yaml`.
///
/// Two spellings of one file are two identifiers; loaders give each file one spelling.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(Arc<str>);

/// A range of bytes in one source text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte, and the byte after the last.
    pub bytes: Range<usize>,
}

/// The only way to bytes. Implementations decide what a name means and how much may be read.
pub trait SourceLoader {
    /// Every definition file and lock file below this loader's roots, sorted. A loader of the files
    /// that one document consists of lists nothing: they are found by its references.
    ///
    /// # Errors
    /// When a root cannot be listed.
    fn list(&self) -> io::Result<Vec<SourceId>>;

    /// The bytes of one file.
    ///
    /// # Errors
    /// When the file does not exist, cannot be read or is larger than the loader allows.
    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>>;
}

/// A [`SourceLoader`] over texts in memory, for tests and for documents that came over a pipe.
#[derive(Clone, Debug, Default)]
pub struct MemoryLoader {
    files: BTreeMap<SourceId, Arc<[u8]>>,
}

impl SourceId {
    /// Names a file; back slashes become slashes and a leading `./` is dropped.
    #[must_use]
    pub fn new(path: &str) -> Self {
        let path = path.replace('\\', "/");
        Self(path.strip_prefix("./").unwrap_or(&path).into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `/`, empty for a file at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The part after the last `/`.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, name)| name)
    }

    /// The file that `relative` names from this file's folder: `.` and `..` are resolved, and a
    /// path that would leave the top stays at the top.
    #[must_use]
    pub fn join(&self, relative: &str) -> Self {
        let mut parts: Vec<&str> = self.folder().split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                name => parts.push(name),
            }
        }
        let absolute = if self.0.starts_with('/') { "/" } else { "" };
        Self(format!("{absolute}{}", parts.join("/")).into())
    }
}

impl Serialize for SourceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceId({})", self.0)
    }
}

impl MemoryLoader {
    /// Adds or replaces one file.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Arc<[u8]>>) {
        self.files.insert(SourceId::new(path), bytes.into());
    }
}

impl SourceLoader for MemoryLoader {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        Ok(self.files.keys().cloned().collect())
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        self.files.get(id).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}
