//! Writes that a crash cannot leave half done.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file whole: into a temporary file beside it, then renamed over it. Folders on the way
/// are made.
///
/// # Errors
/// When the folder or file cannot be written; what was there stays.
pub(crate) fn write_atomic(path: &Path, text: &str) -> io::Result<()> {
    let file = beside(path, text)?;
    make_readable(&file)?;
    file.persist(path).map_err(|error| named(&error.error, path))?;
    Ok(())
}

/// Writes a file whole where there is none.
///
/// # Errors
/// As [`write_atomic`], and when there is one.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let file = beside(path, text)?;
    make_readable(&file)?;
    file.persist_noclobber(path).map_err(|error| named(&error.error, path))?;
    Ok(())
}

/// Writes a file of another program whole: whoever could read it can, and nobody else. A link stays a
/// link, and what it leads to is written.
///
/// # Errors
/// As [`write_atomic`].
pub(crate) fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file = beside(&place, text)?;
    if let Ok(before) = fs::metadata(&place) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist(&place).map_err(|error| named(&error.error, &place))?;
    Ok(())
}

/// Writes a copy of a file's text where there is none: whoever could read the file can read the copy.
///
/// # Errors
/// As [`write_new`].
pub(crate) fn write_copy(path: &Path, text: &str, of: &Path) -> io::Result<()> {
    let file = beside(path, text)?;
    if let Ok(before) = fs::metadata(of) {
        file.as_file().set_permissions(before.permissions())?;
    }
    file.persist_noclobber(path).map_err(|error| named(&error.error, path))?;
    Ok(())
}

/// A temporary file with the text, in the folder that the file is to be in. Nobody else can read it.
fn beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| named(&error, folder))?;
    let mut file = NamedTempFile::with_prefix_in(".cap-", folder).map_err(|error| named(&error, folder))?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

/// Temporary files are private; definitions are read by others.
#[cfg(unix)]
fn make_readable(file: &NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.as_file().set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &NamedTempFile) -> io::Result<()> {
    Ok(())
}

/// The error with the path that it is about.
pub(crate) fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
