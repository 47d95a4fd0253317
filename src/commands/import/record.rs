//! The `import:` block of an api's file: what was asked for, so that it can be repeated.

use std::path::{Component, Path, PathBuf};

use cap_compiler::definition::ImportRecord;
use cap_compiler::import::{DocumentSource, ImportOptions};

use super::SCHEMA_BASE;
use crate::address::{is_url, shown};
use crate::args::ImportArgs;

/// What the arguments ask for. Paths are written as they are seen from the api's folder, which is
/// one below `folder`.
pub(super) fn of_arguments(args: &ImportArgs, folder: &Path) -> ImportRecord {
    let api_folder = folder.join("api");
    ImportRecord {
        document: args.document.as_deref().filter(|name| *name != "-").map(|name| written(name, &api_folder)),
        overlays: args.overlay.iter().map(|name| written(name, &api_folder)).collect(),
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        tags: args.tag.clone(),
        methods: args.method.clone(),
        media_types: args.media_type.clone(),
        server: args.server.clone(),
    }
}

/// What a record asks for.
pub(crate) fn options(api: Option<String>, record: ImportRecord, overlays: Vec<DocumentSource>) -> ImportOptions {
    ImportOptions {
        api,
        server: record.server.clone(),
        include: record.include.clone(),
        exclude: record.exclude.clone(),
        tags: record.tags.clone(),
        methods: record.methods.clone(),
        media_types: record.media_types.clone(),
        overlays,
        record: Some(record),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        schema_base: Some(SCHEMA_BASE.to_owned()),
    }
}

/// The file or URL that a record names, seen from the working directory.
pub(crate) fn resolved(name: &str, api_folder: &Path) -> String {
    if is_url(name) {
        return name.to_owned();
    }
    let (mut place, mut up) = (PathBuf::new(), 0_usize);
    for part in api_folder.join(name).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if !place.pop() => up += 1,
            Component::ParentDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => place.push(part),
        }
    }
    let place = std::iter::repeat_n(Path::new(".."), up).collect::<PathBuf>().join(place);
    place.to_string_lossy().into_owned()
}

/// A file or URL as a record names it.
fn written(name: &str, api_folder: &Path) -> String {
    if is_url(name) {
        return shown(name).url;
    }
    relative(Path::new(name), api_folder).unwrap_or_else(|| name.to_owned())
}

/// The way from a folder to a file, with slashes; `None` if there is none, as between two drives.
fn relative(file: &Path, folder: &Path) -> Option<String> {
    let (file, folder) = (plain(file)?, plain(folder)?);
    let shared = file.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    if shared == 0 {
        return None;
    }
    let up = folder.iter().skip(shared).map(|_| "..".to_owned());
    let down = file.iter().skip(shared).cloned();
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// The parts of an absolute path, without `.` and `..`.
fn plain(path: &Path) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    for part in std::path::absolute(path).ok()?.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = parts.pop(),
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                parts.push(part.as_os_str().to_string_lossy().into_owned());
            }
        }
    }
    Some(parts)
}
