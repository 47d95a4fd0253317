//! Revisions of a git repository, read with git's plumbing: no hook runs and the work tree is not touched.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use cap_compiler::pin::Digest;

use super::tree::Tree;

/// The repository that the command was started in.
#[derive(Debug)]
pub(super) struct Repository {
    /// The top of the work tree.
    top: PathBuf,
}

/// A commit.
#[derive(Debug)]
pub(super) struct Revision {
    /// What people call it.
    pub(super) name: String,
    /// Its object name.
    commit: String,
    /// Its paths, once they were asked for.
    tree: OnceCell<Tree>,
}

impl Repository {
    /// The repository round the working directory.
    ///
    /// # Errors
    /// When there is none, or no git.
    pub(super) fn open() -> Result<Self, String> {
        let top = git(&["rev-parse", "--show-toplevel"])?;
        Ok(Self { top: PathBuf::from(top) })
    }

    /// The commit that a person named; `A...` is where `HEAD` left it.
    ///
    /// # Errors
    /// When git knows no such commit.
    pub(super) fn revision(&self, name: &str) -> Result<Revision, String> {
        if let Some(of) = name.strip_suffix("...") {
            return self.merge_base(of, "HEAD");
        }
        let wanted = format!("{name}^{{commit}}");
        let commit = git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted])
            .map_err(|_| format!("`{name}` is no folder, and no revision that git knows"))?;
        Ok(Revision { name: name.to_owned(), commit, tree: OnceCell::new() })
    }

    /// Both ends of `A..B` or `A...B`; without `B`, the other end is the work tree.
    ///
    /// # Errors
    /// When git knows no such commits.
    pub(super) fn range(&self, text: &str) -> Result<(Revision, Option<Revision>), String> {
        let (old, new, forked) = match (text.split_once("..."), text.split_once("..")) {
            (Some((old, new)), _) => (old, new, true),
            (None, Some((old, new))) => (old, new, false),
            (None, None) => (text, "", false),
        };
        let end = if new.is_empty() { None } else { Some(self.revision(new)?) };
        let start = if forked {
            self.merge_base(old, end.as_ref().map_or("HEAD", |end| end.commit.as_str()))?
        } else {
            self.revision(old)?
        };
        Ok((start, end))
    }

    fn merge_base(&self, one: &str, another: &str) -> Result<Revision, String> {
        let (left, right) = (self.revision(one)?, self.revision(another)?);
        let commit = git(&["merge-base", &left.commit, &right.commit])
            .map_err(|_| format!("`{one}` and `{another}` have no commit in common"))?;
        let short: String = commit.chars().take(SHORT).collect();
        Ok(Revision { name: format!("{one}... ({short})"), commit, tree: OnceCell::new() })
    }

    /// The files below a folder in a revision, by the folder's name and theirs. A folder that is not there has
    /// none. Links are followed within the revision.
    ///
    /// # Errors
    /// When git cannot be asked, the folder is outside of the repository, or a link leads out of the revision.
    pub(super) fn files(
        &self,
        revision: &Revision,
        folder: &Path,
        wanted: impl Fn(&Path) -> bool,
    ) -> Result<BTreeMap<String, Arc<[u8]>>, String> {
        let mut entries = tree(revision)?.below(&self.inside(folder)?)?;
        entries.retain(|(way, _)| wanted(Path::new(way)));
        let contents = read_objects(entries.iter().map(|(_, object)| object.clone()).collect())?;
        Ok(entries.into_iter().map(|(way, _)| shown(folder, &way)).zip(contents).collect())
    }

    /// One file in a revision, if it is there.
    ///
    /// # Errors
    /// As [`Repository::files`].
    pub(super) fn file(&self, revision: &Revision, path: &Path) -> Result<Option<Arc<[u8]>>, String> {
        let inside = self.inside(path)?;
        let object = tree(revision)?.file(&inside).map(str::to_owned);
        Ok(read_objects(object.into_iter().collect())?.into_iter().next())
    }

    /// Whether a folder is in the repository.
    pub(super) fn holds(&self, folder: &Path) -> bool {
        self.inside(folder).is_ok()
    }

    /// The newest version of a file with these bytes, in a revision or before it.
    ///
    /// # Errors
    /// When git cannot be asked.
    pub(super) fn version(
        &self,
        revision: &Revision,
        path: &Path,
        digest: Digest,
    ) -> Result<Option<Arc<[u8]>>, String> {
        let inside = self.inside(path)?;
        let (most, literal) = (format!("--max-count={MOST_VERSIONS}"), format!(":(top,literal){inside}"));
        // A commit that took the file away has none; the one before it has.
        let commits = git(&["log", "--format=%H", "--diff-filter=AM", &most, &revision.commit, "--", &literal])?;
        let objects = commits.lines().map(|commit| format!("{commit}:{inside}")).collect();
        Ok(read_objects(objects)?.into_iter().find(|bytes| Digest::of(bytes) == digest))
    }

    /// A folder as seen from the top of the repository, empty for the top itself.
    fn inside(&self, folder: &Path) -> Result<String, String> {
        let current = std::env::current_dir().map_err(|error| format!("cannot see the working directory: {error}"))?;
        let current = current.canonicalize().unwrap_or(current);
        let mut parts: Vec<String> = Vec::new();
        for part in current.join(folder).components() {
            match part {
                Component::ParentDir => drop(parts.pop()),
                Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
        }
        let top = self.top.canonicalize().unwrap_or_else(|_| self.top.clone());
        let top: Vec<String> = top
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
                Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
            })
            .collect();
        let inside = parts.strip_prefix(top.as_slice());
        inside
            .map(|parts| parts.join("/"))
            .ok_or_else(|| format!("`{}` is outside of the repository", folder.display()))
    }
}

