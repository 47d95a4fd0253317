//! `cap pin --resolve`: a lock file without the conflicts of a merge. Nothing is pinned that neither side had.

use cap_compiler::pin::{Digest, LOCK_FILE, LockFile, Resolved, resolve};
use cap_compiler::source::SourceLoader;
use cap_runtime::disk::{DiskLoader, Root};

use super::tell_signatures;
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};

/// Writes a folder's lock file anew.
pub(super) fn run(root: &Root, sources: &DiskLoader, output: &Output) -> Result<(), Exit> {
    let Ok(bytes) = sources.read(&root.lock()) else { return Ok(()) };
    let text = String::from_utf8_lossy(&bytes);
    let outcome = resolve(&root.lock(), &text, |path| Some(Digest::of(&sources.read(&root.file(path)).ok()?)));
    output.diagnostics(&outcome.diagnostics, sources);
    let Some(resolved) = outcome.value else { return Err(Exit::Failure) };
    tell(&resolved, output);
    let before = LockFile::parse(&root.lock(), &text);
    let is_whole = before.diagnostics.is_empty()
        && before.value.is_some_and(|before| before.entries == resolved.lock.entries && before.is_sorted());
    let path = root.path.join(LOCK_FILE);
    if !is_whole {
        let text = resolved.lock.render();
        write_atomic(&path, &text).map_err(|error| {
            output.error(&format!("cannot write the lock file: {error}"), None);
            Exit::Environment
        })?;
        tell_signatures(root, &bytes, &text, output);
    }
    output.status(
        Tone::Good,
        "Resolved",
        &format!("{} in {}", plural(resolved.lock.entries.len(), "file"), path.display()),
    );
    Ok(())
}

fn tell(resolved: &Resolved, output: &Output) {
    let lines = [
        (Tone::Good, "Kept", "the line that is about the file as it is", &resolved.chosen),
        (Tone::Good, "Forgot", "one side has no line, and there is no file", &resolved.forgotten),
        (Tone::Warning, "Left", "merged as well: on no branch was it reviewed as it is", &resolved.unreviewed),
    ];
    for (tone, verb, why, paths) in lines {
        for path in paths.iter().take(SHOWN) {
            output.status(tone, verb, &format!("{path} ({why})"));
        }
        if paths.len() > SHOWN {
            output.detail(&format!("… and {} more", paths.len() - SHOWN));
        }
    }
}

/// How many files are listed one by one.
const SHOWN: usize = 20;
