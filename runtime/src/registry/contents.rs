//! What a snapshot is built from: plain data, in any order.

use std::sync::{Arc, OnceLock};

use cap_compiler::capability::{Capability, Server};
use cap_compiler::pin::{Digest, Pin, Quarantined};

use crate::execute::Prepared;
use crate::upstream::Remote;

/// Everything that is to be served, and what is held back.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The servers that have a file of their own; others are known by their tools alone.
    pub servers: Vec<Arc<Server>>,
    /// MCP servers that some of the tools belong to.
    pub upstreams: Vec<Arc<Remote>>,
    /// The tools that are served.
    pub tools: Vec<RegisteredTool>,
    /// The tools that are not.
    pub quarantined: Vec<Quarantined>,
    /// What went wrong while they were loaded, in words for `/health`.
    pub problems: Vec<String>,
}

/// A tool that is served.
#[derive(Clone, Debug)]
pub struct RegisteredTool {
    /// What is needed to call it. Shared with the snapshots before and after.
    pub prepared: Arc<Prepared>,
    /// How far the lock file vouches for it.
    pub pin: Pin,
    /// The digests of the files that it was made from.
    pub files: FileDigests,
}

/// The digests of the files that a tool was made from, as `cap.lock` has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDigests {
    own: Option<Digest>,
    shared: Arc<[Digest]>,
    /// Made when somebody asks: most tools are never called.
    joined: OnceLock<Option<Digest>>,
}

impl FileDigests {
    /// The digest of a tool's own file, and those of the files that it shares with others, in the
    /// order of their names.
    #[must_use]
    pub fn new(own: Option<Digest>, shared: Arc<[Digest]>) -> Self {
        Self { own, shared, joined: OnceLock::new() }
    }

    /// One digest for all of them: of their digits, a line for each, its own first. It is what
    /// `sha256sum own.yaml api.yaml | cut -d' ' -f1 | sha256sum` prints.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        *self.joined.get_or_init(|| {
            let own = self.own?;
            let all = std::iter::once(&own).chain(&*self.shared);
            let lines: String = all.map(|digest| format!("{digest}\n")).collect();
            Some(Digest::of(lines.as_bytes()))
        })
    }
}

impl RegisteredTool {
    /// What it is.
    #[must_use]
    pub fn capability(&self) -> &Capability {
        self.prepared.capability()
    }

    /// Its unique name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.capability().tool.as_str()
    }

    /// The name of its server.
    #[must_use]
    pub fn server(&self) -> &str {
        self.capability().server.as_str()
    }

    /// Its name without the server's part.
    #[must_use]
    pub fn local_name(&self) -> &str {
        let local = self.name().strip_prefix(self.server()).and_then(|rest| rest.strip_prefix("__"));
        local.unwrap_or_else(|| self.name())
    }
}

/// Why a tool is held back, a sentence for each file.
#[must_use]
pub fn reasons(held: &Quarantined) -> Vec<String> {
    held.problems.iter().map(|problem| problem.diagnostic().message).collect()
}
