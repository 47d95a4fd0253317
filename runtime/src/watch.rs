//! File events to one signal: something below the folders may have changed.
//!
//! Only this file knows the notification library. It says that something happened, never what:
//! whoever listens reads the folders again. Where the system gives no events, the folders are
//! looked at every two seconds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Config, PollWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventResult, Debouncer, NoCache, RecommendedCache, new_debouncer, new_debouncer_opt,
};
use tokio::sync::mpsc;

/// How long the folders must be quiet before a change is told.
pub const QUIET: Duration = Duration::from_millis(60);

/// How often folders are looked at where the system gives no events.
const POLL: Duration = Duration::from_secs(2);

/// How often it is asked whether a folder is still the one that is watched.
const SAME: Duration = Duration::from_millis(500);

/// Watches folders until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    folders: Vec<PathBuf>,
    identities: Vec<Option<Identity>>,
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Events { _debouncer: Debouncer<notify::RecommendedWatcher, RecommendedCache> },
    Polling { _debouncer: Debouncer<PollWatcher, NoCache> },
}

/// Why folders cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch `{}`: {source}", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: notify::Error,
}

/// Watches folders.
///
/// # Errors
/// When a folder can be neither watched nor polled.
pub fn watch(folders: &[PathBuf]) -> Result<Watcher, WatchError> {
    // One waiting message is enough: it says "look again", and looking sees everything.
    let (sender, receiver) = mpsc::channel(1);
    let source = source(folders, &sender)?;
    let identities = identities(folders);
    Ok(Watcher { folders: folders.to_vec(), identities, sender, receiver, source })
}

impl Watcher {
    /// Waits for the end of the next burst of changes.
    pub async fn changed(&mut self) {
        loop {
            tokio::select! {
                signal = self.receiver.recv() => if signal.is_some() { return },
                () = tokio::time::sleep(SAME) => if self.follow() { return },
            }
        }
    }

    /// Events come from the folder that was there when watching began. Where another one stands in
    /// its place (moved away and made anew, or a symbolic link that was switched), that one is
    /// watched from now on.
    fn follow(&mut self) -> bool {
        let now = identities(&self.folders);
        if now == self.identities {
            return false;
        }
        match source(&self.folders, &self.sender) {
            Ok(source) => self.source = source,
            // A folder that is gone cannot be watched; it is looked for again.
            Err(error) => tracing::debug!(%error, "a folder is not there"),
        }
        self.identities = now;
        true
    }
}

/// What tells a folder from another one of the same name.
type Identity = (u64, u64);

fn identities(folders: &[PathBuf]) -> Vec<Option<Identity>> {
    folders.iter().map(|folder| std::fs::metadata(folder).ok().map(|metadata| identity(&metadata))).collect()
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    let made = metadata.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    (0, made.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)))
}

fn source(folders: &[PathBuf], sender: &mpsc::Sender<()>) -> Result<Source, WatchError> {
    watch_events(folders, sender.clone()).or_else(|error| {
        tracing::warn!(%error, "no file events here; looking at the folders every {POLL:?} instead");
        watch_polling(folders, sender.clone())
    })
}

fn watch_events(folders: &[PathBuf], sender: mpsc::Sender<()>) -> Result<Source, WatchError> {
    let root = folders.first().cloned().unwrap_or_default();
    let mut debouncer = new_debouncer(QUIET, None, move |result| signal(&result, &sender))
        .map_err(|source| WatchError { path: root, source })?;
    for folder in folders {
        debouncer.watch(folder, RecursiveMode::Recursive).map_err(|source| watch_error(folder, source))?;
    }
    Ok(Source::Events { _debouncer: debouncer })
}

fn watch_polling(folders: &[PathBuf], sender: mpsc::Sender<()>) -> Result<Source, WatchError> {
    let root = folders.first().cloned().unwrap_or_default();
    let config = Config::default().with_poll_interval(POLL).with_compare_contents(false);
    let mut debouncer = new_debouncer_opt::<_, PollWatcher, NoCache>(
        QUIET,
        None,
        move |result| signal(&result, &sender),
        NoCache::new(),
        config,
    )
    .map_err(|source| WatchError { path: root, source })?;
    for folder in folders {
        debouncer.watch(folder, RecursiveMode::Recursive).map_err(|source| watch_error(folder, source))?;
    }
    Ok(Source::Polling { _debouncer: debouncer })
}

fn watch_error(folder: &Path, source: notify::Error) -> WatchError {
    WatchError { path: folder.to_owned(), source }
}

fn signal(result: &DebounceEventResult, sender: &mpsc::Sender<()>) {
    match result {
        // Reading a file is an event too; answering it would never end.
        Ok(events) if events.iter().all(|event| event.kind.is_access()) => {}
        Ok(_) => _ = sender.try_send(()),
        Err(errors) => {
            // Events may have been lost (an overflowing queue, say): looking again is the cure.
            for error in errors {
                tracing::debug!(%error, "file events were lost");
            }
            _ = sender.try_send(());
        }
    }
}
