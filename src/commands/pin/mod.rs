//! `cap pin`: records the digests of reviewed files in each folder's `cap.lock`; with the name of an
//! upstream, its tools first.

mod approve;
mod resolve;

use std::path::{Path, PathBuf};

use cap_compiler::diagnostic::{Code, Diagnostic};
use cap_compiler::pin::signature::SIGNATURE_FILE;
use cap_compiler::pin::{Digest, Fix, LOCK_FILE, LockFile, Policy, Problem};
use cap_compiler::source::{SourceId, SourceLoader};
use cap_runtime::disk::{DiskLoader, Root};
use cap_runtime::load::Loaded;

use crate::args::{FolderArgs, PinArgs};
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &PinArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&folders(args), output)?;
    if args.resolve {
        let (loader, _) = workspace.load(Policy::AllowUnlisted, output)?;
        for root in loader.sources().roots() {
            resolve::run(root, loader.sources(), output)?;
        }
    }
    let (mut loader, mut loaded) = workspace.load(Policy::AllowUnlisted, output)?;
    let (named, mut paths) = approve::named(&args.paths, &loaded);
    check_paths(&paths, loader.sources(), output)?;
    if !named.is_empty() {
        let approval = approve::run(&named, &loaded, args, &workspace, loader.sources(), output)?;
        if args.check {
            return Ok(approval);
        }
        // What was approved just now is there to be pinned.
        (loader, loaded) = workspace.load(Policy::AllowUnlisted, output)?;
        paths.extend(named.iter().flat_map(|upstream| approve::files(upstream)));
    }
    let problems: Vec<&Problem> =
        loaded.pins.problems().iter().filter(|problem| is_selected(&paths, problem.file())).collect();
    if args.check || args.resolve {
        let faults = loaded.diagnostics.iter().filter(|fault| fault.code == Code::LOCK_LINE).cloned();
        let diagnostics = faults.chain(problems.iter().map(|problem| problem.diagnostic())).collect::<Vec<_>>();
        return Ok(check(&diagnostics, loader.sources(), output));
    }
    // What does not compile has not been reviewed: nobody can know what it would do.
    let errors: Vec<Diagnostic> = loaded.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let blocking: Vec<Diagnostic> = errors
        .into_iter()
        .filter(|error| error.code != Code::LOCK_LINE)
        .filter(|error| is_selected(&paths, &error.primary.place.source))
        .collect();
    if !blocking.is_empty() {
        output.diagnostics(&blocking, loader.sources());
        output.status(Tone::Bad, "Failure", &format!("nothing was pinned: {}", plural(blocking.len(), "error")));
        output.detail("(correct the definitions, then run `cap pin` again)");
        return Ok(Exit::Failure);
    }
    for root in loader.sources().roots() {
        let here: Vec<&Problem> = problems.iter().copied().filter(|problem| root.holds(problem.file())).collect();
        record(root, &here, loader.sources(), output)?;
    }
    Ok(Exit::Success)
}

/// All that is not as the lock files say.
pub(crate) fn not_as_pinned(loaded: &Loaded) -> Vec<Diagnostic> {
    let faults = loaded.diagnostics.iter().filter(|fault| fault.code == Code::LOCK_LINE).cloned();
    faults.chain(loaded.pins.problems().iter().map(Problem::diagnostic)).collect()
}

/// Paths name what to pin; the folders to load are those that hold a lock file above them, or the
/// usual ones.
fn folders(args: &PinArgs) -> FolderArgs {
    let mut folders = args.folders.clone();
    if folders.capabilities.is_empty() {
        for path in args.paths.iter().filter(|path| path.is_dir()) {
            let root = path.ancestors().find(|folder| folder.join(LOCK_FILE).is_file()).unwrap_or(path);
            let spelled = SourceId::new(&path.to_string_lossy());
            let usual = Path::new(spelled.as_str()).starts_with(cap_runtime::config::DEFAULT_CAPABILITIES);
            if !usual && !folders.capabilities.iter().any(|known| known == root) {
                folders.capabilities.push(root.to_owned());
            }
        }
    }
    folders
}

/// A path that selects nothing must not look like one whose files are all fresh.
fn check_paths(paths: &[PathBuf], sources: &DiskLoader, output: &Output) -> Result<(), Exit> {
    let inside = |path: &Path| {
        let id = SourceId::new(&path.to_string_lossy());
        let spelled = SourceId::new(id.as_str().trim_end_matches('/'));
        sources.roots().iter().any(|root| root.holds(&spelled) || root.shown == spelled.as_str() || id.as_str() == ".")
    };
    match paths.iter().find(|path| !path.exists() || !inside(path)) {
        None => Ok(()),
        Some(path) => {
            let text = format!("`{}` is not below a capabilities folder", path.display());
            output.error(&text, Some("name the folder with --capabilities"));
            Err(Exit::Environment)
        }
    }
}

