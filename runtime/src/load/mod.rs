//! Folders to pinned capabilities: what is read, what compiles, what may be served.
//!
//! A [`Loader`] remembers what it read and made, so that only what changed is read, parsed, checked and
//! lowered again, and the last good form of each tool, so that a broken edit does not take it away.

mod files;
mod locks;
mod served;
mod signed;
mod upstreams;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::{io, mem};

use cap_compiler::capability::{Capability, Server, ServerName, ToolName};
use cap_compiler::compile::{Compilation, CompiledTool, Content, Outdated, recompile};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::{Digest, Pin, Pinned, Pins, Policy, Quarantined, Verdict, admit, admit_last};
use cap_compiler::source::SourceId;

use crate::disk::{DiskLoader, Found};
use crate::registry::FileDigests;

use files::{Known, read_changed, take_again, unreadable};
use locks::read_locks;
use upstreams::{Upstreams, read_tools};

pub use locks::FolderLock;
pub use signed::{OnceServed, SignatureFault, SignatureRule, Signed, signatures};
pub use upstreams::LoadedUpstream;

/// Loads capabilities folders, again and again.
#[derive(Debug)]
pub struct Loader {
    disk: DiskLoader,
    policy: Policy,
    /// Who must have signed the lock files, if anybody must.
    signed: Option<Arc<Signed>>,
    known: Known,
    served: HashMap<SourceId, LoadedTool>,
    held: HashMap<SourceId, Quarantined>,
    upstreams: Upstreams,
}

/// A tool that may be served.
#[derive(Clone, Debug)]
pub struct LoadedTool {
    /// The tool.
    pub pinned: Pinned<Arc<Capability>>,
    /// The digests of the files that it was made from; of one that broke, of what it was made from.
    pub files: FileDigests,
}

/// What the folders hold.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Tools that may be served, sorted by name.
    pub tools: Vec<LoadedTool>,
    /// Tools that may not, and why.
    pub quarantined: Vec<Quarantined>,
    /// What those tools are by now, as far as they compile: for whoever reads and does not serve.
    pub unserved: Vec<Arc<Capability>>,
    /// What agents see of the apis.
    pub servers: Vec<Arc<Server>>,
    /// MCP servers, sorted by name, also those that may not be connected to.
    pub upstreams: Vec<Arc<LoadedUpstream>>,
    /// Definition files whose tool is served in its last good form.
    pub stale: Vec<SourceId>,
    /// Everything there is to say: faults of the texts, then pins.
    pub diagnostics: Vec<Diagnostic>,
    /// How many definition files were read.
    pub files: usize,
    /// The files against their lock files.
    pub pins: Pins,
    /// The lock file of each folder, in the order of the folders.
    pub locks: Vec<FolderLock>,
    /// A digest of every byte that matters: equal fingerprints, equal contents.
    pub fingerprint: Digest,
    /// What happens to files that no lock file lists.
    pub policy: Policy,
}

