//! The documents that commands read: a file, a folder, a URL or standard input, and the files that
//! they refer to.
//!
//! Files are read from the disk only for a document that came from there, and fetched only from the
//! origin that a person named: no document chooses what else is opened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::import::DocumentSource;
use cap_compiler::openapi::is_document;
use cap_compiler::source::{SourceId, SourceLoader};
use cap_runtime::disk::read_bounded;
use cap_runtime::execute::{Executor, ExecutorSettings};
use cap_runtime::secret::{Secrets, net};
use tokio::runtime::Runtime;

use crate::address::{is_url, shown};
use crate::exit::Exit;
use crate::output::{Output, Tone};

/// The largest document, in bytes.
const LARGEST: u64 = 64 << 20;
/// How many files may be fetched for one document.
const MOST_FETCHED: usize = 1_000;
/// Files of a folder that are tried first, without their ending.
const USUAL_NAMES: [&str; 5] = ["openapi", "swagger", "index", "main", "api"];

/// Reads a document's files, and keeps what it read so that diagnostics can show it.
pub(crate) struct DocumentLoader {
    read: RefCell<BTreeMap<SourceId, Arc<[u8]>>>,
    origin: Origin,
}

enum Origin {
    Disk,
    Web(Box<Web>),
}

struct Web {
    main: SourceId,
    executor: Executor,
    runtime: Runtime,
}

/// Reads the document that a person named.
pub(crate) fn read_document(name: &str, output: &Output) -> Result<(DocumentSource, DocumentLoader), Exit> {
    let (id, bytes, origin) = if name == "-" {
        (SourceId::new("<stdin>"), read_stdin().map_err(|error| failed(&error, output))?, Origin::Disk)
    } else if is_url(name) {
        fetch(name, output)?
    } else {
        let path = entry(Path::new(name)).map_err(|error| failed(&error, output))?;
        let id = SourceId::new(&path.to_string_lossy());
        (id, read_file(&path).map_err(|error| failed(&error, output))?.to_vec(), Origin::Disk)
    };
    // What lies on the disk is read again if a diagnostic shows it: most documents are shown nothing of.
    let again = name != "-" && matches!(origin, Origin::Disk);
    let kept = (!again).then(|| (id.clone(), bytes.clone().into()));
    Ok((DocumentSource { id, bytes }, DocumentLoader { read: RefCell::new(kept.into_iter().collect()), origin }))
}

fn failed(error: &io::Error, output: &Output) -> Exit {
    output.error(&error.to_string(), Some("name a file, a folder, an http(s) URL, or `-` for standard input"));
    Exit::Environment
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the document is larger than {} MiB", LARGEST >> 20),
        ));
    }
    Ok(bytes)
}

fn fetch(name: &str, output: &Output) -> Result<(SourceId, Vec<u8>, Origin), Exit> {
    let failed = |message: String| {
        output.error(&message, None);
        Exit::Environment
    };
    let executor = Executor::new(ExecutorSettings { secrets: Secrets::none(), ..ExecutorSettings::default() });
    let executor = executor.map_err(|error| {
        output.error(&error.to_string(), None);
        Exit::Environment
    })?;
    let runtime = Runtime::new().map_err(|error| failed(format!("cannot start: {error}")))?;
    let shown = shown(name);
    // A server that refuses may give the request back.
    net::learn_all(shown.secrets.iter().map(|value| ("DOCUMENT_URL", *value)));
    let progress = output.progress(&format!("fetching {}", shown.url));
    let fetched = runtime.block_on(executor.fetch_document(name));
    progress.finish_and_clear();
    let bytes = fetched.map_err(|error| failed(format!("cannot fetch the document: {error}")))?;
    if !shown.without.is_empty() {
        let names = shown.without.join("`, `");
        let note = format!("`{names}` of the URL is not written down; `cap import --update` asks without it");
        output.status(Tone::Warning, "Note", &note);
    }
    let main = SourceId::new(&shown.url);
    Ok((main.clone(), bytes, Origin::Web(Box::new(Web { main, executor, runtime }))))
}

/// The file that a name means: itself, or the one document at the top of a folder.
fn entry(path: &Path) -> io::Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| crate::disk::named(&error, path))? {
        let file = entry?.path();
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if matches!(ending, "json" | "yaml" | "yml") && read_file(&file).is_ok_and(|bytes| is_document(&bytes)) {
            found.push(file);
        }
    }
    found.sort();
    let usual = |file: &&PathBuf| file.file_stem().is_some_and(|stem| USUAL_NAMES.iter().any(|name| stem == *name));
    let named: Vec<&PathBuf> = found.iter().filter(usual).collect();
    match (named.as_slice(), found.as_slice()) {
        ([only], _) => Ok((*only).clone()),
        (_, [only]) => Ok(only.clone()),
        (_, []) => Err(io::Error::other(format!("no OpenAPI document lies at the top of `{}`", path.display()))),
        (_, several) => {
            let names: Vec<String> = several.iter().map(|file| file.display().to_string()).collect();
            Err(io::Error::other(format!("several documents lie in the folder; name one of {}", names.join(", "))))
        }
    }
}

/// A regular file: a pipe or a device would be waited for.
fn read_file(path: &Path) -> io::Result<Arc<[u8]>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot read `{}`: {error}", path.display()));
    if !fs::metadata(path).map_err(named)?.is_file() {
        return Err(named(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")));
    }
    read_bounded(path).map_err(named)
}

impl SourceLoader for DocumentLoader {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        Ok(Vec::new())
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        if let Some(bytes) = self.read.borrow().get(id) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = match &self.origin {
            Origin::Disk if id.url().is_some() => {
                return Err(io::Error::other("a document on disk fetches nothing from the network"));
            }
            Origin::Disk if Path::new(id.as_str()).is_file() => read_bounded(Path::new(id.as_str()))?,
            Origin::Disk => return Err(io::ErrorKind::NotFound.into()),
            Origin::Web(web) => web.fetch(id, self.read.borrow().len())?,
        };
        self.read.borrow_mut().insert(id.clone(), Arc::clone(&bytes));
        Ok(bytes)
    }
}

impl Web {
    fn fetch(&self, id: &SourceId, fetched: usize) -> io::Result<Arc<[u8]>> {
        let origin = |id: &SourceId| id.url().map(|url| url.origin());
        if origin(id) != origin(&self.main) {
            return Err(io::Error::other("it lies at another origin than the document"));
        }
        if fetched > MOST_FETCHED {
            return Err(io::Error::other(format!("more than {MOST_FETCHED} files would be fetched")));
        }
        let bytes = self.runtime.block_on(self.executor.fetch_document(id.as_str()));
        bytes.map(Into::into).map_err(|error| io::Error::other(error.to_string()))
    }
}
