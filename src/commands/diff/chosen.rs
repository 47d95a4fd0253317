//! What OLD and NEW of `cap diff` mean: folders, git revisions, or documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::import::{ImportOptions, import};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::disk::{DiskLoader, read_bounded, role};
use serde_json::{Map, Value};

use super::git::{Repository, Revision};
use super::pinned;
use super::settings::{self, Settings};
use crate::address::is_url;
use crate::args::DiffArgs;
use crate::document::read_document;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

/// The files of one side, by their names below its folder.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// What people call it.
    pub(super) label: String,
    /// How the names of its files begin for people.
    pub(super) prefix: String,
    pub(super) files: BTreeMap<SourceId, Arc<[u8]>>,
    /// What its settings file says, where it has a place for one.
    pub(super) settings: Option<Map<String, Value>>,
}

impl Texts {
    /// Where a file is, as seen from the working directory.
    pub(super) fn path_of(&self, source: &SourceId) -> PathBuf {
        Path::new(&self.prefix).join(source.as_str())
    }

    /// The same files for whoever looks up places.
    pub(super) fn loader(&self) -> MemoryLoader {
        let mut loader = MemoryLoader::default();
        self.files.iter().for_each(|(source, bytes)| loader.insert(source.as_str(), Arc::clone(bytes)));
        loader
    }
}

/// What an argument of the command line is.
enum Chosen {
    Folder(PathBuf),
    Document(String),
    Revision(String),
}

/// What an argument means. A name that could be a revision's is never a path's: who writes the tree that is
/// reviewed could put a folder there that has the name of what it is compared with.
fn chosen(text: &str) -> Result<Chosen, String> {
    let path = Path::new(text);
    if is_url(text) {
        return Ok(Chosen::Document(text.to_owned()));
    }
    if !is_spelled_as_path(text) {
        if is_spelled_as_revision(text) || !path.exists() {
            return Ok(Chosen::Revision(text.to_owned()));
        }
        if Repository::open().is_ok_and(|repository| repository.revision(text).is_ok()) {
            return Err(format!("`{text}` is both a path and a revision that git knows"));
        }
    }
    match path.is_dir() {
        true => Ok(Chosen::Folder(path.to_owned())),
        false => Ok(Chosen::Document(text.to_owned())),
    }
}

fn is_spelled_as_path(text: &str) -> bool {
    let path = Path::new(text);
    path.is_absolute() || matches!(text, "." | "..") || text.starts_with("./") || text.starts_with("../")
}

/// Ranges, parents, and names of objects.
fn is_spelled_as_revision(text: &str) -> bool {
    let is_object = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_range = text.contains("..") && !text.contains("/../") && !text.ends_with("/..");
    is_object || is_range || matches!(text, "HEAD" | "@") || text.contains(['~', '^']) || text.contains("@{")
}

/// Both sides.
pub(super) fn both(args: &DiffArgs, workspace: &Workspace, output: &Output) -> Result<(Texts, Texts), Exit> {
    let failed = |message: String, help: &str| {
        output.error(&message, Some(help));
        Exit::Environment
    };
    let sides = Sides { args, here: settings::of_work_tree(&args.folders, &workspace.folders) };
    let chosen = |text: &Option<String>| text.as_deref().map(chosen).transpose().map_err(|why| failed(why, BOTH));
    let (old, new) = (chosen(&args.old)?, chosen(&args.new)?);
    let (old, new) = match (old, new) {
        (Some(Chosen::Document(old)), Some(Chosen::Document(new))) => return documents(&old, &new, output),
        (Some(Chosen::Document(name)), _) | (_, Some(Chosen::Document(name))) => {
            let text = format!("`{name}` is a file, and the other side is not");
            return Err(failed(text, "name two OpenAPI documents"));
        }
        (Some(Chosen::Revision(range)), None) if range.contains("..") => {
            let repository = Repository::open().map_err(|why| failed(why, NO_GIT))?;
            let (old, new) = repository.range(&range).map_err(|why| failed(why, UNKNOWN))?;
            let old = sides.revision(&repository, &old).map_err(|why| failed(why, UNKNOWN))?;
            let new = new.map(|new| sides.revision(&repository, &new)).transpose();
            (old, new.map_err(|why| failed(why, UNKNOWN))?)
        }
        (None, None) => (sides.pinned(output).map_err(|why| failed(why, NO_GIT))?, None),
        (old, new) => {
            let old = old.unwrap_or_else(|| Chosen::Revision("HEAD".to_owned()));
            let one = |side: Chosen| match side {
                Chosen::Folder(path) => folder(&path).map_err(|why| failed(why, FOLDERS)),
                Chosen::Revision(name) => {
                    let repository = Repository::open()
                        .map_err(|why| failed(format!("`{name}` is no folder, and is no revision: {why}"), NO_GIT))?;
                    let found = repository.revision(&name).map_err(|why| failed(why, UNKNOWN))?;
                    sides.revision(&repository, &found).map_err(|why| failed(why, UNKNOWN))
                }
                Chosen::Document(name) => Err(failed(format!("`{name}` is a file"), "name a folder")),
            };
            (one(old)?, new.map(one).transpose()?)
        }
    };
    match new {
        Some(new) => Ok((old, new)),
        None => Ok((old, sides.work_tree().map_err(|why| failed(why, FOLDERS))?)),
    }
}

