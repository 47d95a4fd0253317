//! One generation of all that is served: built whole, then only read.

use std::collections::BTreeMap;
use std::sync::Arc;

use cap_compiler::capability::ServerName;
use cap_compiler::pin::Quarantined;

use super::searched::text;
use super::server::summaries;
use super::{Contents, IndexError, RegisteredTool, ServerSummary};
use crate::index::{Before, ToolIndex};
use crate::upstream::Remote;

/// The tools of one generation, their servers and the index over them.
#[derive(Debug)]
pub struct Snapshot {
    generation: u64,
    /// Sorted by name; the index knows a tool by its place here.
    tools: Vec<RegisteredTool>,
    servers: BTreeMap<ServerName, ServerSummary>,
    upstreams: BTreeMap<String, Arc<Remote>>,
    /// Sorted by name.
    quarantined: Vec<Quarantined>,
    problems: Vec<String>,
    index: ToolIndex,
}

impl Snapshot {
    /// Sorts and indexes `contents`. Of two tools with one name the first stays.
    ///
    /// # Errors
    /// A fault of the gateway: the index is built in memory.
    pub fn build(generation: u64, contents: Contents) -> Result<Self, IndexError> {
        Self::after(None, generation, contents)
    }

    /// The same, taking over from the snapshot `before` what did not change since.
    ///
    /// # Errors
    /// A fault of the gateway: the index is built in memory.
    pub fn after(before: Option<&Self>, generation: u64, mut contents: Contents) -> Result<Self, IndexError> {
        contents.tools.sort_by(|a, b| a.name().cmp(b.name()));
        contents.tools.dedup_by(|later, first| later.name() == first.name());
        contents.quarantined.sort_by(|a, b| a.tool.cmp(&b.tool));
        let servers = summaries(&contents);
        let tools = &contents.tools;
        let known: Vec<Before> = tools.iter().map(|tool| before.and_then(|it| it.indexed(tool, &servers))).collect();
        let text = |at: usize| tools.get(at).map(|tool| text(tool, &servers)).unwrap_or_default();
        let index = ToolIndex::update(before.map(|it| &it.index), &known, text)?;
        let Contents { tools, upstreams, quarantined, problems, .. } = contents;
        let upstreams = upstreams.into_iter().map(|remote| (remote.name().to_owned(), remote)).collect();
        Ok(Self { generation, tools, servers, upstreams, quarantined, problems, index })
    }

    /// The number of this build; later ones are greater.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Every tool that is served, sorted by name.
    #[must_use]
    pub fn tools(&self) -> &[RegisteredTool] {
        &self.tools
    }

    /// The tool of that name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&RegisteredTool> {
        let at = self.tools.binary_search_by(|tool| tool.name().cmp(name)).ok()?;
        self.tools.get(at)
    }

    /// Every server, sorted by name.
    pub fn servers(&self) -> impl Iterator<Item = &ServerSummary> {
        self.servers.values()
    }

    /// Every upstream, sorted by name.
    pub fn upstreams(&self) -> impl Iterator<Item = &Arc<Remote>> {
        self.upstreams.values()
    }

    /// The upstream of that name.
    #[must_use]
    pub fn upstream(&self, name: &str) -> Option<&Arc<Remote>> {
        self.upstreams.get(name)
    }

    /// Every tool that is held back, sorted by name.
    #[must_use]
    pub fn quarantined(&self) -> &[Quarantined] {
        &self.quarantined
    }

    /// What went wrong while this was loaded.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Where a tool stands here, if all that is searched of it is the same.
    fn indexed(&self, tool: &RegisteredTool, servers: &BTreeMap<ServerName, ServerSummary>) -> Before {
        let at = self.tools.binary_search_by(|known| known.name().cmp(tool.name())).ok()?;
        let known = self.tools.get(at)?;
        (Arc::ptr_eq(&known.prepared, &tool.prepared) && said(servers, tool) == said(&self.servers, tool)).then_some(at)
    }

    /// The index over [`Self::tools`].
    pub(super) fn index(&self) -> &ToolIndex {
        &self.index
    }

    /// Whether clients see the same tools in both.
    pub(super) fn offers_the_same(&self, other: &Self) -> bool {
        self.tools.len() == other.tools.len()
            && self.tools.iter().zip(&other.tools).all(|(one, another)| looks_the_same(one, another))
    }
}

/// Whether a client's list of tools would show the same; how a call is made does not count.
fn looks_the_same(one: &RegisteredTool, another: &RegisteredTool) -> bool {
    let (a, b) = (one.capability(), another.capability());
    std::ptr::eq(a, b)
        || (&a.tool, &a.server, &a.title, &a.description, &a.annotations, &a.input, &a.output)
            == (&b.tool, &b.server, &b.title, &b.description, &b.annotations, &b.input, &b.output)
}

/// What is searched of a tool's server.
fn said<'s>(
    servers: &'s BTreeMap<ServerName, ServerSummary>,
    tool: &RegisteredTool,
) -> Option<(Option<&'s str>, Option<&'s str>)> {
    let server = servers.get(&tool.capability().server)?;
    Some((server.title.as_deref(), server.description.as_deref()))
}
