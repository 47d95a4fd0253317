//! What was last pinned: a revision's files as its lock file has them, wherever in the history they are.

use std::collections::{BTreeMap, BTreeSet};

use cap_compiler::pin::{Digest, LOCK_FILE, LockFile};
use cap_compiler::source::SourceId;

use super::chosen::Texts;
use super::git::{Repository, Revision};

/// Puts in the place of each file that is not as its lock file says the version that is, and takes away what no line
/// speaks of. Gives the files of which no such version was found; they stay as they are.
///
/// # Errors
/// When git cannot be asked.
pub(super) fn restore(
    repository: &Repository,
    revision: &Revision,
    texts: &mut Texts,
) -> Result<Vec<SourceId>, String> {
    let locks: Vec<SourceId> =
        texts.files.keys().filter(|source| source.as_str().rsplit('/').next() == Some(LOCK_FILE)).cloned().collect();
    let mut missing = Vec::new();
    for lock in locks {
        let folder = lock.as_str().strip_suffix(LOCK_FILE).unwrap_or_default().to_owned();
        let Some(bytes) = texts.files.get(&lock) else { continue };
        let parsed = LockFile::parse(&lock, &String::from_utf8_lossy(bytes)).value.unwrap_or_default();
        missing.extend(restore_folder(repository, revision, texts, &folder, &parsed)?);
    }
    Ok(missing)
}

fn restore_folder(
    repository: &Repository,
    revision: &Revision,
    texts: &mut Texts,
    folder: &str,
    lock: &LockFile,
) -> Result<Vec<SourceId>, String> {
    let here = texts.files.iter().filter(|(source, _)| source.as_str().starts_with(folder));
    let here: BTreeMap<SourceId, Digest> = here.map(|(source, bytes)| (source.clone(), Digest::of(bytes))).collect();
    let is_listed = |source: &SourceId| {
        source.as_str().strip_prefix(folder).is_some_and(|path| path == LOCK_FILE || lock.entries.contains_key(path))
    };
    let unlisted: BTreeSet<Digest> =
        here.iter().filter(|(source, _)| !is_listed(source)).map(|(_, digest)| *digest).collect();
    let (mut missing, mut moved, mut changed) = (Vec::new(), BTreeSet::new(), false);
    for (path, digest) in &lock.entries {
        let source = SourceId::new(&format!("{folder}{path}"));
        match here.get(&source) {
            Some(found) if found == digest => continue,
            // One that was moved as it is has the bytes that were pinned; a copy of them elsewhere is no move.
            None if unlisted.contains(digest) => {
                moved.insert(*digest);
                continue;
            }
            Some(_) | None => {}
        }
        match repository.version(revision, &texts.path_of(&source), *digest)? {
            Some(bytes) => drop(texts.files.insert(source, bytes)),
            None => missing.push(source),
        }
        changed = true;
    }
    for (source, digest) in here.iter().filter(|(source, _)| !is_listed(source)) {
        if !moved.contains(digest) {
            texts.files.remove(source);
            changed = true;
        }
    }
    if changed {
        texts.label = format!("{} as it was pinned", revision.name);
    }
    Ok(missing)
}
