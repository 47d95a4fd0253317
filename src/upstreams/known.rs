//! The names of apis, upstreams and stand-alone tools that capabilities folders have already.

use std::io;
use std::path::PathBuf;

use cap_compiler::compile::{Content, take_file};
use cap_compiler::definition::{Definition, UpstreamDefinition};
use cap_compiler::pin::{Digest, LockFile};
use cap_compiler::source::{SourceId, SourceLoader};
use cap_runtime::disk::{DiskLoader, Role, Root, read_bounded, role};
use serde_json::Value;

/// A file that defines a name.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) name: String,
    pub(crate) kind: KnownKind,
    /// How people see the file.
    pub(crate) source: SourceId,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The capabilities folder that it is in.
    pub(crate) root: Root,
    /// The digest of its bytes.
    pub(crate) digest: Digest,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum KnownKind {
    Api,
    Tool,
    /// Its file, if that has no faults.
    Upstream(Option<Box<UpstreamDefinition>>),
}

/// Everything below the folders that has a name of a server, sorted by file. A folder that does not exist
/// has nothing.
///
/// # Errors
/// When a folder cannot be listed, or a file cannot be read.
pub(crate) fn known_servers(folders: &[PathBuf]) -> io::Result<Vec<Known>> {
    let there: Vec<PathBuf> = folders.iter().filter(|folder| folder.exists()).cloned().collect();
    let loader = DiskLoader::new(&there);
    let mut known = Vec::new();
    for (source, path) in loader.files()?.files {
        if role(&path) != Some(Role::Definition) {
            continue;
        }
        let bytes = read_bounded(&path).map_err(|error| crate::disk::named(&error, &path))?;
        let file = take_file(&source, &bytes);
        let Some((name, kind)) = named(&source, file.content) else { continue };
        let Some(root) = loader.roots().iter().find(|root| root.holds(&source)).cloned() else { continue };
        known.push(Known { name, kind, source, path, root, digest: file.digest });
    }
    Ok(known)
}

fn named(source: &SourceId, content: Content) -> Option<(String, KnownKind)> {
    match content {
        Content::Definition(Definition::Api(api)) => Some((api.name, KnownKind::Api)),
        Content::Definition(Definition::Upstream(upstream)) => {
            Some((upstream.name.clone(), KnownKind::Upstream(Some(upstream))))
        }
        Content::Definition(Definition::Capability(tool)) if tool.api.is_none() => Some((tool.name, KnownKind::Tool)),
        // What a file with faults calls itself is not known; the folder is called like it as a rule.
        Content::Faulty if source.file_name() == "upstream.yaml" => {
            let name = source.folder().rsplit('/').next().filter(|name| !name.is_empty())?;
            Some((name.to_owned(), KnownKind::Upstream(None)))
        }
        Content::Definition(Definition::Capability(_) | Definition::Schemas(_))
        | Content::Text(_)
        | Content::Compiled(_)
        | Content::Faulty => None,
    }
}

impl Known {
    /// `an api`, `an upstream`, `a tool`.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            KnownKind::Api => "an api",
            KnownKind::Tool => "a tool",
            KnownKind::Upstream(_) => "an upstream",
        }
    }

    /// Where the approved tools of an upstream are.
    pub(crate) fn tools_path(&self) -> PathBuf {
        self.path.with_file_name("tools.json")
    }

    /// How many tools are approved, if any are written down and can be read.
    pub(crate) fn approved_tools(&self) -> Option<usize> {
        let tree: Value = serde_json::from_slice(&read_bounded(&self.tools_path()).ok()?).ok()?;
        tree.get("tools")?.as_array().map(Vec::len)
    }

    /// `pinned`, `unpinned` or `changed`, by its folder's lock file.
    pub(crate) fn pin(&self) -> &'static str {
        let loader = DiskLoader::new(std::slice::from_ref(&self.root.path));
        let listed = loader.read(&self.root.lock()).ok().and_then(|bytes| {
            let lock = LockFile::parse(&self.root.lock(), &String::from_utf8_lossy(&bytes)).value?;
            lock.entries.get(self.root.relative(&self.source)?).copied()
        });
        match listed {
            Some(digest) if digest == self.digest => "pinned",
            Some(_) => "changed",
            None => "unpinned",
        }
    }
}