/// Sides that are states of this repository.
struct Sides<'a> {
    args: &'a DiffArgs,
    /// The settings of the work tree.
    here: Settings,
}

impl Sides<'_> {
    /// The capabilities folders as they are.
    fn work_tree(&self) -> Result<Texts, String> {
        let mut texts = read_folders(&self.here.folders)?;
        texts.label = "the working tree".to_owned();
        texts.settings = Some(self.here.keys.clone());
        Ok(texts)
    }

    /// The files of the capabilities folders in a revision.
    fn revision(&self, repository: &Repository, revision: &Revision) -> Result<Texts, String> {
        let settings = settings::of_revision(repository, revision, &self.args.folders, &self.here)?;
        let mut texts = Texts { label: revision.name.clone(), prefix: prefix(&settings.folders), ..Texts::default() };
        for folder in &settings.folders {
            for (name, bytes) in repository.files(revision, folder, |path| role(path).is_some())? {
                texts.files.insert(below(&texts.prefix, &name), bytes);
            }
        }
        texts.settings = Some(settings.keys);
        Ok(texts)
    }

    /// What was pinned when the last commit was made.
    fn pinned(&self, output: &Output) -> Result<Texts, String> {
        let repository = Repository::open()?;
        let head = repository.revision("HEAD").map_err(|_| "the repository has no commit yet".to_owned())?;
        let mut texts = self.revision(&repository, &head)?;
        let missing = pinned::restore(&repository, &head, &mut texts)?;
        if let Some(first) = missing.first() {
            let text = format!(
                "the pinned version of {} is not in the history, `{first}` first; it is compared with the last commit",
                plural(missing.len(), "file")
            );
            output.status(Tone::Warning, "Warning", &text);
        }
        Ok(texts)
    }
}

fn folder(path: &Path) -> Result<Texts, String> {
    let settings = settings::of_folder(path);
    let mut texts = read_folders(&settings.folders)?;
    texts.label = SourceId::new(&path.to_string_lossy()).as_str().trim_end_matches('/').to_owned();
    // A folder that is the capabilities themselves has no place for settings.
    texts.settings = (settings.folders != [path.to_owned()]).then_some(settings.keys);
    Ok(texts)
}

/// The files of folders; of one folder, by their names below it.
fn read_folders(folders: &[PathBuf]) -> Result<Texts, String> {
    let loader = DiskLoader::new(folders);
    let found = loader.files().map_err(|error| format!("cannot read the capabilities: {error}"))?;
    let mut texts = Texts { prefix: prefix(folders), ..Texts::default() };
    for (source, path) in found.files {
        let bytes = read_bounded(&path).map_err(|error| format!("cannot read `{source}`: {error}"))?;
        texts.files.insert(below(&texts.prefix, source.as_str()), bytes);
    }
    Ok(texts)
}

/// How all names begin, if there is one folder.
fn prefix(folders: &[PathBuf]) -> String {
    match folders {
        [only] => {
            let name = SourceId::new(&only.to_string_lossy());
            let name = name.as_str().trim_end_matches('/');
            if name == "." { String::new() } else { name.to_owned() }
        }
        _ => String::new(),
    }
}

fn below(prefix: &str, name: &str) -> SourceId {
    let rest = name.strip_prefix(prefix).unwrap_or(name);
    SourceId::new(if prefix.is_empty() { name } else { rest.trim_start_matches('/') })
}

/// Two documents, imported as one api.
fn documents(old: &str, new: &str, output: &Output) -> Result<(Texts, Texts), Exit> {
    let (before, api) = document(old, None, output)?;
    let (after, _) = document(new, Some(api), output)?;
    Ok((before, after))
}

fn document(name: &str, api: Option<String>, output: &Output) -> Result<(Texts, String), Exit> {
    let (document, loader) = read_document(name, output)?;
    let imported = import(&document, &ImportOptions { api, ..ImportOptions::default() }, &loader);
    let errors: Vec<_> = imported.diagnostics.into_iter().filter(|it| it.is_error()).collect();
    output.diagnostics(&errors, &loader);
    if imported.files.is_empty() {
        output.error(&format!("`{}` has nothing that could be imported", document.id), None);
        return Err(Exit::Failure);
    }
    let files = imported.files.into_iter().map(|(path, text)| (SourceId::new(&path), text.into_bytes().into()));
    let label = document.id.as_str().to_owned();
    Ok((Texts { label, prefix: String::new(), files: files.collect(), settings: None }, imported.api_name))
}

const BOTH: &str = "write `./` before a path; of a branch or tag, write `refs/heads/` or `refs/tags/` before it";
const FOLDERS: &str = "name a folder, or say where the capabilities are with --capabilities";
const NO_GIT: &str = "name two folders, or run the command in a git repository";
const UNKNOWN: &str = "name a folder that exists, or a revision that git knows: a branch, a tag, a commit";
