//! File events to one signal: something below the folders may have changed.
//!
//! Only this file knows the notification library. It says that something may have happened, never what:
//! whoever listens looks at the folders again, and looking sees everything. So no event has to be right,
//! and none has to come: the folders are looked at now and then in any case, which is all there is on
//! file systems that give no events (network drives, some containers' mounts).

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long the folders must be quiet before a change is told.
const QUIET: Duration = Duration::from_millis(40);

/// How long it takes at most until a change is told, however busy the folders are.
const LONGEST_BURST: Duration = Duration::from_millis(400);

/// How often it is asked whether a folder is still the one that is watched.
const SAME: Duration = Duration::from_millis(500);

/// How often folders are looked at where events come, and where they do not.
const LOOK: Duration = Duration::from_secs(10);
const LOOK_WITHOUT_EVENTS: Duration = Duration::from_secs(2);

/// At most this part of the time goes into looking without an event,
const SHARE: u32 = 50;

/// unless that would be too seldom.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Watches folders until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    folders: Vec<PathBuf>,
    identities: Vec<Option<Identity>>,
    sender: mpsc::Sender<()>,
    receiver: mpsc::Receiver<()>,
    events: Option<RecommendedWatcher>,
    next_look: Instant,
}

/// Watches folders.
#[must_use]
pub fn watch(folders: &[PathBuf]) -> Watcher {
    // One waiting message is enough: it says "look again".
    let (sender, receiver) = mpsc::channel(1);
    let identities = identities(folders);
    let events = events(folders, &sender);
    let next_look = Instant::now() + LOOK_WITHOUT_EVENTS;
    Watcher { folders: folders.to_vec(), identities, sender, receiver, events, next_look }
}

impl Watcher {
    /// Waits until the folders should be looked at: at the end of a burst of changes, but not for long,
    /// and now and then without a change.
    pub async fn changed(&mut self) {
        loop {
            tokio::select! {
                signal = self.receiver.recv() => if signal.is_some() { break },
                () = sleep_until(self.next_look) => return,
                () = sleep(SAME) => if self.follow() { return },
            }
        }
        let end = Instant::now() + LONGEST_BURST;
        while Instant::now() < end && timeout(QUIET, self.receiver.recv()).await.is_ok() {}
    }

    /// Notes that the folders were looked at, and how long that took.
    pub fn looked(&mut self, took: Duration) {
        let pause = if self.events.is_some() { LOOK } else { LOOK_WITHOUT_EVENTS };
        self.next_look = Instant::now() + pause.max((took * SHARE).min(LONGEST_PAUSE));
    }

    /// Notes that the folders could not be looked at: one that is not there now is another one when it
    /// comes again, whatever its number.
    pub fn lost(&mut self) {
        for (identity, now) in self.identities.iter_mut().zip(identities(&self.folders)) {
            *identity = identity.filter(|_| now.is_some());
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
        self.events = events(&self.folders, &self.sender);
        self.identities = now;
        true
    }
}

/// What tells a folder from another one of the same name: the file system's number of it, which a new
/// one may get again, and when it was made.
type Identity = (u64, u64, Option<SystemTime>);

fn identities(folders: &[PathBuf]) -> Vec<Option<Identity>> {
    folders.iter().map(|folder| std::fs::metadata(folder).ok().map(|metadata| identity(&metadata))).collect()
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), metadata.created().ok())
}

#[cfg(not(unix))]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    (0, 0, metadata.created().ok())
}

/// The source of events, where there is one.
fn events(folders: &[PathBuf], sender: &mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let told = sender.clone();
    let watching = notify::recommended_watcher(move |event| signal(&event, &told)).and_then(|mut watcher| {
        for folder in folders.iter().filter(|folder| Path::exists(folder)) {
            watcher.watch(folder, RecursiveMode::Recursive)?;
        }
        Ok(watcher)
    });
    let said = |error: &notify::Error| {
        tracing::warn!(%error, "no file events; the folders are looked at every {LOOK_WITHOUT_EVENTS:?} instead");
    };
    watching.inspect_err(said).ok()
}

fn signal(event: &notify::Result<notify::Event>, sender: &mpsc::Sender<()>) {
    match event {
        // Reading a file is an event too; answering it would never end.
        Ok(event) if event.kind.is_access() => return,
        Ok(_) => {}
        // Events may have been lost (an overflowing queue, say): looking again is the cure.
        Err(error) => tracing::debug!(%error, "file events were lost"),
    }
    // A full channel says "look again" already.
    _ = sender.try_send(());
}
