//! Servers as agents see them: how many tools each has, and whether all is well.

use std::collections::BTreeMap;

use cap_compiler::capability::{Server, ServerName};
use serde::{Serialize, Serializer};

use super::Contents;
use crate::upstream::StateName;

/// A group of tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerSummary {
    /// The first part of its tools' names.
    pub name: String,
    /// What is behind it.
    pub kind: ServerKind,
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is. It is searched, and not listed: a list is read to choose a server, by its name.
    #[serde(skip)]
    pub description: Option<String>,
    /// How many of its tools are served.
    pub tools: usize,
    /// Whether all is well. That of an upstream is asked of [`View::status`](super::View::status).
    pub status: ServerStatus,
    /// How many of its tools are held back.
    #[serde(skip_serializing_if = "is_zero")]
    pub quarantined: usize,
}

/// What is behind a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// A REST api.
    Api,
    /// An MCP server.
    Upstream,
}

/// Whether a server's tools can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerStatus {
    /// All of them.
    Ok,
    /// Some are held back until they are reviewed.
    Quarantined,
    /// Those of an upstream, as its connection is.
    Upstream(StateName),
}

impl ServerStatus {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Quarantined => "quarantined",
            Self::Upstream(state) => state.as_str(),
        }
    }
}

impl Serialize for ServerStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Every server of `contents` by name, declared or known by its tools.
pub(super) fn summaries(contents: &Contents) -> BTreeMap<ServerName, ServerSummary> {
    let mut servers = BTreeMap::new();
    for server in &contents.servers {
        let summary = summary(&mut servers, &server.name);
        summary.title = title(server);
        summary.description = server.description.clone();
    }
    for remote in &contents.upstreams {
        let loaded = remote.loaded();
        let summary = summary(&mut servers, loaded.upstream.name());
        summary.kind = ServerKind::Upstream;
        summary.title = title(&loaded.upstream.server);
        summary.description = loaded.upstream.server.description.clone();
        summary.status = ServerStatus::Upstream(remote.state().name());
    }
    for tool in &contents.tools {
        summary(&mut servers, &tool.capability().server).tools += 1;
    }
    for held in &contents.quarantined {
        let server = summary(&mut servers, &held.server);
        server.quarantined += 1;
        if server.kind == ServerKind::Api {
            server.status = ServerStatus::Quarantined;
        }
    }
    servers
}

fn title(server: &Server) -> Option<String> {
    server.title.clone().filter(|title| !title.is_empty())
}

fn summary<'a>(servers: &'a mut BTreeMap<ServerName, ServerSummary>, name: &ServerName) -> &'a mut ServerSummary {
    servers.entry(name.clone()).or_insert_with(|| ServerSummary {
        name: name.as_str().to_owned(),
        kind: ServerKind::Api,
        title: None,
        description: None,
        tools: 0,
        status: ServerStatus::Ok,
        quarantined: 0,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}
