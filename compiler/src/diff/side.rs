//! One of the two sets that are compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::tool::Tool;
use crate::capability::{Capability, Server, Upstream};
use crate::compile::Compilation;
use crate::pin::ApprovedTools;
use crate::source::SourceId;

/// A set of compiled capabilities.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The tools, sorted by name.
    pub capabilities: Vec<Arc<Capability>>,
    /// What agents see of the apis.
    pub servers: Vec<Arc<Server>>,
    /// MCP servers, sorted by name.
    pub upstreams: Vec<ApprovedUpstream>,
    /// What the gateway's settings file says, by its keys.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// An MCP server and what was approved of its tools.
#[derive(Clone, Debug)]
pub struct ApprovedUpstream {
    /// What its file says.
    pub upstream: Arc<Upstream>,
    /// Its tools as a person approved them.
    pub approved: Option<Arc<ApprovedTools>>,
    /// The file of the approved tools.
    pub tools_file: SourceId,
}

impl Side {
    /// What was compiled, and the approved tools of upstreams by their file.
    #[must_use]
    pub fn of(compilation: &Compilation, approved: &BTreeMap<SourceId, Arc<ApprovedTools>>) -> Self {
        let with_tools = |upstream: &Arc<Upstream>| {
            let tools_file = upstream.source.join(crate::pin::TOOLS_FILE);
            ApprovedUpstream {
                upstream: Arc::clone(upstream),
                approved: approved.get(&tools_file).map(Arc::clone),
                tools_file,
            }
        };
        Self {
            capabilities: compilation.capabilities().map(Arc::clone).collect(),
            servers: compilation.servers.clone(),
            upstreams: compilation.upstreams.iter().map(|(upstream, _)| with_tools(upstream)).collect(),
            settings: serde_json::Map::new(),
        }
    }

    /// Every tool that agents may call: capabilities, and the approved tools of upstreams that are served.
    pub(super) fn tools(&self) -> BTreeMap<String, Tool<'_>> {
        let own = self.capabilities.iter().map(|it| (it.tool.as_str().to_owned(), Tool::Capability(it)));
        let relayed = self.upstreams.iter().flat_map(|it| {
            let tools = it.approved.iter().flat_map(|approved| approved.tools());
            let served = tools.filter(|(name, _)| !it.upstream.paused && it.upstream.exposed.covers(name));
            served.map(move |(name, definition)| {
                let full = format!("{}__{name}", it.upstream.name());
                (full.clone(), Tool::Relayed { name: full, own: name, definition, of: it })
            })
        });
        own.chain(relayed).collect()
    }
}
