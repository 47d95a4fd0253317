//! What `cap fmt` means for `cap.lock`: a lock file vouches for bytes, and a new layout is other bytes.
//!
//! With `--pin`, a file is pinned again if the lock file vouched for what it was a moment ago: what it
//! means was compared and is the same, so that what was reviewed is what is pinned. Nothing else is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cap_compiler::pin::signature::SIGNATURE_FILE;
use cap_compiler::pin::{Digest, LOCK_FILE, LockFile};
use cap_compiler::source::SourceId;
use cap_runtime::disk::read_bounded;

use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};

/// The lock files above the files that change.
#[derive(Debug, Default)]
pub(super) struct Pins {
    locks: BTreeMap<PathBuf, Lock>,
}

#[derive(Debug)]
struct Lock {
    file: LockFile,
    /// The new digests of files that were as the lock file says.
    fresh: BTreeMap<String, Digest>,
    /// Whether every line could be read: one that could not be would be lost.
    whole: bool,
}

impl Pins {
    /// Notes a file that changes.
    pub(super) fn note(&mut self, path: &Path, before: &[u8], text: &str) {
        let Some(folder) = path.ancestors().skip(1).find(|folder| folder.join(LOCK_FILE).is_file()) else { return };
        let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str) else { return };
        let name = name.replace('\\', "/");
        let lock = self.locks.entry(folder.to_owned()).or_insert_with(|| read_lock(folder));
        if lock.file.entries.get(&name) == Some(&Digest::of(before)) {
            lock.fresh.insert(name, Digest::of(text.as_bytes()));
        }
    }

    /// Says how many files are no longer what was pinned.
    pub(super) fn tell(&self, output: &Output) {
        let count: usize = self.locks.values().map(|lock| lock.fresh.len()).sum();
        if count > 0 {
            let are = if count == 1 { "is" } else { "are" };
            output.status(
                Tone::Warning,
                "Unpinned",
                &format!("{} {are} no longer as cap.lock says", plural(count, "file")),
            );
            output.detail("(only the layout is new: run `cap pin`; `cap fmt --pin` does both)");
        }
    }

    /// Pins again what was pinned.
    ///
    /// # Errors
    /// When a lock file cannot be written, or has lines that cannot be read.
    pub(super) fn record(self, output: &Output) -> Result<(), Exit> {
        for (folder, mut lock) in self.locks {
            let path = folder.join(LOCK_FILE);
            if lock.fresh.is_empty() {
                continue;
            }
            if !lock.whole {
                let message = format!("`{}` has lines that cannot be read; nothing was pinned", path.display());
                output.error(&message, Some("review the files, then run `cap pin`"));
                return Err(Exit::Failure);
            }
            let count = plural(lock.fresh.len(), "file");
            lock.file.entries.append(&mut lock.fresh);
            write_atomic(&path, &lock.file.render()).map_err(|error| {
                output.error(&format!("cannot write the lock file: {error}"), None);
                Exit::Environment
            })?;
            output.status(
                Tone::Good,
                "Pinned",
                &format!("{count} again in {}: only the layout is new", path.display()),
            );
            if folder.join(SIGNATURE_FILE).exists() {
                output.status(
                    Tone::Warning,
                    "Unsigned",
                    &format!("{} has other bytes now than were signed", path.display()),
                );
                output.detail("(sign it again with `cap sign`)");
            }
        }
        Ok(())
    }
}

fn read_lock(folder: &Path) -> Lock {
    let path = folder.join(LOCK_FILE);
    let source = SourceId::new(&path.to_string_lossy());
    let text = read_bounded(&path).ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let outcome = LockFile::parse(&source, text.as_deref().unwrap_or_default());
    let whole = text.is_some() && outcome.diagnostics.is_empty();
    Lock { file: outcome.value.unwrap_or_default(), fresh: BTreeMap::new(), whole }
}
