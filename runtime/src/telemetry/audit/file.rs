//! The file that the audit log is appended to, found anew when it was moved.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::AuditError;

/// Where the lines go.
#[derive(Debug)]
pub(super) enum Destination {
    StandardError,
    File { path: PathBuf, file: File },
}

impl Destination {
    /// Opens a file for appending. One that ends within a line, because a process was killed, is
    /// continued on a line of its own.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let opened = open(path).and_then(|mut file| {
            if ends_within_a_line(path)? {
                file.write_all(b"\n")?;
            }
            Ok(file)
        });
        let failed = |source| AuditError::Open { path: path.to_owned(), source };
        Ok(Self::File { path: path.to_owned(), file: opened.map_err(failed)? })
    }

    /// Opens the file anew if another one, or none, stands under its name; says whether it did.
    /// That is how logs are rotated: moved away, and no signal is needed.
    ///
    /// # Errors
    /// When the new one cannot be opened.
    pub(super) fn follow(&mut self) -> io::Result<bool> {
        let Self::File { path, file } = self else { return Ok(false) };
        let same = std::fs::metadata(&*path).is_ok_and(|there| is_same(&there, file));
        if !same {
            // What is in the old one is kept as well as what will be in the new one.
            _ = file.sync_data();
            *file = open(path)?;
        }
        Ok(!same)
    }

    /// Writes some of the bytes, at least one.
    ///
    /// # Errors
    /// When nothing can be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let written = match self {
                Self::StandardError => io::stderr().lock().write(bytes),
                Self::File { file, .. } => file.write(bytes),
            };
            match written {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return written,
            }
        }
    }

    /// Makes what was written survive the end of the machine.
    ///
    /// # Errors
    /// When the disk fails. What is no file on a disk has nothing to survive.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } if file.metadata()?.is_file() => file.sync_data(),
            Self::StandardError | Self::File { .. } => Ok(()),
        }
    }
}

/// Opens for appending; only its owner may read it.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    private(&mut options);
    options.open(path)
}

#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
pub(super) fn private(_options: &mut OpenOptions) {}

#[cfg(unix)]
fn is_same(there: &Metadata, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|here| (here.dev(), here.ino()) == (there.dev(), there.ino()))
}

/// Elsewhere a file that is open cannot be moved.
#[cfg(not(unix))]
fn is_same(_there: &Metadata, _file: &File) -> bool {
    true
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    // One that may be written and not read is left as it is.
    let Ok(mut file) = File::open(path) else { return Ok(false) };
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