/// All paths of a revision.
fn tree(revision: &Revision) -> Result<&Tree, String> {
    if let Some(known) = revision.tree.get() {
        return Ok(known);
    }
    let mut tree = Tree::parse(&git_bytes(&["ls-tree", "-r", "-z", "--full-tree", &revision.commit])?);
    let contents = read_objects(tree.links.values().cloned().collect())?;
    tree.lead(contents.iter().map(|bytes| &**bytes));
    Ok(revision.tree.get_or_init(|| tree))
}

fn shown(folder: &Path, rest: &str) -> String {
    let folder = folder.to_string_lossy();
    match folder.trim_end_matches('/') {
        "." | "" => rest.to_owned(),
        folder => format!("{}/{rest}", folder.strip_prefix("./").unwrap_or(folder)),
    }
}

/// The contents of objects, in their order.
fn read_objects(objects: Vec<String>) -> Result<Vec<Arc<[u8]>>, String> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = command(&["cat-file", "--batch"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot run git: {error}"))?;
    let count = objects.len();
    // Names are written while contents are read: either pipe may be full.
    let writer = child
        .stdin
        .take()
        .map(|mut stdin| thread::spawn(move || objects.iter().try_for_each(|object| writeln!(stdin, "{object}"))));
    let mut contents = Vec::with_capacity(count);
    let mut reader = BufReader::new(child.stdout.take().ok_or("git gives no output")?);
    let mut result = Ok(());
    while contents.len() < count && result.is_ok() {
        match read_object(&mut reader) {
            Ok(bytes) => contents.push(bytes),
            Err(why) => result = Err(why),
        }
    }
    drop(reader);
    if result.is_err() {
        _ = child.kill();
    }
    _ = child.wait();
    _ = writer.map(thread::JoinHandle::join);
    result.map(|()| contents)
}

/// One answer of `git cat-file --batch`: a line with the size, the bytes, and the end of a line.
fn read_object(reader: &mut impl BufRead) -> Result<Arc<[u8]>, String> {
    let failed = |error: std::io::Error| format!("cannot read from git: {error}");
    let mut head = String::new();
    reader.read_line(&mut head).map_err(failed)?;
    let size: u64 = head
        .split_whitespace()
        .nth(2)
        .and_then(|size| size.parse().ok())
        .ok_or_else(|| format!("git says `{}` of an object", head.trim()))?;
    if size > LARGEST {
        return Err(format!("a file of the revision is larger than {} MiB", LARGEST >> 20));
    }
    let mut bytes = Vec::new();
    reader.by_ref().take(size).read_to_end(&mut bytes).map_err(failed)?;
    let mut end = [0];
    reader.read_exact(&mut end).map_err(failed)?;
    Ok(bytes.into())
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(["--no-optional-locks", "-c", "core.fsmonitor=false"]).args(arguments).stdin(Stdio::null());
    command
}

fn git_bytes(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = command(arguments).output().map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned())
}

fn git(arguments: &[&str]) -> Result<String, String> {
    git_bytes(arguments).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// How far back in a file's history its pinned version is looked for.
const MOST_VERSIONS: usize = 500;
/// Characters of a commit's name that people read.
const SHORT: usize = 10;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;
