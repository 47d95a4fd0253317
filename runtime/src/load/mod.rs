//! Folders to pinned capabilities: what is read, what compiles, what may be served.
//!
//! A [`Loader`] remembers what it read and made, so that only what changed is read, parsed, checked and
//! lowered again, and the last good form of each tool, so that a broken edit does not take it away.

mod files;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::{io, mem};

use cap_compiler::capability::{Capability, Server, ToolName};
use cap_compiler::compile::{Compilation, CompiledTool, Content, Outdated, recompile};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::{Digest, LockFile, Pin, Pinned, Pins, Policy, Quarantined, Verdict, admit};
use cap_compiler::source::{SourceId, SourceLoader};

use crate::disk::{DiskLoader, Found, Role, read_bounded, role};
use crate::registry::FileDigests;

use files::{Known, parse_again, read_changed, unreadable};

/// Loads capabilities folders, again and again.
#[derive(Debug)]
pub struct Loader {
    disk: DiskLoader,
    policy: Policy,
    known: Known,
    served: BTreeMap<SourceId, Pinned<Arc<Capability>>>,
    held: BTreeMap<SourceId, Quarantined>,
    /// What the tools were made from, by the file of each; of one that broke, what it was made from.
    digests: BTreeMap<SourceId, FileDigests>,
}

/// What the folders hold.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Tools that may be served, sorted by name.
    pub tools: Vec<Pinned<Arc<Capability>>>,
    /// Tools that may not, and why.
    pub quarantined: Vec<Quarantined>,
    /// What agents see of the apis.
    pub servers: Vec<Arc<Server>>,
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

