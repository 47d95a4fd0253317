//! Changes on disk to a new snapshot: load, build, swap; or keep the old one and say why.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::capability::Capability;
use cap_compiler::diagnostic::{Diagnostic, Severity};
use cap_compiler::pin::{Digest, Pinned, Problem};
use cap_compiler::report::Places;
use cap_compiler::source::SourceLoader;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::execute::Prepared;
use crate::index::IndexError;
use crate::load::{Loaded, Loader};
use crate::registry::{Contents, RegisteredTool, Registry, Snapshot, reasons};
use crate::telemetry::{ReloadResult, Telemetry};
use crate::watch::Watcher;

/// Why there is no new snapshot.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A folder cannot be listed.
    #[error("the capabilities cannot be read: {0}")]
    Load(#[from] io::Error),
    /// The search index cannot be built.
    #[error("the search index cannot be built: {0}")]
    Index(#[from] IndexError),
    /// A fault of the gateway itself.
    #[error("internal error: loading ended unexpectedly")]
    Ended,
}

/// Makes snapshots of the folders, each with the next generation.
#[derive(Debug)]
pub struct Reloader {
    loader: Loader,
    generation: u64,
    fingerprint: Option<Digest>,
    told: BTreeSet<String>,
    /// How long the last look took that found nothing new.
    look: Duration,
}

impl Reloader {
    /// A reloader whose first snapshot has generation one.
    #[must_use]
    pub fn new(loader: Loader) -> Self {
        Self { loader, generation: 0, fingerprint: None, told: BTreeSet::new(), look: Duration::ZERO }
    }

    /// A reloader in the same state that has nothing parsed yet, for when this one is lost.
    fn spare(&self) -> Self {
        Self { loader: self.loader.emptied(), told: self.told.clone(), fingerprint: None, ..*self }
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
        let snapshot = Snapshot::after(before, self.generation + 1, contents(&loaded, problems.clone(), before))?;
        self.generation += 1;
        self.fingerprint = Some(loaded.fingerprint);
        self.tell(&loaded, problems);
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
        tokio::select! {
            () = stop.cancelled() => return,
            () = watcher.changed() => {}
            () = sleep(AGAIN), if again => {}
        }
        let spare = reloader.spare();
        let before = registry.snapshot();
        let work = spawn_blocking(move || {
            let result = reloader.reload(Some(&before));
            (reloader, result)
        });
        let loaded = work.await;
        panicked = loaded.is_err();
        reloader = match loaded {
            Ok((back, result)) => {
                watcher.looked(back.look);
                if result.is_err() {
                    watcher.lost();
                }
                swap(result, &registry, &telemetry);
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

/// How often folders that cannot be loaded are tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What was loaded, as the registry takes it. A tool that is as it was `before` stays the same.
#[must_use]
pub fn contents(loaded: &Loaded, problems: Vec<String>, before: Option<&Snapshot>) -> Contents {
    let prepared = |tool: &Pinned<Arc<Capability>>| {
        let known = before.and_then(|before| before.tool(tool.tool.as_str()));
        let same = |known: &Capability| std::ptr::eq(known, &***tool) || *known == ***tool;
        match known.filter(|known| same(known.capability())) {
            Some(known) => Arc::clone(&known.prepared),
            None => Arc::new(Prepared::new(Arc::clone(tool))),
        }
    };
    let tools = loaded.tools.iter().map(|tool| RegisteredTool {
        prepared: prepared(tool),
        pin: tool.pin(),
        files: tool.files.clone(),
    });
    Contents {
        servers: loaded.servers.clone(),
        tools: tools.collect(),
        quarantined: loaded.quarantined.clone(),
        problems,
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
