//! Folders to pinned capabilities: what is read, what compiles, what may be served.
//!
//! A [`Loader`] remembers what it parsed, so that only files whose bytes changed are parsed again,
//! and the last good form of each tool, so that a broken edit does not take it away.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{mem, num, panic, thread};

use cap_compiler::capability::{Capability, Origin, Server};
use cap_compiler::compile::{Compilation, ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::{Code, Diagnostic, Place};
use cap_compiler::pin::{Digest, LockFile, Pin, Pinned, Pins, Policy, Quarantined, Verdict, admit};
use cap_compiler::source::{SourceId, SourceLoader};

use crate::disk::{DiskLoader, Found, Role, read_bounded, role};
use crate::registry::FileDigests;

/// Loads capabilities folders, again and again.
#[derive(Debug)]
pub struct Loader {
    disk: DiskLoader,
    policy: Policy,
    parsed: BTreeMap<SourceId, Arc<ParsedFile>>,
    served: BTreeMap<SourceId, Pinned<Capability>>,
    held: BTreeMap<SourceId, Quarantined>,
    /// What the tools were made from, by the file of each; of one that broke, what it was made from.
    digests: BTreeMap<SourceId, FileDigests>,
}

/// What the folders hold.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Tools that may be served, sorted by name.
    pub tools: Vec<Pinned<Capability>>,
    /// Tools that may not, and why.
    pub quarantined: Vec<Quarantined>,
    /// What agents see of the apis.
    pub servers: Vec<Server>,
    /// Definition files whose tool is served in its last good form.
    pub stale: Vec<SourceId>,
    /// Everything there is to say: faults of the texts, then pins.
    pub diagnostics: Vec<Diagnostic>,
    /// How many definition files were read.
    pub files: usize,
    /// The files against their lock files.
    pub pins: Pins,
    /// The digests of the files that tools were made from, by the file of each.
    pub digests: BTreeMap<SourceId, FileDigests>,
    /// A digest of every byte that matters: equal fingerprints, equal contents.
    pub fingerprint: Digest,
}

impl Loader {
    /// A loader over these folders.
    #[must_use]
    pub fn new(paths: &[PathBuf], policy: Policy) -> Self {
        Self::over(DiskLoader::new(paths), policy)
    }