/// Why folders cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// One of them cannot be listed, or its lock file not be read.
    #[error(transparent)]
    Folder(#[from] io::Error),
    /// A lock file is not signed as it must be.
    #[error(transparent)]
    Signature(#[from] SignatureFault),
}

/// What was found in the folders, beside the files that are known by now.
struct Read {
    /// The lock file of each root.
    locks: Vec<FolderLock>,
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

    /// The loader, which from now on loads nothing that is not signed. What no signed line speaks of is not served.
    #[must_use]
    pub fn signed(self, signed: Arc<Signed>) -> Self {
        Self { policy: Policy::RequireLocked, signed: Some(signed), ..self }
    }

    /// A loader over the same folders that remembers nothing.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { signed: self.signed.clone(), ..Self::over(self.disk.clone(), self.policy) }
    }

    fn over(disk: DiskLoader, policy: Policy) -> Self {
        let (served, held) = (HashMap::new(), HashMap::new());
        Self { disk, policy, signed: None, known: Known::new(), served, held, upstreams: Upstreams::default() }
    }

    /// Where the bytes come from, to show diagnostics.
    #[must_use]
    pub fn sources(&self) -> &DiskLoader {
        &self.disk
    }

    /// Reads the folders and compiles what changed.
    ///
    /// # Errors
    /// When a folder cannot be listed, or is not signed and must be. Files that cannot be read are diagnostics.
    pub fn load(&mut self) -> Result<Loaded, LoadError> {
        let read = self.read()?;
        Ok(self.compiled(read))
    }

    /// The same, or `None` if the folders hold what they held when they had this fingerprint.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load_unless(&mut self, fingerprint: Option<Digest>) -> Result<Option<Loaded>, LoadError> {
        let read = self.read()?;
        Ok((Some(read.fingerprint) != fingerprint).then(|| self.compiled(read)))
    }

    /// Reads what changed.
    fn read(&mut self) -> Result<Read, LoadError> {
        let Found { files, faults } = self.disk.files()?;
        let mut lock_faults = Vec::new();
        let locks = read_locks(&self.disk, &mut lock_faults)?;
        if let Some(signed) = &self.signed {
            signed.check(&self.disk, &locks)?;
        }
        let mut said: Vec<Diagnostic> = faults.iter().map(|(folder, why)| unreadable(folder, why)).collect();
        let (known, unreadable) = read_changed(&files, &self.known);
        let lost = unreadable.iter().map(|fault| fault.primary.place.source.clone()).collect();
        said.extend(unreadable);
        self.known = known;
        said.extend(lock_faults);
        self.upstreams.tools = read_tools(&files, &self.upstreams.tools);
        said.extend(self.upstreams.tools.values().flat_map(|file| file.diagnostics.iter().cloned()));
        let tools_files: BTreeMap<SourceId, Digest> =
            self.upstreams.tools.iter().map(|(source, file)| (source.clone(), file.digest)).collect();
        let fingerprint = self.fingerprint(&locks, &tools_files, &said);
        Ok(Read { locks, tools_files, lost, said, fingerprint })
    }

    /// Compiles what was read, and decides what is served.
    fn compiled(&mut self, mut read: Read) -> Loaded {
        let (pins, mut compilation) = self.compile(&mut read);
        compilation.tools.iter_mut().for_each(|tool| self.reuse(tool));
        let mut loaded = Loaded {
            files: self.known.len(),
            pins,
            fingerprint: read.fingerprint,
            policy: self.policy,
            ..Loaded::default()
        };
        self.keep_compiled(&compilation.tools);
        self.admit_all(compilation, read.lost, &mut loaded);
        loaded.diagnostics.append(&mut read.said);
        loaded.locks = read.locks;
        loaded
    }

    /// What is to be remembered as soon as this is served, if anything is.
    #[must_use]
    pub fn once_served(&self, loaded: &Loaded) -> Option<OnceServed> {
        let signed = Arc::clone(self.signed.as_ref()?);
        Some(OnceServed::new(signed, self.disk.clone(), loaded.locks.clone()))
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
            // Each round turns kept tools into texts and texts into definitions, so the rounds end.
            let again = take_again(&mut self.known, &files);
            if again.changed || !again.faults.is_empty() {
                // What is compiled is not what was looked at: the next look must not take it for that.
                read.fingerprint = Digest::default();
            }
            read.lost.extend(again.faults.iter().map(|fault| fault.primary.place.source.clone()));
            read.said.extend(again.faults);
        }
    }

    /// A tool that was made again and is as it was stays the one that others hold.
    fn reuse(&self, tool: &mut CompiledTool) {
        if let Some(last) = self.served.get(&tool.capability.origin.definition)
            && !Arc::ptr_eq(&last.pinned, &tool.capability)
            && **last.pinned == *tool.capability
        {
            tool.capability = Arc::clone(&last.pinned);
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
    fn compare_pins(&self, locks: &[FolderLock], tools_files: &BTreeMap<SourceId, Digest>) -> Pins {
        let mut pins = Pins::default();
        for (root, lock) in self.disk.roots().iter().zip(locks) {
            let definitions = self.known.iter().map(|(source, file)| (source, file.parsed.digest));
            let others = tools_files.iter().map(|(source, digest)| (source, *digest));
            let files = definitions.chain(others).filter(|(source, _)| root.holds(source));
            pins.compare(&root.shown, files, &lock.file);
        }
        pins
    }

    /// Files, their digests, the lock files and what could not be read.
    fn fingerprint(
        &self,
        locks: &[FolderLock],
        tools_files: &BTreeMap<SourceId, Digest>,
        said: &[Diagnostic],
    ) -> Digest {
        let mut bytes = Vec::new();
        let definitions = self.known.iter().map(|(source, file)| (source, file.parsed.digest));
        for (source, digest) in definitions.chain(tools_files.iter().map(|(source, digest)| (source, *digest))) {
            bytes.extend_from_slice(source.as_str().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&digest.to_bytes());
        }
        for lock in locks {
            bytes.push(1);
            bytes.extend_from_slice(&lock.file.digest.to_bytes());
        }
        bytes.extend_from_slice(format!("{said:?}").as_bytes());
        Digest::of(&bytes)
    }

    /// Serves or holds back what compiled; what did not stays as it last was.
    fn admit_all(&mut self, compilation: Compilation, lost: Vec<SourceId>, loaded: &mut Loaded) {
        let Compilation { tools, servers, upstreams, failed, diagnostics } = compilation;
        let broken: Vec<&SourceId> = failed.iter().chain(&lost).collect();
        loaded.upstreams = self.upstreams.admit(upstreams, &broken, &loaded.pins, self.policy);
        (loaded.servers, loaded.diagnostics) = (servers, diagnostics);
        let (served, held) = (mem::take(&mut self.served), mem::take(&mut self.held));
        for tool in &tools {
            let source = &tool.capability.origin.definition;
            match admit(Arc::clone(&tool.capability), &loaded.pins, self.policy) {
                Verdict::Admitted(pinned) => {
                    let files = FileDigests::new(Some(tool.own), Arc::clone(&tool.shared));
                    self.serve(source, LoadedTool { pinned, files }, loaded);
                }
                Verdict::Quarantined(quarantined) => {
                    loaded.unserved.push(Arc::clone(&tool.capability));
                    self.hold(source, quarantined, loaded);
                }
            }
        }
        let taken = |name: &ToolName| tools.binary_search_by(|tool| tool.capability.tool.cmp(name)).is_ok();
        for source in failed.into_iter().chain(lost) {
            if let Some(last) = served.get(&source).filter(|last| !taken(&last.tool)) {
                self.keep(&source, last, loaded);
            } else if let Some(last) = held.get(&source).filter(|last| !taken(&last.tool)) {
                self.hold(&source, last.clone(), loaded);
            }
        }
        // What compiled is sorted already.
        loaded.tools.sort_by(|left, right| left.tool.cmp(&right.tool));
        loaded.quarantined.sort_by(|left, right| left.tool.cmp(&right.tool));
        loaded.add_servers();
    }

    fn serve(&mut self, source: &SourceId, tool: LoadedTool, loaded: &mut Loaded) {
        loaded.tools.push(tool.clone());
        self.served.insert(source.clone(), tool);
    }

    fn hold(&mut self, source: &SourceId, quarantined: Quarantined, loaded: &mut Loaded) {
        loaded.quarantined.push(quarantined.clone());
        self.held.insert(source.clone(), quarantined);
    }

    /// Serves the last good form of a tool whose file broke. The gate is asked again: what differs
    /// from its pin is held back, broken or not, and without its api's file a tool has no server.
    fn keep(&mut self, source: &SourceId, last: &LoadedTool, loaded: &mut Loaded) {
        if !last.origin.dependencies.iter().all(|file| self.known.contains_key(file)) {
            return;
        }
        let digest = |file: &SourceId| self.known.get(file).map(|known| known.parsed.digest);
        let shared = last.origin.dependencies.iter().filter_map(digest).collect();
        let now = FileDigests::new(digest(&last.origin.definition), shared);
        let admit = if now.digest() == last.files.digest() { admit } else { admit_last };
        match admit(Arc::clone(&last.pinned), &loaded.pins, self.policy) {
            Verdict::Admitted(pinned) => {
                self.serve(source, LoadedTool { pinned, files: last.files.clone() }, loaded);
                loaded.stale.push(source.clone());
            }
            Verdict::Quarantined(quarantined) => self.hold(source, quarantined, loaded),
        }
    }
}

impl Deref for LoadedTool {
    type Target = Pinned<Arc<Capability>>;

    fn deref(&self) -> &Self::Target {
        &self.pinned
    }
}

impl Loaded {
    /// Servers that only tools in their last good form belong to.
    fn add_servers(&mut self) {
        let known: HashSet<ServerName> = self.servers.iter().map(|server| server.name.clone()).collect();
        let unknown = self.tools.iter().map(|tool| &tool.server).filter(|name| !known.contains(name));
        let unknown: BTreeSet<ServerName> = unknown.cloned().collect();
        let bare = |name| Arc::new(Server { name, title: None, description: None });
        self.servers.extend(unknown.into_iter().map(bare));
        self.servers.sort_by(|left, right| left.name.cmp(&right.name));
    }

    /// How many of the tools a lock file vouches for.
    #[must_use]
    pub fn locked(&self) -> usize {
        self.tools.iter().filter(|tool| tool.pin() == Pin::Locked).count()
    }
}
