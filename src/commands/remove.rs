//! `cap remove`: takes an upstream's files away, with its lines of the lock file.

use std::io;
use std::path::PathBuf;

use cap_compiler::diagnostic::nearest;
use cap_compiler::pin::{LOCK_FILE, LockFile};
use cap_compiler::source::SourceLoader;
use cap_runtime::disk::DiskLoader;

use crate::args::RemoveArgs;
use crate::disk::{named, write_atomic};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::upstreams::{Known, KnownKind, known_servers};
use crate::workspace::Workspace;

pub(crate) fn run(args: &RemoveArgs, output: &Output) -> Result<Exit, Exit> {
    let failed = |error: io::Error| {
        output.error(&format!("cannot remove: {error}"), None);
        Exit::Environment
    };
    let workspace = Workspace::open(&args.folders, output)?;
    let known = known_servers(&workspace.folders).map_err(failed)?;
    let found = find(&known, &args.name, output)?;
    let files = files(found, &known);
    let lines = LockLines::of(found, &files);
    if args.dry_run {
        files.iter().for_each(|path| output.status(Tone::Warning, "Would remove", &path.display().to_string()));
        output.status(Tone::Good, "Finished", "nothing was removed (--dry-run)");
        return Ok(Exit::Success);
    }
    // The lock file goes first: a line without a file is a warning, and what is left can be removed again.
    if let Some(lines) = &lines {
        write_atomic(&found.root.path.join(LOCK_FILE), &lines.text).map_err(failed)?;
    }
    for path in &files {
        std::fs::remove_file(path).map_err(|error| failed(named(&error, path)))?;
        output.status(Tone::Good, "Removed", &path.display().to_string());
    }
    if let Some(folder) = found.path.parent().filter(|folder| *folder != found.root.path) {
        // Only an empty folder can be removed like this; another one stays.
        if std::fs::remove_dir(folder).is_ok() {
            output.status(Tone::Good, "Removed", &folder.display().to_string());
        }
    }
    if let Some(lines) = &lines {
        let lock = found.root.path.join(LOCK_FILE);
        output.status(Tone::Good, "Removed", &format!("{} of {}", plural(lines.count, "line"), lock.display()));
    }
    Ok(Exit::Success)
}

fn find<'a>(known: &'a [Known], name: &str, output: &Output) -> Result<&'a Known, Exit> {
    let is_upstream = |known: &&Known| matches!(known.kind, KnownKind::Upstream(_));
    if let Some(found) = known.iter().filter(is_upstream).find(|known| known.name == name) {
        return Ok(found);
    }
    if let Some(other) = known.iter().find(|known| known.name == name) {
        let place = match other.kind {
            KnownKind::Api => format!("its folder, {}", other.source.folder()),
            KnownKind::Tool | KnownKind::Upstream(_) => format!("its file, {}", other.source),
        };
        output.error(&format!("`{name}` is {} and no upstream", other.what()), Some(&format!("remove {place}")));
        return Err(Exit::Failure);
    }
    let near = nearest(name, known.iter().filter(is_upstream).map(|known| known.name.as_str()));
    let help =
        near.map_or_else(|| "`cap list` shows the upstreams".to_owned(), |near| format!("did you mean `{near}`?"));
    output.error(&format!("there is no upstream `{name}`"), Some(&help));
    Err(Exit::Failure)
}

/// The upstream's file, and its approved tools unless another upstream of the folder shares them.
fn files(found: &Known, known: &[Known]) -> Vec<PathBuf> {
    let tools = found.tools_path();
    let shared = known.iter().any(|other| {
        matches!(other.kind, KnownKind::Upstream(_)) && other.path != found.path && other.tools_path() == tools
    });
    let mut files = vec![found.path.clone()];
    if !shared && tools.is_file() {
        files.push(tools);
    }
    files
}

/// The lock file without the lines of some files.
struct LockLines {
    text: String,
    count: usize,
}

impl LockLines {
    /// `None` if the lock file has none of them, or is not there.
    fn of(found: &Known, files: &[PathBuf]) -> Option<Self> {
        let loader = DiskLoader::new(std::slice::from_ref(&found.root.path));
        let bytes = loader.read(&found.root.lock()).ok()?;
        let mut lock = LockFile::parse(&found.root.lock(), &String::from_utf8_lossy(&bytes)).value?;
        let before = lock.entries.len();
        for path in files {
            let relative = path.strip_prefix(&found.root.path).ok()?.to_string_lossy().replace('\\', "/");
            lock.entries.remove(&relative);
        }
        let count = before - lock.entries.len();
        (count > 0).then(|| Self { text: lock.render(), count })
    }
}
