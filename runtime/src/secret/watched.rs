//! A file that is looked at again now and then, and parsed again when it changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long what was read is taken as it is: a call must not wait for a disk.
const FRESH: Duration = Duration::from_secs(1);

/// A file's content in a form of its own. What cannot be read leaves the last good content.
pub(super) struct Watched<T> {
    path: PathBuf,
    state: Mutex<State<T>>,
}

struct State<T> {
    looked: Option<Instant>,
    stamp: Option<Stamp>,
    content: Option<Arc<T>>,
}

/// Tells one content of a file from another without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Tells a file that was switched in for another one.
    identity: u64,
}

impl<T> Watched<T> {
    /// Nothing is read yet.
    pub(super) fn new(path: PathBuf) -> Self {
        let state = State { looked: None, stamp: None, content: None };
        Self { path, state: Mutex::new(state) }
    }

    /// The path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file now.
    ///
    /// # Errors
    /// What `read` says.
    pub(super) fn read_now<E>(&self, read: impl FnOnce(&Path) -> Result<T, E>) -> Result<Arc<T>, E> {
        let stamp = stamp(&self.path).ok();
        let content = Arc::new(read(&self.path)?);
        let mut state = self.lock();
        *state = State { looked: Some(Instant::now()), stamp, content: Some(Arc::clone(&content)) };
        Ok(content)
    }

    /// The content as it was read last. Waits for the disk only if it was never looked at: who is in
    /// a hurry lets [`Watched::look`] be called elsewhere before.
    pub(super) fn content<E: std::fmt::Display>(&self, read: impl FnOnce(&Path) -> Result<T, E>) -> Option<Arc<T>> {
        if self.lock().looked.is_none() {
            self.look(read);
        }
        self.lock().content.clone()
    }

    /// Whether [`Watched::look`] would look.
    pub(super) fn is_stale(&self) -> bool {
        self.lock().looked.is_none_or(|looked| looked.elapsed() >= FRESH)
    }

    /// Reads the file again if it changed and was not looked at lately. Calls that need the content
    /// meanwhile have the last one.
    pub(super) fn look<E: std::fmt::Display>(&self, read: impl FnOnce(&Path) -> Result<T, E>) {
        if self.is_stale() {
            self.look_now(read);
        }
    }

    /// Reads the file again if it changed, for who must not act on what was.
    pub(super) fn look_now<E: std::fmt::Display>(&self, read: impl FnOnce(&Path) -> Result<T, E>) {
        let known = {
            let mut state = self.lock();
            // One that was never looked at is read by everybody who needs it now.
            state.looked = state.looked.map(|_| Instant::now());
            state.stamp
        };
        let found = match stamp(&self.path) {
            Ok(stamp) if known == Some(stamp) => None,
            Ok(stamp) => Some((Some(stamp), read(&self.path).map(|content| Some(Arc::new(content))))),
            // A file that is gone has no secrets any more; one that cannot be looked at may come back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some((None, Ok(None))),
            Err(error) => {
                tracing::warn!(%error, "the last good secrets stay in use");
                None
            }
        };
        let mut state = self.lock();
        state.looked = Some(Instant::now());
        match found {
            None => {}
            Some((stamp, Ok(content))) => (state.stamp, state.content) = (stamp, content),
            Some((stamp, Err(error))) => {
                state.stamp = stamp;
                tracing::warn!(%error, "the last good secrets stay in use");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    Ok(Stamp { modified: metadata.modified().ok(), length: metadata.len(), identity: identity(&metadata) })
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> u64 {
    0
}
