//! What OLD and NEW of `cap diff` mean: folders, git revisions, or documents.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::import::{ImportOptions, import};
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::config::DEFAULT_CAPABILITIES;
use cap_runtime::disk::{DiskLoader, read_bounded, role};

use super::git::{Repository, Revision};
use crate::address::is_url;
use crate::args::DiffArgs;
use crate::document::read_document;
use crate::exit::Exit;
use crate::output::Output;
use crate::workspace::Workspace;

/// The files of one side, by their names below its folder.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// What people call it.
    pub(super) label: String,
    /// How the names of its files begin for people.
    pub(super) prefix: String,
    pub(super) files: BTreeMap<SourceId, Arc<[u8]>>,
}

impl Texts {
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

fn chosen(text: &str) -> Chosen {
    let path = Path::new(text);
    if is_url(text) || path.is_file() {
        Chosen::Document(text.to_owned())
    } else if path.is_dir() {
        Chosen::Folder(path.to_owned())
    } else {
        Chosen::Revision(text.to_owned())
    }
}

/// Both sides.
pub(super) fn both(args: &DiffArgs, workspace: &Workspace, output: &Output) -> Result<(Texts, Texts), Exit> {
    let failed = |message: String, help: &str| {
        output.error(&message, Some(help));
        Exit::Environment
    };
    let old = args.old.as_deref().map(chosen);
    let new = args.new.as_deref().map(chosen);
    match (old, new) {
        (Some(Chosen::Document(old)), Some(Chosen::Document(new))) => documents(&old, &new, output),
        (Some(Chosen::Document(name)), _) | (_, Some(Chosen::Document(name))) => {
            Err(failed(format!("`{name}` is a file, and the other side is not"), "name two OpenAPI documents"))
        }
        (Some(Chosen::Revision(range)), None) if range.contains("..") => {
            let repository = Repository::open().map_err(|why| failed(why, NO_GIT))?;
            let (old, new) = repository.range(&range).map_err(|why| failed(why, UNKNOWN))?;
            let old = revision(&repository, &old, workspace).map_err(|why| failed(why, UNKNOWN))?;
            let new = match new {
                Some(new) => revision(&repository, &new, workspace).map_err(|why| failed(why, UNKNOWN))?,
                None => work_tree(workspace).map_err(|why| failed(why, FOLDERS))?,
            };
            Ok((old, new))
        }
        (old, new) => {
            let old = old.unwrap_or_else(|| Chosen::Revision("HEAD".to_owned()));
            let one = |side: Chosen| match side {
                Chosen::Folder(path) => folder(&path).map_err(|why| failed(why, FOLDERS)),
                Chosen::Revision(name) => {
                    let repository = Repository::open()
                        .map_err(|why| failed(format!("`{name}` is no folder, and is no revision: {why}"), NO_GIT))?;
                    let found = repository.revision(&name).map_err(|why| failed(why, UNKNOWN))?;
                    revision(&repository, &found, workspace).map_err(|why| failed(why, UNKNOWN))
                }
                Chosen::Document(name) => Err(failed(format!("`{name}` is a file"), "name a folder")),
            };
            let old = one(old)?;
            let new = match new {
                Some(new) => one(new)?,
                None => work_tree(workspace).map_err(|why| failed(why, FOLDERS))?,
            };
            Ok((old, new))
        }
    }
}

/// The capabilities folders as they are.
fn work_tree(workspace: &Workspace) -> Result<Texts, String> {
    let mut texts = read_folders(&workspace.folders)?;
    texts.label = "the working tree".to_owned();
    Ok(texts)
}

fn folder(path: &Path) -> Result<Texts, String> {
    let inner = path.join(DEFAULT_CAPABILITIES);
    let mut texts = read_folders(&[if inner.is_dir() { inner } else { path.to_owned() }])?;
    texts.label = SourceId::new(&path.to_string_lossy()).as_str().trim_end_matches('/').to_owned();
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

/// The files of the capabilities folders in a revision.
fn revision(repository: &Repository, revision: &Revision, workspace: &Workspace) -> Result<Texts, String> {
    let mut texts = Texts { label: revision.name.clone(), prefix: prefix(&workspace.folders), ..Texts::default() };
    for folder in &workspace.folders {
        for (name, bytes) in repository.files(revision, folder, |path| role(path).is_some())? {
            texts.files.insert(below(&texts.prefix, &name), bytes);
        }
    }
    Ok(texts)
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
    Ok((Texts { label, prefix: String::new(), files: files.collect() }, imported.api_name))
}

const FOLDERS: &str = "name a folder, or say where the capabilities are with --capabilities";
const NO_GIT: &str = "name two folders, or run the command in a git repository";
const UNKNOWN: &str = "name a folder that exists, or a revision that git knows: a branch, a tag, a commit";
