//! What waits to be written: bounded, and filled by calls without waiting.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Lines between calls and the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    lost: AtomicU64,
}

/// What the writer takes.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Complete lines.
    pub(super) bytes: Vec<u8>,
    /// How many lines were left out since the last time, after the ones that are here.
    pub(super) left_out: u64,
    /// Nothing comes any more.
    pub(super) closed: bool,
}

impl Queue {
    /// Adds a line. Where there is no room it is counted instead.
    pub(super) fn push(&self, line: &[u8]) {
        let mut waiting = self.lock();
        // Once a line is missing, none is taken until the log says so: the gap has one place.
        if waiting.closed || waiting.left_out > 0 || waiting.bytes.len() + line.len() > LARGEST {
            waiting.left_out += 1;
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        drop(waiting);
        if first {
            self.changed.notify_one();
        }
    }

    /// Adds the last line, and says whether it was not there already.
    pub(super) fn close(&self, last: &[u8]) -> bool {
        let mut waiting = self.lock();
        let first = !waiting.closed;
        if first {
            waiting.bytes.extend_from_slice(last);
            waiting.closed = true;
        }
        drop(waiting);
        self.changed.notify_all();
        first
    }

    /// How many lines were left out altogether.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Counts lines that were taken and could not be written.
    pub(super) fn lose(&self, lines: u64) {
        self.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// Waits for a line or the end, for as long as `within` if it is given.
    pub(super) fn wait(&self, within: Option<Duration>) {
        let nothing = |waiting: &mut Waiting| waiting.bytes.is_empty() && waiting.left_out == 0 && !waiting.closed;
        let waiting = self.lock();
        match within {
            None => drop(self.changed.wait_while(waiting, nothing).unwrap_or_else(PoisonError::into_inner)),
            Some(within) => drop(self.changed.wait_timeout_while(waiting, within, nothing)),
        }
    }

    /// Waits for the end, for as long as `within`, and says whether it came.
    pub(super) fn wait_for_end(&self, within: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), within, |waiting| !waiting.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// All that waits.
    pub(super) fn take(&self) -> Waiting {
        let mut waiting = self.lock();
        let closed = waiting.closed;
        mem::replace(&mut *waiting, Waiting { closed, ..Waiting::default() })
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In bytes; some ten thousand lines.
const LARGEST: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::{LARGEST, Queue};

    #[test]
    fn what_does_not_fit_is_counted_and_the_gap_has_one_place() {
        let queue = Queue::default();
        let line = vec![b'x'; LARGEST / 2];
        queue.push(&line);
        queue.push(&line);
        queue.push(b"too much\n");
        queue.push(b"after the gap\n");
        let taken = queue.take();
        assert_eq!((taken.bytes.len(), taken.left_out, queue.lost()), (LARGEST, 2, 2));
        queue.push(b"room again\n");
        assert_eq!(queue.take().bytes, b"room again\n");
        assert!(queue.close(b"end\n"));
        assert!(!queue.close(b"end\n"));
        queue.push(b"late\n");
        let last = queue.take();
        assert_eq!((last.bytes.as_slice(), last.left_out, queue.lost()), (b"end\n".as_slice(), 1, 3));
    }
}
