//! `--require-signature`: nothing is loaded unless allowed signers stand behind every folder's lock file, and
//! nothing that was served before and replaced.
//!
//! Whose keys count is read again at every look at the folders. What is served goes on being served when a
//! look finds something that is not signed; see [`crate::reload`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use cap_compiler::diagnostic::{Diagnostic, Outcome};
use cap_compiler::pin::Digest;
use cap_compiler::pin::signature::{
    AllowedSigners, Judgement, SIGNATURE_FILE, SignatureFile, UnixTime, judge, nothing_to_sign,
};
use cap_compiler::report::Places;
use cap_compiler::source::{MemoryLoader, SourceId, SourceLoader};

use super::FolderLock;
use super::files::unreadable;
use super::served::Served;
use crate::disk::{DiskLoader, Root, read_bounded};

/// What must be signed, and by whom.
#[derive(Clone, Debug)]
pub struct SignatureRule {
    /// The file of the allowed signers.
    pub signers: PathBuf,
    /// How many of them must have signed.
    pub wanted: NonZeroUsize,
    /// The folder in which it is kept which lock files were served; without one, the process alone remembers.
    pub memory: Option<PathBuf>,
    /// Lock files that may be served again though they were replaced.
    pub put_back: BTreeSet<Digest>,
}

/// Holds a [`SignatureRule`], and remembers what was served.
#[derive(Debug)]
pub struct Signed {
    rule: SignatureRule,
    folders: Mutex<BTreeMap<PathBuf, Folder>>,
}

/// What is known of one folder.
#[derive(Debug)]
struct Folder {
    served: Served,
    /// Who signed what is there, as it was told last.
    signers: Vec<String>,
}

/// Lock files that were loaded: to be remembered when what they vouch for is served, and not before. What was
/// loaded and never served, say because the port was taken, has replaced nothing.
#[derive(Debug)]
pub struct OnceServed {
    signed: Arc<Signed>,
    disk: DiskLoader,
    locks: Vec<FolderLock>,
}

/// Why what is in the folders is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum SignatureFault {
    /// It is not known whose signatures count.
    #[error("the allowed signers cannot be read: {0}")]
    Signers(String),
    /// A lock file is not signed by those who must.
    #[error("{0}")]
    Unsigned(String, Option<String>),
    /// A lock file was served before and replaced since.
    #[error("`{lock}` is signed, but was replaced by a newer one: sha256:{digest} was served before")]
    PutBack {
        /// The lock file.
        lock: SourceId,
        /// What is there.
        digest: Digest,
    },
    /// What was served cannot be told.
    #[error("which lock files were served cannot be read: {0}")]
    Memory(io::Error),
}

impl SignatureFault {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Signers(_) => "mend the file; `cap verify --signers FILE` shows what is wrong with it".to_owned(),
            Self::Unsigned(_, help) => help.clone().unwrap_or_default(),
            Self::PutBack { digest, .. } => {
                format!("deploy what was signed last; or, to go back on purpose, add `--allow-rollback {digest}`")
            }
            Self::Memory(_) => "restore the file, or remove it to begin anew".to_owned(),
        }
    }
}

impl Signed {
    /// Reads what was served of these folders before.
    ///
    /// # Errors
    /// When that is there and cannot be read.
    pub fn open(rule: SignatureRule, disk: &DiskLoader) -> Result<Self, SignatureFault> {
        let mut folders = BTreeMap::new();
        for root in disk.roots() {
            let served = Served::open(rule.memory.as_deref(), &root.path).map_err(SignatureFault::Memory)?;
            folders.insert(root.path.clone(), Folder { served, signers: Vec::new() });
        }
        Ok(Self { rule, folders: Mutex::new(folders) })
    }

    /// Whether every folder is signed by those who must, and none was put back.
    pub(super) fn check(&self, disk: &DiskLoader, locks: &[FolderLock]) -> Result<(), SignatureFault> {
        let allowed = self.allowed()?;
        for (root, lock) in disk.roots().iter().zip(locks) {
            let Some(bytes) = lock.bytes.as_deref() else {
                return Err(unsigned(nothing_to_sign(&root.lock()), Vec::new()));
            };
            let (judged, faults) = signatures(disk, root, bytes, &allowed);
            if let Some(refusal) = judged.refusal(&root.lock(), self.rule.wanted) {
                return Err(unsigned(refusal, faults));
            }
            let digest = Digest::of(bytes);
            if self.is_put_back(root, digest) {
                return Err(SignatureFault::PutBack { lock: root.lock(), digest });
            }
            self.tell(root, judged.shown());
        }
        Ok(())
    }

