//! Changes on disk to a new snapshot: load, build, swap; or keep the old one and say why.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::capability::{Capability, Server};
use cap_compiler::diagnostic::{Diagnostic, Severity};
use cap_compiler::pin::{Digest, Problem, Quarantined};
use cap_compiler::report::Places;
use cap_compiler::source::SourceLoader;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::execute::Prepared;
use crate::index::IndexError;
use crate::load::{LoadError, Loaded, Loader, OnceServed, SignatureFault};
use crate::registry::{Contents, RegisteredTool, Registry, Snapshot, reasons};
use crate::telemetry::{ReloadResult, Telemetry};
use crate::upstream::{Remote, Upstreams};
use crate::watch::Watcher;

/// Why there is no new snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A folder cannot be listed.
    #[error("the capabilities cannot be read: {0}")]
    Load(#[source] io::Error),
    /// What is in the folders is not signed as it must be.
    #[error("{0} ({help})", help = .0.help())]
    Signature(SignatureFault),
    /// The search index cannot be built.
    #[error("the search index cannot be built: {0}")]
    Index(#[from] IndexError),
    /// A fault of the gateway itself.
    #[error("internal error: loading ended unexpectedly")]
    Ended,
}

impl From<LoadError> for ReloadError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Folder(error) => Self::Load(error),
            LoadError::Signature(fault) => Self::Signature(fault),
        }
    }
}

/// Makes snapshots of the folders, each with the next generation.
#[derive(Debug)]
pub struct Reloader {
    loader: Loader,
    upstreams: Upstreams,
    /// What the folders hold beside tools.
    beside: Beside,
    generation: u64,
    fingerprint: Option<Digest>,
    told: BTreeSet<String>,
    /// What is remembered once the last snapshot is served.
    once_served: Option<OnceServed>,
    /// How long the last look took that found nothing new.
    look: Duration,
}

/// What a snapshot has beside tools, of what the folders hold.
#[derive(Clone, Debug, Default)]
struct Beside {
    servers: Vec<Arc<Server>>,
    quarantined: Vec<Quarantined>,
    problems: Vec<String>,
}

/// What may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    /// Something in the folders, and perhaps upstreams as well.
    Folders,
    /// What upstreams offer, and nothing else.
    Upstreams,
}

impl Reloader {
    /// A reloader whose first snapshot has generation one. It keeps those `upstreams` that the folders declare.
    #[must_use]
    pub fn new(loader: Loader, upstreams: Upstreams) -> Self {
        let beside = Beside::default();
        Self {
            loader,
            upstreams,
            beside,
            generation: 0,
            fingerprint: None,
            told: BTreeSet::new(),
            once_served: None,
            look: Duration::ZERO,
        }
    }

    /// A reloader in the same state that has nothing parsed yet, for when this one is lost.
    fn spare(&self) -> Self {
        Self {
            loader: self.loader.emptied(),
            upstreams: self.upstreams.clone(),
            beside: self.beside.clone(),
            told: self.told.clone(),
            once_served: None,
            fingerprint: None,
            ..*self
        }
    }

    /// Loads the folders and builds a snapshot; `None` if nothing changed since the last one. Tools
    /// that are as they were `before` keep what was compiled for them.
    ///
    /// # Errors
    /// When there is no new snapshot; the state is as before.
    pub fn reload(&mut self, before: Option<&Snapshot>) -> Result<Option<Snapshot>, ReloadError> {
        // On the threads that load and index, always: the memory that one load gives back to their part of
        // the heap is what the next one takes.
        rayon::scope(|_| self.reload_here(before))
    }

    fn reload_here(&mut self, before: Option<&Snapshot>) -> Result<Option<Snapshot>, ReloadError> {
        let begun = Instant::now();
        let Some(loaded) = self.loader.load_unless(self.fingerprint)? else {
            self.look = begun.elapsed();
            return Ok(None);
        };
        let problems = problem_lines(&loaded, self.loader.sources());
        self.upstreams.declare(&loaded.upstreams);
        let contents = contents(&loaded, problems.clone(), &self.upstreams.all(), before);
        let beside = Beside {
            servers: loaded.servers.clone(),
            quarantined: loaded.quarantined.clone(),
            problems: problems.clone(),
        };
        let snapshot = Snapshot::after(before, self.generation + 1, contents)?;
        self.generation += 1;
        self.beside = beside;
        self.fingerprint = Some(loaded.fingerprint);
        self.once_served = self.loader.once_served(&loaded);
        self.tell(&loaded, problems);
        Ok(Some(snapshot))
    }

