//! A file that is looked at again now and then, and parsed again when it changed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long what was read is taken as it is: a call must not wait for a disk.
const FRESH: Duration = Duration::from_millis(500);

/// A file's content in a form of its own. What cannot be read leaves the last good content.
pub(super) struct Watched<T> {
    path: PathBuf,
    state: Mutex<State<T>>,
}

struct State<T> {
    looked: Instant,
    stamp: Option<Stamp>,
    content: Option<Arc<T>>,
}

/// Tells one content of a file from another without reading it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl<T> Watched<T> {
    /// Nothing is read yet.
    pub(super) fn new(path: PathBuf) -> Self {
        // A moment long ago; where there is none, the first look waits a little.
        let long_ago = Instant::now().checked_sub(FRESH).unwrap_or_else(Instant::now);
        let state = State { looked: long_ago, stamp: None, content: None };
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
        *state = State { looked: Instant::now(), stamp, content: Some(Arc::clone(&content)) };
        Ok(content)
    }

    /// The content: as it was read last, or as the file has it now. `None` if it was never there.
    pub(super) fn content<E: std::fmt::Display>(&self, read: impl FnOnce(&Path) -> Result<T, E>) -> Option<Arc<T>> {
        let mut state = self.lock();
        if state.looked.elapsed() < FRESH {
            return state.content.clone();
        }
        state.looked = Instant::now();
        match stamp(&self.path) {
            Ok(stamp) if state.stamp == Some(stamp) => {}
            Ok(stamp) => {
                state.stamp = Some(stamp);
                match read(&self.path) {
                    Ok(content) => state.content = Some(Arc::new(content)),
                    Err(error) => tracing::warn!(%error, "the last good secrets stay in use"),
                }
            }
            // A file that is gone has no secrets any more; one that cannot be looked at may come back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => (state.stamp, state.content) = (None, None),
            Err(error) => tracing::warn!(%error, "the last good secrets stay in use"),
        }
        state.content.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = std::fs::metadata(path)?;
    Ok(Stamp { modified: metadata.modified().ok(), length: metadata.len() })
}
