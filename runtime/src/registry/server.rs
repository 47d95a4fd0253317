//! Servers as agents see them: how many tools each has, and whether all is well.

use std::collections::BTreeMap;

use cap_compiler::capability::{Server, ServerName};
use serde::Serialize;

use super::Contents;

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
    /// Whether all is well.
    pub status: ServerStatus,
    /// How many of its tools are held back.
    #[serde(skip_serializing_if = "is_zero")]
    pub quarantined: usize,
}

/// What is behind a server. Upstream MCP servers will stand beside apis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// A REST api.
    Api,
}

/// Whether a server's tools can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerStatus {
    /// All of them.
    Ok,
    /// Some are held back until they are reviewed.
    Quarantined,
}

/// Every server of `contents` by name, declared or known by its tools.
pub(super) fn summaries(contents: &Contents) -> BTreeMap<ServerName, ServerSummary> {
    let mut servers = BTreeMap::new();
    for server in &contents.servers {
        let summary = summary(&mut servers, &server.name);
        summary.title = title(server);
        summary.description = server.description.clone();
    }
    for tool in &contents.tools {
        summary(&mut servers, &tool.capability().server).tools += 1;
    }
    for held in &contents.quarantined {
        let server = summary(&mut servers, &held.server);
        server.quarantined += 1;
        server.status = ServerStatus::Quarantined;
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