fn is_selected(paths: &[PathBuf], file: &SourceId) -> bool {
    paths.is_empty()
        || paths.iter().any(|path| {
            let path = SourceId::new(&path.to_string_lossy());
            let path = path.as_str().trim_end_matches('/');
            path == "."
                || file.as_str() == path
                || file.as_str().strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
        })
}

fn check(diagnostics: &[Diagnostic], sources: &DiskLoader, output: &Output) -> Exit {
    if diagnostics.is_empty() {
        output.status(Tone::Good, "Fresh", "every file is as cap.lock says");
        return Exit::Success;
    }
    output.diagnostics(diagnostics, sources);
    output.status(Tone::Bad, "Stale", &format!("{} not as cap.lock says", files_are(diagnostics.len())));
    output.detail("(review them, then run `cap pin`)");
    Exit::Unpinned
}

/// Applies each problem's fix to a folder's lock file.
fn record(root: &Root, problems: &[&Problem], sources: &DiskLoader, output: &Output) -> Result<(), Exit> {
    let path = root.path.join(LOCK_FILE);
    let before = sources.read(&root.lock()).unwrap_or_default();
    let read = LockFile::parse(&root.lock(), &String::from_utf8_lossy(&before));
    let known = read.value.unwrap_or_default();
    let mut lock = known.clone();
    for (shown, problem) in problems.iter().enumerate() {
        apply(problem, root, sources, &mut lock)?;
        if shown < SHOWN {
            let verb = match problem.fix() {
                Fix::Record => "Recorded",
                Fix::Forget => "Forgot",
                Fix::Approve => "Left",
            };
            output.status(Tone::Good, verb, problem.file().as_str());
        }
    }
    if problems.len() > SHOWN {
        output.detail(&format!("… and {} more", problems.len() - SHOWN));
    }
    let is_there = path.exists();
    // Other bytes with the same entries would do nothing but make signatures void.
    let is_same = is_there && read.diagnostics.is_empty() && lock.entries == known.entries;
    if !is_same && (is_there || !problems.is_empty()) {
        let text = lock.render();
        write_atomic(&path, &text).map_err(|error| {
            output.error(&format!("cannot write the lock file: {error}"), None);
            Exit::Environment
        })?;
        tell_signatures(root, &before, &text, output);
    }
    output.status(Tone::Good, "Pinned", &format!("{} in {}", plural(lock.entries.len(), "file"), path.display()));
    Ok(())
}

/// Says that signatures are over a text that is there no more, if there are any.
fn tell_signatures(root: &Root, before: &[u8], now: &str, output: &Output) {
    if before != now.as_bytes() && root.path.join(SIGNATURE_FILE).exists() {
        output.status(Tone::Warning, "Unsigned", &format!("{} has other bytes now than were signed", root.lock()));
        output.detail("(sign it again with `cap sign`)");
    }
}

/// How many files are listed one by one.
const SHOWN: usize = 20;

fn apply(problem: &Problem, root: &Root, sources: &DiskLoader, lock: &mut LockFile) -> Result<(), Exit> {
    let Some(relative) = root.relative(problem.file()).map(str::to_owned) else { return Ok(()) };
    match (problem.fix(), problem) {
        (Fix::Forget, _) => {
            lock.entries.remove(&relative);
        }
        // What an upstream lists now, only the upstream can say.
        (Fix::Approve, _) => {}
        // The digest that was compiled and checked, so that a file that changes meanwhile is not
        // pinned unseen.
        (Fix::Record, Problem::Changed { found, .. }) => {
            lock.entries.insert(relative, *found);
        }
        (Fix::Record, Problem::Unlisted { found, .. }) => {
            lock.entries.insert(relative, *found);
        }
        (Fix::Record, Problem::Moved { from, found, .. }) => {
            if let Some(before) = root.relative(from) {
                lock.entries.remove(before);
            }
            lock.entries.insert(relative, *found);
        }
        (
            Fix::Record,
            Problem::Gone { file, .. }
            | Problem::Outdated { file }
            | Problem::ToolDiffers { file, .. }
            | Problem::ToolUnapproved { file, .. },
        ) => {
            let bytes = sources.read(file).map_err(|_| Exit::Environment)?;
            lock.entries.insert(relative, Digest::of(&bytes));
        }
    }
    Ok(())
}

fn files_are(count: usize) -> String {
    match count {
        1 => "1 file is".to_owned(),
        _ => format!("{count} files are"),
    }
}
