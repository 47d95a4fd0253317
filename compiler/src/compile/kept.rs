//! Tools that were made before, and whether making them again would give the same.
//!
//! A tool that compiled without diagnostics depends on its own file, on the api that its name leads
//! to, and on the shared schemas that it was bundled from; a stand-alone one also on its name being
//! no server's. If all of these are as they were, so is the tool.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Content, Outdated, ParsedFile};
use crate::capability::{Capability, Server};
use crate::check::Project;
use crate::pin::Digest;
use crate::source::SourceId;

/// A tool, and what it was made of.
#[derive(Clone, Debug)]
pub struct CompiledTool {
    /// The tool.
    pub capability: Arc<Capability>,
    /// The server that it belongs to.
    pub server: Arc<Server>,
    /// The digest of its own file.
    pub own: Digest,
    /// The digests of the files that it shares with others, in the order of
    /// [`Origin::dependencies`](crate::capability::Origin).
    pub shared: Arc<[Digest]>,
    /// Whether there is nothing to say of it, so that it can be kept.
    pub(super) silent: bool,
}

impl CompiledTool {
    /// Whether it can be kept in place of its file's definition.
    #[must_use]
    pub fn can_be_kept(&self) -> bool {
        self.silent
    }

    /// Whether it would be made again as it is.
    fn is_current(&self, project: &Project<'_>, files: &Files<'_>) -> bool {
        let name = self.server.name.as_str();
        let linked = match &self.capability.origin.api {
            Some(file) => project.api(name).is_some_and(|api| api.source == file),
            None => !project.is_server(name),
        };
        let uses = self.capability.origin.dependencies.iter().zip(&*self.shared);
        linked && uses.into_iter().all(|(file, digest)| files.digest(file) == Some(*digest))
    }
}

/// The files of one compilation, sorted by name, and the digests of those that define something.
pub(super) struct Files<'a> {
    sorted: Vec<&'a ParsedFile>,
    digests: HashMap<&'a SourceId, Digest>,
}

impl<'a> Files<'a> {
    pub(super) fn of(files: impl IntoIterator<Item = &'a Arc<ParsedFile>>) -> Self {
        let mut sorted: Vec<&ParsedFile> = files.into_iter().map(|file| &**file).collect();
        sorted.sort_by(|left, right| left.source.cmp(&right.source));
        let shared = sorted.iter().filter(|file| matches!(file.content, Content::Definition(_)));
        let digests = shared.map(|file| (&file.source, file.digest)).collect();
        Self { sorted, digests }
    }

    pub(super) fn all(&self) -> &[&'a ParsedFile] {
        &self.sorted
    }

    /// The digest of a file that tools share.
    pub(super) fn digest(&self, source: &SourceId) -> Option<Digest> {
        self.digests.get(source).copied()
    }

    /// The tools that stay as they are.
    pub(super) fn kept(&self, project: &Project<'_>) -> Result<Vec<&'a CompiledTool>, Outdated> {
        let mut kept = Vec::new();
        let mut outdated = Vec::new();
        for file in &self.sorted {
            match &file.content {
                Content::Compiled(tool) if tool.is_current(project, self) => kept.push(tool),
                Content::Compiled(_) => outdated.push(file.source.clone()),
                Content::Text(_) | Content::Definition(_) | Content::Faulty => {}
            }
        }
        if outdated.is_empty() { Ok(kept) } else { Err(Outdated { files: outdated }) }
    }
}