    fn is_put_back(&self, root: &Root, digest: Digest) -> bool {
        let was_replaced = self.folders().get(&root.path).is_some_and(|folder| folder.served.was_replaced(digest));
        was_replaced && !self.rule.put_back.contains(&digest)
    }

    /// Logs who signed, where that is new.
    fn tell(&self, root: &Root, signers: Vec<String>) {
        if let Some(folder) = self.folders().get_mut(&root.path)
            && folder.signers != signers
        {
            tracing::info!(lock = %root.lock(), signers = signers.join(", "), "the lock file is signed");
            folder.signers = signers;
        }
    }

    fn folders(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Folder>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is served from now on.
    fn remember(&self, disk: &DiskLoader, locks: &[FolderLock]) {
        let mut folders = self.folders();
        for (root, lock) in disk.roots().iter().zip(locks) {
            let digest = Digest::of(lock.bytes.as_deref().unwrap_or_default());
            let Some(folder) = folders.get_mut(&root.path) else { continue };
            if let Err(error) = folder.served.add(digest) {
                let lock = root.lock();
                tracing::warn!(%lock, %error, "it is remembered until the end of this process only what was served");
            }
        }
    }

    /// Whose signatures count, as the file says now.
    fn allowed(&self) -> Result<AllowedSigners, SignatureFault> {
        let path = &self.rule.signers;
        let bytes =
            read_bounded(path).map_err(|error| SignatureFault::Signers(format!("`{}`: {error}", path.display())))?;
        let source = SourceId::new(&path.to_string_lossy());
        let outcome = AllowedSigners::parse(&source, &bytes);
        outcome.value.ok_or_else(|| {
            let errors: Vec<Diagnostic> = outcome.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
            let mut loader = MemoryLoader::default();
            loader.insert(source.as_str(), bytes);
            SignatureFault::Signers(lines(&errors, &loader))
        })
    }
}

impl OnceServed {
    pub(super) fn new(signed: Arc<Signed>, disk: DiskLoader, locks: Vec<FolderLock>) -> Self {
        Self { signed, disk, locks }
    }

    /// Notes that they are served from now on. It waits for the disk.
    pub fn remember(self) {
        self.signed.remember(&self.disk, &self.locks);
    }
}

/// What the signatures beside a folder's lock file are worth now, and what is wrong with their file.
#[must_use]
pub fn signatures(
    disk: &DiskLoader,
    root: &Root,
    lock: &[u8],
    allowed: &AllowedSigners,
) -> (Judgement, Vec<Diagnostic>) {
    let source = root.file(SIGNATURE_FILE);
    let outcome = match disk.read(&source) {
        Ok(bytes) => SignatureFile::parse(&source, &bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Outcome { value: None, diagnostics: Vec::new() },
        Err(error) => Outcome::failed(unreadable(&source, &error.to_string())),
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let judgement = judge(lock, &outcome.value.unwrap_or_default(), allowed, UnixTime(now));
    (judgement, outcome.diagnostics)
}

fn unsigned(refusal: Diagnostic, faults: Vec<Diagnostic>) -> SignatureFault {
    let faults = faults.into_iter().take(MOST_FAULTS).map(|fault| fault.message);
    let told: Vec<String> = std::iter::once(refusal.message).chain(refusal.notes).chain(faults).collect();
    SignatureFault::Unsigned(told.join("; "), refusal.help)
}

/// Faults in one line, each with its place.
fn lines(faults: &[Diagnostic], loader: &dyn SourceLoader) -> String {
    let places = Places::of(faults, loader);
    let line = |fault: &Diagnostic| {
        let source = &fault.primary.place.source;
        let line = places.find(&fault.primary.place).map_or(String::new(), |found| format!(":{}", found.line));
        format!("{source}{line}: {}", fault.message)
    };
    faults.iter().take(MOST_FAULTS).map(line).collect::<Vec<_>>().join("; ")
}

/// How many faults of one file are told in a line.
const MOST_FAULTS: usize = 5;