    /// Remembers that the last snapshot is served: for whoever serves it, once that cannot fail any more.
    pub async fn served(&mut self) {
        let Some(once_served) = self.once_served.take() else { return };
        if let Err(bug) = spawn_blocking(move || once_served.remember()).await {
            tracing::error!(%bug, "internal error: noting what is served panicked");
        }
    }

    /// Builds a snapshot of the folders as they were and of the upstreams as they are.
    fn offer_again(&mut self, before: &Snapshot) -> Result<Option<Snapshot>, ReloadError> {
        let remotes = self.upstreams.all();
        let of_folders = before.tools().iter().filter(|tool| tool.capability().call.http().is_some());
        let Beside { servers, quarantined, problems } = self.beside.clone();
        let mut contents =
            Contents { servers, upstreams: Vec::new(), tools: of_folders.cloned().collect(), quarantined, problems };
        add_upstreams(&mut contents, &remotes, Some(before));
        let snapshot = Snapshot::after(Some(before), self.generation + 1, contents)?;
        self.generation += 1;
        tracing::info!(generation = self.generation, tools = snapshot.tools().len(), "upstreams changed");
        Ok(Some(snapshot))
    }

    /// Logs what is new since the last load, and a line about the whole.
    fn tell(&mut self, loaded: &Loaded, problems: Vec<String>) {
        let problems: BTreeSet<String> = problems.into_iter().chain(quarantine_lines(loaded)).collect();
        for problem in problems.difference(&self.told) {
            tracing::warn!("{problem}");
        }
        for mended in self.told.difference(&problems) {
            tracing::info!("mended: {mended}");
        }
        let unpinned = loaded.tools.len() - loaded.locked();
        if unpinned > 0 {
            tracing::warn!(unpinned, "tools are served that no lock file vouches for; review them and run `cap pin`");
        }
        tracing::info!(
            generation = self.generation,
            tools = loaded.tools.len(),
            unpinned,
            quarantined = loaded.quarantined.len(),
            stale = loaded.stale.len(),
            "capabilities loaded"
        );
        self.told = problems;
    }
}

/// Answers change signals with new snapshots until `stop`. A signal that comes while a snapshot is
/// being built is answered after it, so that the last change always counts.
///
/// While the folders cannot be loaded they are tried again every few seconds: what is mended on the
/// way to a disk gives no file event.
pub async fn run(
    mut reloader: Reloader,
    registry: Arc<Registry>,
    mut watcher: Watcher,
    telemetry: Telemetry,
    stop: CancellationToken,
) {
    let mut panicked = false;
    loop {
        // What made it panic is still there: only a change can help.
        let again = registry.fault().is_some() && !panicked;
        let upstreams = reloader.upstreams.clone();
        let trigger = tokio::select! {
            () = stop.cancelled() => return,
            () = watcher.changed() => Trigger::Folders,
            () = sleep(AGAIN), if again => Trigger::Folders,
            () = upstreams.changed() => Trigger::Upstreams,
        };
        if trigger == Trigger::Upstreams {
            // Many connect at one time.
            sleep(CROWD).await;
        }
        let spare = reloader.spare();
        let before = registry.snapshot();
        let work = spawn_blocking(move || {
            let result = match trigger {
                Trigger::Folders => reloader.reload(Some(&before)),
                Trigger::Upstreams => rayon::scope(|_| reloader.offer_again(&before)),
            };
            (reloader, result)
        });
        let loaded = work.await;
        panicked = loaded.is_err();
        reloader = match loaded {
            Ok((mut back, result)) => {
                if trigger == Trigger::Folders {
                    watcher.looked(back.look);
                }
                if result.is_err() {
                    watcher.lost();
                }
                match trigger {
                    Trigger::Folders => swap(result, &registry, &telemetry),
                    Trigger::Upstreams => offer(result, &registry),
                }
                back.served().await;
                back
            }
            Err(bug) => {
                tracing::error!(%bug, "internal error: loading panicked; the tools of before are still served");
                swap(Err(ReloadError::Ended), &registry, &telemetry);
                spare
            }
        };
    }
}