    /// A loader over the same folders that remembers nothing.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self::over(self.disk.clone(), self.policy)
    }

    fn over(disk: DiskLoader, policy: Policy) -> Self {
        Self {
            disk,
            policy,
            parsed: BTreeMap::new(),
            served: BTreeMap::new(),
            held: BTreeMap::new(),
            digests: BTreeMap::new(),
        }
    }

    /// Where the bytes come from, to show diagnostics.
    #[must_use]
    pub fn sources(&self) -> &DiskLoader {
        &self.disk
    }

    /// Reads the folders and compiles what changed.
    ///
    /// # Errors
    /// When a folder cannot be listed. Files that cannot be read are diagnostics.
    pub fn load(&mut self) -> io::Result<Loaded> {
        let Found { files, faults } = self.disk.files()?;
        let mut diagnostics: Vec<Diagnostic> = faults.iter().map(|(folder, why)| unreadable(folder, why)).collect();
        let (definitions, others) = split(&files);
        let (parsed, unreadable) = parse_changed(&definitions, &self.parsed);
        let lost: Vec<SourceId> = unreadable.iter().map(|fault| fault.primary.place.source.clone()).collect();
        diagnostics.extend(unreadable);
        self.parsed = parsed;

        let pins = self.compare_pins(&others, &mut diagnostics)?;
        let compilation = compile(self.parsed.values(), &pins);
        let fingerprint = self.fingerprint(&pins, &diagnostics);
        let mut loaded = Loaded { files: self.parsed.len(), pins, fingerprint, ..Loaded::default() };
        self.admit_all(compilation, lost, &mut loaded);
        loaded.diagnostics.append(&mut diagnostics);
        Ok(loaded)
    }

    /// Every pinned file of every root against its lock file.
    ///
    /// # Errors
    /// When a lock file is there and cannot be read: without it nothing is known to be reviewed.
    fn compare_pins(
        &self,
        others: &BTreeMap<SourceId, PathBuf>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> io::Result<Pins> {
        let mut digests: BTreeMap<SourceId, Digest> =
            self.parsed.iter().map(|(source, file)| (source.clone(), file.digest)).collect();
        for (source, path) in others.iter().filter(|(_, path)| role(path) == Some(Role::Tools)) {
            if let Ok(bytes) = read_bounded(path) {
                digests.insert(source.clone(), Digest::of(&bytes));
            }
        }
        let mut pins = Pins::default();
        for root in self.disk.roots() {
            let lock = self.read_lock(&root.lock(), diagnostics)?;
            let files = digests.iter().filter(|(source, _)| root.holds(source));
            pins.compare(&root.shown, files.map(|(source, digest)| (source, *digest)), &lock);
        }
        Ok(pins)
    }

    /// Files, their digests and their states towards the lock files, and what could not be read.
    fn fingerprint(&self, pins: &Pins, diagnostics: &[Diagnostic]) -> Digest {
        let mut text = String::new();
        for (source, file) in &self.parsed {
            text.push_str(&format!("{source} {}\n", file.digest));
        }
        text.push_str(&format!("{:?}{diagnostics:?}", pins.problems()));
        Digest::of(text.as_bytes())
    }

    fn read_lock(&self, id: &SourceId, diagnostics: &mut Vec<Diagnostic>) -> io::Result<LockFile> {
        let bytes = match self.disk.read(id) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LockFile::default()),
            Err(error) => return Err(io::Error::new(error.kind(), format!("{id}: {error}"))),
        };
        let outcome = LockFile::parse(id, &String::from_utf8_lossy(&bytes));
        diagnostics.extend(outcome.diagnostics);
        Ok(outcome.value.unwrap_or_default())
    }

    /// Serves or holds back what compiled; what did not stays as it last was.
    fn admit_all(&mut self, compilation: Compilation, lost: Vec<SourceId>, loaded: &mut Loaded) {
        loaded.servers = compilation.servers;
        loaded.diagnostics = compilation.diagnostics;
        let served = mem::take(&mut self.served);
        let held = mem::take(&mut self.held);
        self.note_digests(&compilation.capabilities);
        let names: BTreeSet<_> = compilation.capabilities.iter().map(|capability| capability.tool.clone()).collect();
        for capability in compilation.capabilities {
            let source = capability.origin.definition.clone();
            match admit(capability, &loaded.pins, self.policy) {
                Verdict::Admitted(tool) => _ = self.served.insert(source, tool),
                Verdict::Quarantined(quarantined) => _ = self.held.insert(source, quarantined),
            }
        }
        for source in compilation.failed.into_iter().chain(lost) {
            if let Some(last) = served.get(&source).filter(|tool| !names.contains(&tool.tool)) {
                self.keep(source, last, loaded);
            } else if let Some(last) = held.get(&source).filter(|tool| !names.contains(&tool.tool)) {
                self.held.insert(source, last.clone());
            }
        }
        loaded.tools = self.served.values().cloned().collect();
        loaded.tools.sort_by(|left, right| left.tool.cmp(&right.tool));
        loaded.quarantined = self.held.values().cloned().collect();
        loaded.quarantined.sort_by(|left, right| left.tool.cmp(&right.tool));
        self.digests.retain(|source, _| self.served.contains_key(source));
        loaded.digests = self.digests.clone();
        loaded.add_servers();
    }

    /// What the tools that compiled were made from. Tools of one api share the digests of its files.
    fn note_digests(&mut self, compiled: &[Capability]) {
        let mut known: BTreeMap<&[SourceId], Arc<[Digest]>> = BTreeMap::new();
        let digest = |file: &SourceId| self.parsed.get(file).map(|file| file.digest);
        for Origin { definition, dependencies } in compiled.iter().map(|tool| &tool.origin) {
            let shared = known.entry(dependencies).or_insert_with(|| dependencies.iter().filter_map(digest).collect());
            let files = FileDigests::new(digest(definition), Arc::clone(shared));
            self.digests.insert(definition.clone(), files);
        }
    }
}

