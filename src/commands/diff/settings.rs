//! What one side's `cap.yaml` says: which folders it has, and what a reviewer has to know beside.

use std::path::{Path, PathBuf};

use cap_compiler::source::SourceId;
use cap_compiler::syntax::parse_definition;
use cap_runtime::config::{DEFAULT_CAPABILITIES, SETTINGS_FILE, parse};
use cap_runtime::disk::read_bounded;
use serde_json::{Map, Value};

use super::git::{Repository, Revision};
use crate::args::FolderArgs;

/// The settings of one side.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The capabilities folders.
    pub(super) folders: Vec<PathBuf>,
    /// The keys, as they are written.
    pub(super) keys: Map<String, Value>,
}

/// The settings of the work tree, whose folders are known.
pub(super) fn of_work_tree(args: &FolderArgs, folders: &[PathBuf]) -> Settings {
    Settings { folders: folders.to_vec(), keys: keys(read_bounded(file(args)).ok().as_deref()) }
}

/// The settings of a folder that has capabilities.
pub(super) fn of_folder(path: &Path) -> Settings {
    let inner = path.join(DEFAULT_CAPABILITIES);
    let folder = if inner.is_dir() { inner } else { path.to_owned() };
    Settings { folders: vec![folder], keys: keys(read_bounded(&path.join(SETTINGS_FILE)).ok().as_deref()) }
}

/// The settings of a revision: its own, since a change may move the folders. A file outside of the repository has no
/// revisions and is the same on both sides.
///
/// # Errors
/// When git cannot be asked.
pub(super) fn of_revision(
    repository: &Repository,
    revision: &Revision,
    args: &FolderArgs,
    work_tree: &Settings,
) -> Result<Settings, String> {
    let file = file(args);
    let folder = file.parent().unwrap_or(Path::new(""));
    if !repository.holds(file) {
        return Ok(Settings { folders: work_tree.folders.clone(), keys: work_tree.keys.clone() });
    }
    let bytes = repository.file(revision, file)?;
    let said = bytes.as_ref().and_then(|bytes| parse(&SourceId::new(SETTINGS_FILE), bytes).value);
    let said = said.map(|settings| settings.in_folder(folder).capabilities).unwrap_or_default();
    let folders = match (args.capabilities.is_empty(), said.is_empty()) {
        (false, _) => args.capabilities.clone(),
        (true, false) => said,
        (true, true) => vec![PathBuf::from(DEFAULT_CAPABILITIES)],
    };
    Ok(Settings { folders, keys: keys(bytes.as_deref()) })
}

fn file(args: &FolderArgs) -> &Path {
    args.config.as_deref().unwrap_or(Path::new(SETTINGS_FILE))
}

/// What does not parse says nothing here; `cap check` says what is wrong with it.
fn keys(bytes: Option<&[u8]>) -> Map<String, Value> {
    match bytes.map(|bytes| parse_definition(&SourceId::new(SETTINGS_FILE), bytes)) {
        Some(Ok(Value::Object(keys))) => keys,
        Some(Ok(_) | Err(_)) | None => Map::new(),
    }
}
