//! Capabilities folders on disk: the [`SourceLoader`] of the command and the gateway.
//!
//! It finds files and reads them, bounded. It does not parse, and it writes nothing.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::pin::LOCK_FILE;
use cap_compiler::source::{SourceId, SourceLoader};
use walkdir::{DirEntry, WalkDir};

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// How deep folders may nest.
const MAX_DEPTH: usize = 16;

/// Reads the files below some folders.
#[derive(Clone, Debug)]
pub struct DiskLoader {
    roots: Vec<Root>,
}

/// A capabilities folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Where it is.
    pub path: PathBuf,
    /// How identifiers of files in it begin; empty for the working directory.
    pub shown: String,
}

/// What is below the roots.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Files by identifier, with the place where they are.
    pub files: BTreeMap<SourceId, PathBuf>,
    /// What could not be looked at, and why.
    pub faults: Vec<(SourceId, String)>,
}

/// What a file of a capabilities folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A definition.
    Definition,
    /// The approved tools of an upstream: pinned, but not a definition.
    Tools,
    /// The lock file.
    Lock,
}

impl DiskLoader {
    /// A loader over folders, shown as they are spelled here.
    #[must_use]
    pub fn new(paths: &[PathBuf]) -> Self {
        Self { roots: paths.iter().map(|path| Root::new(path)).collect() }
    }

    /// The roots, in order.
    #[must_use]
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// All that is below the roots.
    ///
    /// # Errors
    /// When a root does not exist or cannot be listed, or is inside of another one: a file has one
    /// name and one lock file.
    pub fn files(&self) -> io::Result<Found> {
        self.check_apart()?;
        let (mut files, mut faults) = (Vec::new(), Vec::new());
        for root in &self.roots {
            std::fs::read_dir(&root.path).map_err(|error| named(&error, &root.path))?;
            let walk = WalkDir::new(&root.path).follow_links(true).max_depth(MAX_DEPTH).into_iter();
            for entry in walk.filter_entry(is_visible) {
                match entry {
                    Ok(entry) if entry.file_type().is_file() && role(entry.path()).is_some() => {
                        files.push((root.identify(entry.path()), entry.into_path()));
                    }
                    Ok(_) => {}
                    Err(error) => faults.extend(fault(root, &error)),
                }
            }
        }
        Ok(Found { files: files.into_iter().collect(), faults })
    }

    fn check_apart(&self) -> io::Result<()> {
        let places: Vec<PathBuf> = self.roots.iter().filter_map(|root| root.path.canonicalize().ok()).collect();
        for (index, place) in places.iter().enumerate() {
            let others = places.iter().enumerate().filter(|(other, _)| *other != index);
            if let Some((_, outer)) = others.into_iter().find(|(_, other)| place.starts_with(other)) {
                let message = format!("`{}` is inside of `{}`: name one of them", place.display(), outer.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
        }
        Ok(())
    }

    fn path_of(&self, id: &SourceId) -> Option<PathBuf> {
        self.roots.iter().find_map(|root| {
            let relative = root.relative(id)?;
            (!relative.split('/').any(|part| part == "..")).then(|| root.path.join(relative))
        })
    }
}

impl SourceLoader for DiskLoader {
    fn list(&self) -> io::Result<Vec<SourceId>> {
        Ok(self.files()?.files.into_keys().collect())
    }

    fn read(&self, id: &SourceId) -> io::Result<Arc<[u8]>> {
        let path = self.path_of(id).ok_or(io::ErrorKind::NotFound)?;
        read_bounded(&path)
    }
}

impl Root {
    fn new(path: &Path) -> Self {
        let shown = SourceId::new(&path.to_string_lossy());
        let shown = shown.as_str().trim_end_matches('/');
        Self { path: path.to_owned(), shown: if shown == "." { String::new() } else { shown.to_owned() } }
    }

    fn identify(&self, path: &Path) -> SourceId {
        let relative = path.strip_prefix(&self.path).unwrap_or(path).to_string_lossy().into_owned();
        self.file(&relative)
    }

    /// The part of an identifier below this root, if it is below.
    #[must_use]
    pub fn relative<'a>(&self, id: &'a SourceId) -> Option<&'a str> {
        match self.shown.as_str() {
            "" => Some(id.as_str()).filter(|id| !id.starts_with('/') && !id.starts_with("../") && !id.contains(':')),
            shown => id.as_str().strip_prefix(shown)?.strip_prefix('/'),
        }
    }

    /// Whether a file is below this root.
    #[must_use]
    pub fn holds(&self, id: &SourceId) -> bool {
        self.relative(id).is_some()
    }

    /// The identifier of this root's lock file.
    #[must_use]
    pub fn lock(&self) -> SourceId {
        self.file(LOCK_FILE)
    }

    /// The identifier of a file below this root.
    #[must_use]
    pub fn file(&self, relative: &str) -> SourceId {
        if self.shown.is_empty() {
            SourceId::new(relative)
        } else {
            SourceId::new(&format!("{}/{relative}", self.shown))
        }
    }
}

/// What a file is for, if it is one of ours. Hidden files and what editors leave behind are not.
#[must_use]
pub fn role(path: &Path) -> Option<Role> {
    let name = path.file_name()?.to_str()?;
    match name {
        LOCK_FILE => Some(Role::Lock),
        "tools.json" => Some(Role::Tools),
        // Settings of the gateway itself, when it runs in its own capabilities folder.
        "cap.yaml" | "cap.yml" => None,
        _ => match path.extension()?.to_str()? {
            "yaml" | "yml" | "json" => Some(Role::Definition),
            _ => None,
        },
    }
}

/// Reads a file that is not larger than a definition or document may be.
///
/// # Errors
/// When it cannot be read or is larger.
pub fn read_bounded(path: &Path) -> io::Result<Arc<[u8]>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        let message = format!("the file is larger than {} MiB", MAX_FILE >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes.into())
}

/// What vanished while the folder was walked is no fault, and neither is a link to nothing.
fn fault(root: &Root, error: &walkdir::Error) -> Option<(SourceId, String)> {
    if error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return None;
    }
    let path = error.path().unwrap_or(&root.path);
    let why = error.io_error().map_or_else(|| "it leads back to itself".to_owned(), ToString::to_string);
    Some((root.identify(path), why))
}

fn is_visible(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with(['.', '#'])
}

fn named(error: &io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