impl Loader {
    /// Serves the last good form of a tool whose file broke. The gate is asked again: what differs
    /// from its pin is held back, broken or not, and without its api's file a tool has no server.
    fn keep(&mut self, source: SourceId, last: &Pinned<Capability>, loaded: &mut Loaded) {
        if !last.origin.dependencies.iter().all(|file| self.parsed.contains_key(file)) {
            return;
        }
        match admit((**last).clone(), &loaded.pins, self.policy) {
            Verdict::Admitted(tool) => {
                self.served.insert(source.clone(), tool);
                loaded.stale.push(source);
            }
            Verdict::Quarantined(quarantined) => _ = self.held.insert(source, quarantined),
        }
    }
}

impl Loaded {
    /// Servers that only tools in their last good form belong to.
    fn add_servers(&mut self) {
        for tool in &self.tools {
            if !self.servers.iter().any(|server| server.name == tool.server) {
                self.servers.push(Server { name: tool.server.clone(), title: None, description: None });
            }
        }
        self.servers.sort_by(|left, right| left.name.cmp(&right.name));
    }

    /// How many of the tools a lock file vouches for.
    #[must_use]
    pub fn locked(&self) -> usize {
        self.tools.iter().filter(|tool| tool.pin() == Pin::Locked).count()
    }
}

/// Definitions, and everything else.
fn split(files: &BTreeMap<SourceId, PathBuf>) -> (Vec<(&SourceId, &PathBuf)>, BTreeMap<SourceId, PathBuf>) {
    let (definitions, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|(_, path)| role(path) == Some(Role::Definition));
    (definitions, others.into_iter().map(|(source, path)| (source.clone(), path.clone())).collect())
}

/// Reads every file and parses those that changed, on as many threads as there are cores.
fn parse_changed(
    files: &[(&SourceId, &PathBuf)],
    known: &BTreeMap<SourceId, Arc<ParsedFile>>,
) -> (BTreeMap<SourceId, Arc<ParsedFile>>, Vec<Diagnostic>) {
    let threads = thread::available_parallelism().map_or(1, num::NonZero::get);
    let share = files.len().div_ceil(threads).max(1);
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = files.chunks(share).map(|chunk| scope.spawn(|| parse_all(chunk, known))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|bug| panic::resume_unwind(bug))).collect()
    });
    let mut parsed = BTreeMap::new();
    let mut diagnostics = Vec::new();
    for result in results {
        match result {
            Ok(file) => {
                parsed.insert(file.source.clone(), file);
            }
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (parsed, diagnostics)
}

fn parse_all(
    files: &[(&SourceId, &PathBuf)],
    known: &BTreeMap<SourceId, Arc<ParsedFile>>,
) -> Vec<Result<Arc<ParsedFile>, Box<Diagnostic>>> {
    files.iter().map(|(source, path)| parse_one(source, path, known)).collect()
}

fn parse_one(
    source: &SourceId,
    path: &Path,
    known: &BTreeMap<SourceId, Arc<ParsedFile>>,
) -> Result<Arc<ParsedFile>, Box<Diagnostic>> {
    let bytes = read_bounded(path).map_err(|error| Box::new(unreadable(source, &error.to_string())))?;
    match known.get(source) {
        Some(file) if file.digest == Digest::of(&bytes) => Ok(Arc::clone(file)),
        Some(_) | None => Ok(Arc::new(parse_file(source, &bytes))),
    }
}

fn unreadable(source: &SourceId, why: &str) -> Diagnostic {
    let message = format!("`{source}` cannot be read: {why}");
    Diagnostic::new(Code::UNREADABLE, message, Place::bytes(source, 0..0)).help("check the file and its permissions")
}
