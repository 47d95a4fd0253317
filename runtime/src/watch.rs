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

/// Watches folders until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    _source: Source,
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

/// Watches folders. The receiver gets one message after each burst of changes.
///
/// # Errors
/// When a folder can be neither watched nor polled.
pub fn watch(folders: &[PathBuf]) -> Result<(Watcher, mpsc::Receiver<()>), WatchError> {
    // One waiting message is enough: it says "look again", and looking sees everything.
    let (sender, receiver) = mpsc::channel(1);
    let source = match watch_events(folders, sender.clone()) {
        Ok(source) => source,
        Err(error) => {
            tracing::warn!(%error, "no file events here; looking at the folders every {POLL:?} instead");
            watch_polling(folders, sender)?
        }
    };
    Ok((Watcher { _source: source }, receiver))
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
