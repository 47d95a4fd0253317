//! The one thread that writes the audit log.
//!
//! Lines that come within [`GATHER`] are written at once, and what was written is made to survive the
//! machine's end every [`SYNC`]. A disk that refuses is asked again; meanwhile lines wait in the queue.

use std::time::{Duration, Instant};

use super::file::Destination;
use super::line;
use super::queue::Queue;

/// Writes until the queue is closed and empty.
pub(super) fn write_all(queue: &Queue, destination: Destination) {
    let mut writer = Writer { destination, pending: Vec::new(), done: 0, unsynced: None, refused: false };
    loop {
        queue.wait(writer.unsynced.map(|since| SYNC.saturating_sub(since.elapsed())));
        // Calls come in crowds: one write for all of them.
        queue.wait_for_end(GATHER);
        let taken = queue.take();
        writer.pending = taken.bytes;
        writer.done = 0;
        if taken.left_out > 0 {
            tracing::warn!(
                lost = taken.left_out,
                "calls have no line in the audit log, which could not be written in time"
            );
            writer.pending.extend(line::gap(taken.left_out));
        }
        let mut closed = taken.closed;
        while !writer.write() {
            if closed {
                return queue.lose(lines(writer.rest()) + lines(&queue.take().bytes));
            }
            closed = queue.wait_for_end(RETRY);
        }
        writer.sync_if_due(taken.closed);
        if taken.closed {
            return;
        }
    }
}

struct Writer {
    destination: Destination,
    /// Complete lines, of which the first `done` bytes are written.
    pending: Vec<u8>,
    done: usize,
    unsynced: Option<Instant>,
    /// The last write failed, and the log said so.
    refused: bool,
}

impl Writer {
    /// Writes what is pending, and says whether all of it is written.
    fn write(&mut self) -> bool {
        if self.done < self.pending.len() {
            let result = self.write_on();
            self.tell(&result);
            return result.is_ok();
        }
        true
    }

    fn write_on(&mut self) -> std::io::Result<()> {
        if self.destination.follow()? {
            // The line that was cut begins anew in the new file.
            let begun = self.pending.get(..self.done).unwrap_or_default();
            self.done = begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        }
        while self.done < self.pending.len() {
            self.done += self.destination.write(self.pending.get(self.done..).unwrap_or_default())?;
            self.unsynced.get_or_insert_with(Instant::now);
        }
        self.pending.clear();
        self.done = 0;
        Ok(())
    }

    /// A fault is logged once, when it comes, and once more when it goes.
    fn tell(&mut self, result: &std::io::Result<()>) {
        match result {
            Err(error) if !self.refused => {
                tracing::error!(%error, "the audit log cannot be written; its lines wait, and are lost if too many do");
            }
            Ok(()) if self.refused => tracing::info!("the audit log is written again"),
            Ok(()) | Err(_) => {}
        }
        self.refused = result.is_err();
    }

    fn sync_if_due(&mut self, closed: bool) {
        if self.unsynced.is_some_and(|since| closed || since.elapsed() >= SYNC) {
            self.unsynced = None;
            if let Err(error) = self.destination.sync() {
                tracing::error!(%error, "the audit log may not survive the end of this machine");
            }
        }
    }

    /// What is not written.
    fn rest(&self) -> &[u8] {
        self.pending.get(self.done..).unwrap_or_default()
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// How long lines are gathered: what a process that is killed loses.
const GATHER: Duration = Duration::from_millis(50);
/// How often what was written is made to survive: what a machine that stops loses.
const SYNC: Duration = Duration::from_secs(1);
/// When a disk that refused is asked again.
const RETRY: Duration = Duration::from_secs(1);
