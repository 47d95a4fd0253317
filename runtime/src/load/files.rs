//! Reading what changed: a file that looks as it did when it was read is not read again.
//!
//! As version control systems do, a file is known by its inode, size and times. The times are those of
//! a clock that may tick slowly, so a file that was written shortly before it was read is not trusted
//! to be known: it is read again, and its digest decides.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cap_compiler::compile::{Content, ParsedFile, parse_file, take_file};
use cap_compiler::diagnostic::{Code, Diagnostic, Place};
use cap_compiler::pin::Digest;
use cap_compiler::source::SourceId;
use rayon::prelude::*;

use crate::disk::{Role, read_bounded, role};

/// The files that were read, as they were.
pub(super) type Known = BTreeMap<SourceId, KnownFile>;

/// A file that was read.
#[derive(Clone, Debug)]
pub(super) struct KnownFile {
    path: Arc<Path>,
    stamp: Option<Stamp>,
    pub(super) parsed: Arc<ParsedFile>,
}

/// How a file looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    identity: (u64, u64),
    size: u64,
    modified: SystemTime,
    changed: SystemTime,
}

/// Reads the definition files that changed, on all processors, and says which could not be read.
pub(super) fn read_changed(files: &BTreeMap<SourceId, PathBuf>, known: &Known) -> (Known, Vec<Diagnostic>) {
    let definitions = files.par_iter().filter(|(_, path)| role(path) == Some(Role::Definition));
    let results: Vec<_> = definitions.map(|(source, path)| read_one(source, path, known.get(source))).collect();
    let (mut read, mut faults) = (Vec::with_capacity(results.len()), Vec::new());
    for result in results {
        match result {
            Ok(file) => read.push((file.parsed.source.clone(), file)),
            Err(fault) => {
                let source = &fault.primary.place.source;
                // It is there: what it was when it was read stays, until it can be read or is gone.
                read.extend(known.get(source).map(|file| (source.clone(), file.clone().unsettled())));
                faults.push(*fault);
            }
        }
    }
    // Sorted as they are, they become a map at once.
    (read.into_iter().collect(), faults)
}

fn read_one(source: &SourceId, path: &Path, known: Option<&KnownFile>) -> Result<KnownFile, Box<Diagnostic>> {
    let now = SystemTime::now();
    let stamp = fs::metadata(path).ok().and_then(|metadata| Stamp::of(&metadata, now));
    if let Some(known) = known.filter(|known| stamp.is_some() && known.stamp == stamp && *known.path == *path) {
        return Ok(known.clone());
    }
    let bytes = read_bounded(path).map_err(|error| Box::new(unreadable(source, &error.to_string())))?;
    let parsed = match known {
        Some(known) if known.parsed.digest == Digest::of(&bytes) => Arc::clone(&known.parsed),
        Some(_) | None => Arc::new(take_file(source, &bytes)),
    };
    Ok(KnownFile { path: path.into(), stamp, parsed })
}

/// What came of reading files again.
pub(super) struct Again {
    /// Whether some have other bytes than they had.
    pub(super) changed: bool,
    /// Those that could not be read; they are no longer known.
    pub(super) faults: Vec<Diagnostic>,
}

/// Reads files again of which more is needed: of a kept tool its text, of a text its definition.
pub(super) fn take_again(known: &mut Known, sources: &[SourceId]) -> Again {
    let files: Vec<KnownFile> = sources.iter().filter_map(|source| known.remove(source)).collect();
    let read: Vec<_> = files.par_iter().map(read_more).collect();
    let mut again = Again { changed: false, faults: Vec::new() };
    for (file, read) in files.iter().zip(read) {
        match read {
            Ok(more) => {
                again.changed |= more.parsed.digest != file.parsed.digest;
                known.insert(more.parsed.source.clone(), more);
            }
            Err(fault) => again.faults.push(*fault),
        }
    }
    again
}

fn read_more(file: &KnownFile) -> Result<KnownFile, Box<Diagnostic>> {
    let (source, path) = (&file.parsed.source, Arc::clone(&file.path));
    let bytes = read_bounded(&path).map_err(|error| Box::new(unreadable(source, &error.to_string())))?;
    let take = if matches!(file.parsed.content, Content::Compiled(_)) { take_file } else { parse };
    Ok(KnownFile { path, stamp: None, parsed: Arc::new(take(source, &bytes)) })
}

fn parse(source: &SourceId, bytes: &Arc<[u8]>) -> ParsedFile {
    parse_file(source, bytes)
}

impl KnownFile {
    /// The file, to be read at the next look whatever it looks like.
    fn unsettled(self) -> Self {
        Self { stamp: None, ..self }
    }
}

impl Stamp {
    /// `None` where the file could change without looking different.
    fn of(metadata: &Metadata, now: SystemTime) -> Option<Self> {
        let (identity, changed) = outside(metadata)?;
        let modified = metadata.modified().ok()?;
        let settled = now.duration_since(modified.max(changed)).is_ok_and(|since| since > SLOWEST_TICK);
        settled.then_some(Self { identity, size: metadata.len(), modified, changed })
    }
}

/// The file system's own number for the file, and when it last changed anything about it, which no
/// program can set.
#[cfg(unix)]
fn outside(metadata: &Metadata) -> Option<((u64, u64), SystemTime)> {
    use std::os::unix::fs::MetadataExt;
    let seconds = Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
    let part = Duration::from_nanos(u64::try_from(metadata.ctime_nsec()).ok()?);
    Some(((metadata.dev(), metadata.ino()), SystemTime::UNIX_EPOCH + seconds + part))
}

/// Elsewhere nothing that cannot be set tells a change: every file is read.
#[cfg(not(unix))]
fn outside(_metadata: &Metadata) -> Option<((u64, u64), SystemTime)> {
    None
}

pub(super) fn unreadable(source: &SourceId, why: &str) -> Diagnostic {
    let message = format!("`{source}` cannot be read: {why}");
    Diagnostic::new(Code::UNREADABLE, message, Place::bytes(source, 0..0)).help("check the file and its permissions")
}

/// The slowest clock of a file system in use (FAT's).
const SLOWEST_TICK: Duration = Duration::from_secs(2);
