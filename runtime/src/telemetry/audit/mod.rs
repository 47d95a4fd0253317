//! The audit log: one JSON line for each call, answered, failed, refused or given up.
//!
//! A call leaves its line in a queue of bounded size and goes on; one thread writes what waits. What
//! does not fit is counted, and the log says how many lines are missing and where. Lines have names,
//! sizes, times and digests, never arguments or bodies.

mod file;
mod key;
mod line;
mod queue;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use thiserror::Error;

use super::{CallRecord, CallSink, DigestKey};
use file::Destination;
pub use line::audit_schema;
use queue::Queue;

/// Where audit lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTarget {
    /// To the end of a file, which is made if it is not there.
    File(PathBuf),
    /// To standard error, among the lines of the log.
    StandardError,
}

/// Why there is no audit log.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The file cannot be opened for writing.
    #[error("the audit log `{}` cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file with the key cannot be used.
    #[error("the key of the audit log, `{}`, cannot be used: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system does not start a thread.
    #[error("the audit log cannot be written: {0}")]
    Thread(#[from] io::Error),
}

/// Writes a line for each call.
pub struct AuditLog {
    queue: Arc<Queue>,
    key: DigestKey,
    written: Mutex<Receiver<()>>,
}

impl AuditTarget {
    /// A file, or standard error if it is `-`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        if path == Path::new("-") { Self::StandardError } else { Self::File(path.to_owned()) }
    }
}

impl AuditLog {
    /// Opens the log and begins to write to it.
    ///
    /// # Errors
    /// When its file or its key cannot be used.
    pub fn open(target: &AuditTarget) -> Result<Self, AuditError> {
        let (destination, key) = match target {
            AuditTarget::StandardError => (Destination::StandardError, key::drawn()?),
            AuditTarget::File(path) => (Destination::open(path)?, key::kept_beside(path)?),
        };
        let queue = Arc::new(Queue::default());
        queue.push(&line::event("started"));
        let (done, written) = channel();
        let waiting = Arc::clone(&queue);
        thread::Builder::new().name("audit".to_owned()).spawn(move || {
            writer::write_all(&waiting, destination);
            // Nobody may be waiting for it.
            _ = done.send(());
        })?;
        Ok(Self { queue, key, written: Mutex::new(written) })
    }

    /// The key of digests of arguments in this log.
    #[must_use]
    pub fn key(&self) -> &DigestKey {
        &self.key
    }

    /// How many calls have no line, and never will.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.queue.lost()
    }

    /// Writes what waits and a last line, within a time. Calls that end later have no line.
    pub fn close(&self, within: Duration) {
        if self.queue.close(&line::event("stopped")) {
            let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            if written.recv_timeout(within).is_err() {
                tracing::error!("the audit log could not be written to its end in time");
            }
        }
    }
}

impl CallSink for AuditLog {
    fn ended(&self, record: &CallRecord<'_>) {
        self.queue.push(&line::call(record));
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        self.close(LAST_WORDS);
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").finish_non_exhaustive()
    }
}

/// How long the end of the process waits for the last lines.
const LAST_WORDS: Duration = Duration::from_secs(5);
