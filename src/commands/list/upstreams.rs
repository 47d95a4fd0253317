//! The upstream servers of a list: how each is reached, without its credentials, and whether it is pinned.

use cap_compiler::definition::{Template, TransportDefinition, UpstreamDefinition};
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::output::{Output, plural};
use crate::upstreams::{Known, KnownKind, known_servers};
use crate::workspace::Workspace;

/// The upstreams of the folders, or the one of a name; sorted by name.
///
/// # Errors
/// When a file cannot be read; what is wrong has been said.
pub(super) fn of(workspace: &Workspace, server: Option<&str>, output: &Output) -> Result<Vec<Known>, Exit> {
    let known = known_servers(&workspace.folders).map_err(|error| {
        output.error(&format!("cannot read the capabilities: {error}"), None);
        Exit::Environment
    })?;
    let is_wanted = |known: &Known| {
        matches!(known.kind, KnownKind::Upstream(_)) && server.is_none_or(|server| server == known.name)
    };
    let mut upstreams: Vec<Known> = known.into_iter().filter(is_wanted).collect();
    upstreams.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(upstreams)
}

/// An upstream for programs.
pub(super) fn entry(known: &Known) -> Value {
    let definition = definition(known);
    json!({
        "name": known.name,
        "title": definition.and_then(|it| it.title.as_deref()),
        "description": definition.and_then(|it| it.description.as_deref()),
        "transport": definition.map(|it| transport(&it.transport).0),
        "status": known.pin(),
        "approved_tools": known.approved_tools(),
        "paused": definition.is_some_and(|it| it.paused),
        "faulty": definition.is_none(),
        "file": known.source,
    })
}

/// An upstream for people, in the columns of the tools.
pub(super) fn line(known: &Known, width: usize) -> String {
    let tools = known.approved_tools().map_or_else(|| "no approved tools".to_owned(), |it| plural(it, "approved tool"));
    let (reached, title) = match definition(known) {
        Some(definition) => {
            let (word, place) = transport(&definition.transport);
            (format!("{word} {place}"), definition.title.as_deref().unwrap_or_default())
        }
        None => ("faulty; see `cap check`".to_owned(), ""),
    };
    let paused = if definition(known).is_some_and(|it| it.paused) { ", paused" } else { "" };
    let line = format!("{:width$}  {:9}  {reached:40}  {tools}{paused}  {title}", known.name, known.pin());
    format!("{}\n", line.trim_end())
}

fn definition(known: &Known) -> Option<&UpstreamDefinition> {
    match &known.kind {
        KnownKind::Upstream(definition) => definition.as_deref(),
        KnownKind::Api | KnownKind::Tool => None,
    }
}

/// The word of a transport, and the host or program: paths and arguments may hold what nobody else
/// should see.
fn transport(transport: &TransportDefinition) -> (&'static str, String) {
    let host = |url: &Template| {
        let rest = url.source.split_once("://").map_or("", |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default().to_owned()
    };
    match transport {
        TransportDefinition { http: Some(url), .. } => ("http", host(url)),
        TransportDefinition { sse: Some(url), .. } => ("sse", host(url)),
        TransportDefinition { stdio, .. } => {
            let program = stdio.as_deref().and_then(<[String]>::first).map(String::as_str).unwrap_or_default();
            ("stdio", program.rsplit(['/', '\\']).next().unwrap_or_default().to_owned())
        }
    }
}
