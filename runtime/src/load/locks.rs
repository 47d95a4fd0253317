//! The lock file of each folder, read once: what is parsed and what signatures are compared with are the same bytes.

use std::io;
use std::sync::Arc;

use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::LockFile;
use cap_compiler::source::{SourceId, SourceLoader};

use crate::disk::DiskLoader;

/// The lock file of one folder, as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderLock {
    /// What it says.
    pub file: LockFile,
    /// The bytes that say so; `None` if there is no lock file.
    pub bytes: Option<Arc<[u8]>>,
}

/// The lock file of each root.
///
/// # Errors
/// When one is there and cannot be read: without it nothing is known to be reviewed.
pub(super) fn read_locks(disk: &DiskLoader, said: &mut Vec<Diagnostic>) -> io::Result<Vec<FolderLock>> {
    disk.roots().iter().map(|root| read_lock(disk, &root.lock(), said)).collect()
}

fn read_lock(disk: &DiskLoader, id: &SourceId, said: &mut Vec<Diagnostic>) -> io::Result<FolderLock> {
    let bytes = match disk.read(id) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderLock::default()),
        Err(error) => return Err(io::Error::new(error.kind(), format!("{id}: {error}"))),
    };
    let outcome = LockFile::parse(id, &String::from_utf8_lossy(&bytes));
    said.extend(outcome.diagnostics);
    Ok(FolderLock { file: outcome.value.unwrap_or_default(), bytes: Some(bytes) })
}
