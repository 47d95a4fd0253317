//! What one caller may see of a snapshot. Everything that answers a request asks here.

use std::sync::Arc;

use cap_compiler::diagnostic::nearest;
use cap_compiler::pin::Quarantined;

use super::{RegisteredTool, SearchRequest, ServerStatus, ServerSummary, Snapshot};
use crate::upstream::{Remote, State};

/// Who asks. There is one kind of caller so far; keys, identities and groups go here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Anyone who reaches the gateway.
    #[default]
    Anyone,
}

/// A snapshot as one caller sees it.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) snapshot: &'a Snapshot,
    caller: Caller,
}

/// What became of a tool's name.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// It is served.
    Found(&'a RegisteredTool),
    /// It is held back.
    Quarantined(&'a Quarantined),
    /// There is no such tool for this caller.
    Unknown {
        /// The names that may have been meant, best first.
        nearest: Vec<&'a str>,
    },
}

impl Caller {
    /// The caller in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anonymous",
        }
    }
}

impl<'a> Lookup<'a> {
    /// The tool, if it is served.
    #[must_use]
    pub fn found(&self) -> Option<&'a RegisteredTool> {
        match self {
            Self::Found(tool) => Some(tool),
            Self::Quarantined(_) | Self::Unknown { .. } => None,
        }
    }

    /// The server of the tool, also of one that is held back.
    #[must_use]
    pub fn server(&self) -> Option<&'a str> {
        match self {
            Self::Found(tool) => Some(tool.server()),
            Self::Quarantined(held) => Some(held.server.as_str()),
            Self::Unknown { .. } => None,
        }
    }
}

impl<'a> View<'a> {
    /// What `caller` may see of `snapshot`.
    #[must_use]
    pub fn of(snapshot: &'a Snapshot, caller: Caller) -> Self {
        Self { snapshot, caller }
    }

    /// Who asks.
    #[must_use]
    pub fn caller(&self) -> Caller {
        self.caller
    }

    /// Whether this caller may see a tool at all.
    #[must_use]
    pub fn admits(&self, _tool: &RegisteredTool) -> bool {
        match self.caller {
            Caller::Anyone => true,
        }
    }

    /// The tools, sorted by name.
    pub fn tools(self) -> impl Iterator<Item = &'a RegisteredTool> {
        self.snapshot.tools().iter().filter(move |tool| self.admits(tool))
    }

    /// The tool of that name, or what to say instead.
    #[must_use]
    pub fn tool(&self, name: &str) -> Lookup<'a> {
        if let Some(tool) = self.snapshot.tool(name).filter(|tool| self.admits(tool)) {
            return Lookup::Found(tool);
        }
        let held = self.snapshot.quarantined().iter().find(|held| held.tool.as_str() == name);
        held.map_or_else(|| Lookup::Unknown { nearest: self.nearest_tools(name) }, Lookup::Quarantined)
    }

    /// The servers, sorted by name.
    pub fn servers(self) -> impl Iterator<Item = &'a ServerSummary> {
        self.snapshot.servers()
    }

    /// The server of that name.
    ///
    /// # Errors
    /// The name of the server that may have been meant.
    pub fn server(&self, name: &str) -> Result<&'a ServerSummary, Option<&'a str>> {
        let found = self.servers().find(|server| server.name == name);
        found.ok_or_else(|| nearest(name, self.servers().map(|server| server.name.as_str())))
    }

    /// The upstream that a server is, if it is one.
    #[must_use]
    pub fn upstream(&self, server: &str) -> Option<&'a Arc<Remote>> {
        self.snapshot.upstream(server)
    }

    /// How a server is at this moment, and why, where there is something to say.
    #[must_use]
    pub fn status(&self, server: &ServerSummary) -> (ServerStatus, Option<String>) {
        match self.upstream(&server.name).map(|remote| remote.state()) {
            None => (server.status, None),
            Some(state) => (ServerStatus::Upstream(state.name()), state.reason().map(str::to_owned)),
        }
    }

    /// How the upstream of a tool is, if it cannot be called now.
    pub(super) fn trouble(&self, tool: &RegisteredTool) -> Option<State> {
        self.upstream(tool.server()).map(|remote| remote.state()).filter(|state| !state.is_well())
    }

    /// Names like `wanted`: of those that share words with it the one most alike in spelling, then
    /// the others as they rank. Only where no word is shared are all names compared.
    fn nearest_tools(&self, wanted: &str) -> Vec<&'a str> {
        let request = SearchRequest { query: wanted.to_owned(), ..SearchRequest::default() };
        let hits = self.ranked(&request, RELATED).hits;
        let related: Vec<&str> =
            hits.iter().filter_map(|hit| self.snapshot.tools().get(hit.tool)).map(RegisteredTool::name).collect();
        if related.is_empty() {
            return nearest(wanted, self.tools().map(RegisteredTool::name)).into_iter().collect();
        }
        let alike = nearest(wanted, related.iter().copied());
        let others = related.into_iter().filter(|name| Some(*name) != alike);
        alike.into_iter().chain(others).take(SUGGESTIONS).collect()
    }
}

/// How many names are suggested.
const SUGGESTIONS: usize = 3;
/// How many of the best matches are compared in spelling.
const RELATED: usize = 20;