/// What was found in the folders, beside the files that are known by now.
struct Read {
    /// The lock file of each root.
    locks: Vec<LockFile>,
    /// Files that are pinned and not compiled.
    tools_files: BTreeMap<SourceId, Digest>,
    /// Definition files that cannot be read.
    lost: Vec<SourceId>,
    /// What there is to say about all of this.
    said: Vec<Diagnostic>,
    fingerprint: Digest,
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
            known: Known::new(),
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
        let read = self.read()?;
        Ok(self.compiled(read))
    }

    /// The same, or `None` if the folders hold what they held when they had this fingerprint.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn load_unless(&mut self, fingerprint: Option<Digest>) -> io::Result<Option<Loaded>> {
        let read = self.read()?;
        Ok((Some(read.fingerprint) != fingerprint).then(|| self.compiled(read)))
    }

    /// Reads what changed.
    fn read(&mut self) -> io::Result<Read> {
        let Found { files, faults } = self.disk.files()?;
        let mut said: Vec<Diagnostic> = faults.iter().map(|(folder, why)| unreadable(folder, why)).collect();
        let (definitions, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            files.into_iter().partition(|(_, path)| role(path) == Some(Role::Definition));
        let (known, unreadable) = read_changed(&definitions, &self.known);
        let lost = unreadable.iter().map(|fault| fault.primary.place.source.clone()).collect();
        said.extend(unreadable);
        self.known = known;
        let locks = self.read_locks(&mut said)?;
        let tools_files = digests(&others);
        let fingerprint = self.fingerprint(&locks, &tools_files, &said);
        Ok(Read { locks, tools_files, lost, said, fingerprint })
    }

    /// Compiles what was read, and decides what is served.
    fn compiled(&mut self, mut read: Read) -> Loaded {
        let (pins, compilation) = self.compile(&mut read);
        let mut loaded = Loaded { files: self.known.len(), pins, fingerprint: read.fingerprint, ..Loaded::default() };
        self.keep_compiled(&compilation.tools);
        self.admit_all(compilation, read.lost, &mut loaded);
        loaded.diagnostics.append(&mut read.said);
        loaded
    }

    /// Compiles the files that are known. Where tools were kept and something that they were made of
    /// is another, or a text is not what it seemed to be, files are parsed again first.
    fn compile(&mut self, read: &mut Read) -> (Pins, Compilation) {
        loop {
            let pins = self.compare_pins(&read.locks, &read.tools_files);
            let files = match recompile(self.known.values().map(|file| &file.parsed), &pins) {
                Ok(compilation) => return (pins, compilation),
                Err(Outdated { files }) => files,
            };
            // Each round turns kept tools and texts into definitions, so the rounds end.
            for fault in files.iter().filter_map(|source| parse_again(&mut self.known, source).err()) {
                read.lost.push(fault.primary.place.source.clone());
                read.said.push(*fault);
            }
        }
    }

    /// Keeps tools in place of the definitions they were made of.
    fn keep_compiled(&mut self, tools: &[CompiledTool]) {
        for tool in tools.iter().filter(|tool| tool.can_be_kept()) {
            if let Some(file) = self.known.get_mut(&tool.capability.origin.definition)
                && !matches!(file.parsed.content, Content::Compiled(_))
            {
                file.parsed = Arc::new(file.parsed.compiled(tool.clone()));
            }
        }
    }

    /// Every pinned file of every root against its lock file.
    fn compare_pins(&self, locks: &[LockFile], tools_files: &BTreeMap<SourceId, Digest>) -> Pins {
        let mut pins = Pins::default();
        for (root, lock) in self.disk.roots().iter().zip(locks) {
            let definitions = self.known.iter().map(|(source, file)| (source, file.parsed.digest));
            let others = tools_files.iter().map(|(source, digest)| (source, *digest));
            let files = definitions.chain(others).filter(|(source, _)| root.holds(source));
            pins.compare(&root.shown, files, lock);
        }
        pins
    }

    /// Files, their digests, the lock files and what could not be read.
    fn fingerprint(&self, locks: &[LockFile], tools_files: &BTreeMap<SourceId, Digest>, said: &[Diagnostic]) -> Digest {
        let mut bytes = Vec::new();
        let definitions = self.known.iter().map(|(source, file)| (source, file.parsed.digest));
        for (source, digest) in definitions.chain(tools_files.iter().map(|(source, digest)| (source, *digest))) {
            bytes.extend_from_slice(source.as_str().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&digest.to_bytes());
        }
        for lock in locks {
            bytes.push(1);
            bytes.extend_from_slice(&lock.digest.to_bytes());
        }
        bytes.extend_from_slice(format!("{said:?}").as_bytes());
        Digest::of(&bytes)
    }

    /// The lock file of each root.
    ///
    /// # Errors
    /// When one is there and cannot be read: without it nothing is known to be reviewed.
    fn read_locks(&self, said: &mut Vec<Diagnostic>) -> io::Result<Vec<LockFile>> {
        self.disk.roots().iter().map(|root| self.read_lock(&root.lock(), said)).collect()
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
        let Compilation { tools, servers, failed, diagnostics } = compilation;
        (loaded.servers, loaded.diagnostics) = (servers, diagnostics);
        let (served, held) = (mem::take(&mut self.served), mem::take(&mut self.held));
        self.note_digests(&tools);
        for tool in &tools {
            let source = tool.capability.origin.definition.clone();
            match admit(Arc::clone(&tool.capability), &loaded.pins, self.policy) {
                Verdict::Admitted(tool) => _ = self.served.insert(source, tool),
                Verdict::Quarantined(quarantined) => _ = self.held.insert(source, quarantined),
            }
        }
        let taken = |name: &ToolName| tools.binary_search_by(|tool| tool.capability.tool.cmp(name)).is_ok();
        for source in failed.into_iter().chain(lost) {
            if let Some(last) = served.get(&source).filter(|last| !taken(&last.tool)) {
                self.keep(source, last, loaded);
            } else if let Some(last) = held.get(&source).filter(|last| !taken(&last.tool)) {
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
    fn note_digests(&mut self, compiled: &[CompiledTool]) {
        for tool in compiled {
            let definition = &tool.capability.origin.definition;
            let own = self.known.get(definition).map(|file| file.parsed.digest);
            self.digests.insert(definition.clone(), FileDigests::new(own, Arc::clone(&tool.shared)));
        }
    }
}

impl Loader {
    /// Serves the last good form of a tool whose file broke. The gate is asked again: what differs
    /// from its pin is held back, broken or not, and without its api's file a tool has no server.
    fn keep(&mut self, source: SourceId, last: &Pinned<Arc<Capability>>, loaded: &mut Loaded) {
        if !last.origin.dependencies.iter().all(|file| self.known.contains_key(file)) {
            return;
        }
        match admit(Arc::clone(last), &loaded.pins, self.policy) {
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
                self.servers.push(Arc::new(Server { name: tool.server.clone(), title: None, description: None }));
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

/// The digests of files that are pinned and not compiled: the approved tools of upstreams.
fn digests(files: &BTreeMap<SourceId, PathBuf>) -> BTreeMap<SourceId, Digest> {
    let tools = files.iter().filter(|(_, path)| role(path) == Some(Role::Tools));
    tools.filter_map(|(source, path)| Some((source.clone(), Digest::of(&read_bounded(path).ok()?)))).collect()
}