fn swap(result: Result<Option<Snapshot>, ReloadError>, registry: &Registry, telemetry: &Telemetry) {
    let before = registry.fault();
    let (counted, fault) = match result {
        Ok(Some(snapshot)) => {
            registry.swap(snapshot);
            (ReloadResult::Loaded, None)
        }
        Ok(None) => (ReloadResult::Unchanged, None),
        Err(error) => (ReloadResult::Failed, Some(error.to_string())),
    };
    match (&before, &fault) {
        (known, Some(error)) if known.as_deref() != Some(error) => {
            tracing::error!(%error, "the tools of before are still served");
        }
        (Some(error), None) => tracing::info!("mended: {error}"),
        (Some(_) | None, Some(_)) | (None, None) => {}
    }
    registry.set_fault(fault);
    if let Some(metrics) = telemetry.metrics() {
        metrics.reloaded(counted);
    }
}

/// Serves what upstreams offer now. What is in the way of the folders still is.
fn offer(result: Result<Option<Snapshot>, ReloadError>, registry: &Registry) {
    match result {
        Ok(Some(snapshot)) => registry.swap(snapshot),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "the tools of before are still served"),
    }
}

/// How long upstreams that change are waited for.
const CROWD: Duration = Duration::from_millis(30);

/// How often folders that cannot be loaded are tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What was loaded and what upstreams offer, as the registry takes it. A tool that is as it was `before`
/// stays the same.
#[must_use]
pub fn contents(
    loaded: &Loaded,
    problems: Vec<String>,
    upstreams: &[Arc<Remote>],
    before: Option<&Snapshot>,
) -> Contents {
    let tools = loaded.tools.iter().map(|tool| RegisteredTool {
        prepared: prepared(tool, before),
        pin: tool.pin(),
        files: tool.files.clone(),
    });
    let mut contents = Contents {
        servers: loaded.servers.clone(),
        upstreams: Vec::new(),
        tools: tools.collect(),
        quarantined: loaded.quarantined.clone(),
        problems,
    };
    add_upstreams(&mut contents, upstreams, before);
    contents
}

/// Adds what upstreams offer.
fn add_upstreams(contents: &mut Contents, upstreams: &[Arc<Remote>], before: Option<&Snapshot>) {
    for remote in upstreams {
        let catalog = remote.catalog();
        let tools = catalog.tools.iter().map(|tool| RegisteredTool {
            prepared: prepared(&tool.capability, before),
            pin: tool.pin,
            files: tool.files.clone(),
        });
        contents.tools.extend(tools);
        contents.quarantined.extend(catalog.quarantined.iter().cloned());
        contents.upstreams.push(Arc::clone(remote));
    }
}

/// A capability ready to be called; the one of before, if it is the same.
fn prepared(capability: &Arc<Capability>, before: Option<&Snapshot>) -> Arc<Prepared> {
    let known = before.and_then(|before| before.tool(capability.tool.as_str()));
    let same = |known: &Capability| std::ptr::eq(known, &**capability) || *known == **capability;
    match known.filter(|known| same(known.capability())) {
        Some(known) => Arc::clone(&known.prepared),
        None => Arc::new(Prepared::new(Arc::clone(capability))),
    }
}

/// What is wrong with the files in one line each, such as `file:line: error[CAP0105]: unknown key`.
/// Tools that are held back are not among them.
#[must_use]
pub fn problem_lines(loaded: &Loaded, sources: &dyn SourceLoader) -> Vec<String> {
    let is_told = |problem: &&Problem| matches!(problem, Problem::Gone { .. } | Problem::Moved { .. });
    let told = loaded.pins.problems().iter().filter(is_told);
    let faults: Vec<Diagnostic> = loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity != Severity::Note)
        .cloned()
        .chain(told.map(Problem::diagnostic))
        .collect();
    let places = Places::of(&faults, sources);
    let line = |fault: &Diagnostic| {
        let line = places.find(&fault.primary.place).map_or(String::new(), |found| format!(":{}", found.line));
        let word = if fault.is_error() { "error" } else { "warning" };
        format!("{}{line}: {word}[{}]: {}", fault.primary.place.source, fault.code, fault.message)
    };
    faults.iter().map(line).collect()
}

/// The tools that are held back, in one line each.
fn quarantine_lines(loaded: &Loaded) -> impl Iterator<Item = String> {
    loaded.quarantined.iter().map(|held| format!("`{}` is quarantined: {}", held.tool, reasons(held).join("; ")))
}
