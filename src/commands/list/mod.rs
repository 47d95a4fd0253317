//! `cap list`: every tool with its request and its pin, and the upstream servers with theirs.

mod upstreams;

use cap_compiler::capability::{Binding, Call, Capability, Expression, Parameter, PathPiece, Piece, Text};
use cap_compiler::pin::Pin;
use cap_runtime::registry::RegisteredTool;
use serde_json::{Value, json};

use crate::args::{ListArgs, ListFormat};
use crate::catalog::{snapshot, view};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &ListArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let loaded = workspace.load_tools(output)?;
    let snapshot = snapshot(&loaded, output)?;
    let wanted = |server: &str| args.server.as_deref().is_none_or(|wanted| wanted == server);
    let tools: Vec<&RegisteredTool> = view(&snapshot).tools().filter(|tool| wanted(tool.server())).collect();
    let held: Vec<_> = snapshot.quarantined().iter().filter(|held| wanted(held.server.as_str())).collect();
    let upstreams = upstreams::of(&workspace, args.server.as_deref(), output)?;
    if args.json || args.format == ListFormat::Json {
        let entries = tools.iter().map(|tool| entry(tool));
        let quarantined =
            held.iter().map(|held| json!({"tool": held.tool, "server": held.server, "status": "quarantined"}));
        let upstreams: Vec<Value> = upstreams.iter().map(upstreams::entry).collect();
        output.json(&json!({"tools": entries.chain(quarantined).collect::<Vec<_>>(), "upstreams": upstreams}));
        return Ok(Exit::Success);
    }
    let names = tools.iter().map(|tool| tool.name().len()).chain(upstreams.iter().map(|known| known.name.len()));
    let width = names.max().unwrap_or_default();
    for tool in &tools {
        let capability = tool.capability();
        let title = capability.title.as_deref().unwrap_or(&capability.description);
        let title = title.lines().next().unwrap_or_default();
        output.data(&format!("{:width$}  {:9}  {:40}  {title}\n", tool.name(), status(tool), request_line(capability)));
    }
    for held in &held {
        output.data(&format!("{:width$}  quarantined\n", held.tool));
    }
    upstreams.iter().for_each(|upstream| output.data(&upstreams::line(upstream, width)));
    let mut text = plural(tools.len(), "tool");
    if !held.is_empty() {
        text.push_str(&format!(", {} quarantined", held.len()));
    }
    if !upstreams.is_empty() {
        text.push_str(&format!(", {}", plural(upstreams.len(), "upstream")));
    }
    output.status(Tone::Good, "Listed", &text);
    Ok(Exit::Success)
}

fn entry(tool: &RegisteredTool) -> Value {
    let capability = tool.capability();
    json!({
        "tool": tool.name(),
        "server": tool.server(),
        "title": capability.title,
        "description": capability.description,
        "request": request_line(capability),
        "status": status(tool),
        "file": capability.origin.definition,
    })
}

/// `pinned` or `unpinned`.
pub(crate) fn status(tool: &RegisteredTool) -> &'static str {
    match tool.pin {
        Pin::Locked => "pinned",
        Pin::Unlisted => "unpinned",
    }
}

/// `GET /repos/{owner}/{repo}`.
pub(crate) fn request_line(capability: &Capability) -> String {
    match &capability.call {
        Call::Http(call) => {
            let path: String = call
                .path
                .iter()
                .map(|piece| match piece {
                    PathPiece::Literal(text) => text.clone(),
                    PathPiece::Value(parameter) => format!("{{{}}}", value_name(parameter)),
                })
                .collect();
            format!("{} {path}", call.method)
        }
        Call::Mcp(call) => format!("MCP {}", call.tool),
    }
}

/// What stands at a place of the path: the argument's name, or the names that an expression reads.
fn value_name(parameter: &Parameter) -> String {
    match &parameter.value {
        Binding::Value(Expression::Computed(computed)) => {
            let names: Vec<&str> = computed.arguments.iter().map(|name| name.0.as_str()).collect();
            names.join("+")
        }
        Binding::Value(Expression::Argument(name)) => name.0.clone(),
        Binding::Value(Expression::Secret(_) | Expression::Signed(_))
        | Binding::Literal(_)
        | Binding::Text(_)
        | Binding::Object(_)
        | Binding::List(_) => parameter.name.clone(),
    }
}

/// A server as people read it; secrets show by name.
pub(crate) fn server_text(server: &Text) -> String {
    server
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Hole(hole) => {
                let names: Vec<&str> = hole.secrets().iter().map(|name| name.0.as_str()).collect();
                format!("{{secret.{}}}", names.join("+"))
            }
        })
        .collect()
}
