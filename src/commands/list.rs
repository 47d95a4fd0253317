//! `cap list`: every tool with its request and its pin.

use cap_compiler::capability::{Binding, Call, Capability, Expression, Parameter, PathPiece, Piece, Text};
use cap_compiler::pin::Pin;
use cap_runtime::registry::RegisteredTool;
use serde_json::{Value, json};

use crate::args::ListArgs;
use crate::catalog::{snapshot, view};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &ListArgs, output: &Output) -> Result<Exit, Exit> {
    let loaded = Workspace::open(&args.folders, output)?.load_tools(output)?;
    let snapshot = snapshot(&loaded, output)?;
    let wanted = |server: &str| args.server.as_deref().is_none_or(|wanted| wanted == server);
    let tools: Vec<&RegisteredTool> = view(&snapshot).tools().filter(|tool| wanted(tool.server())).collect();
    let held: Vec<_> = snapshot.quarantined().iter().filter(|held| wanted(held.server.as_str())).collect();
    if args.json {
        let entries = tools.iter().map(|tool| entry(tool));
        let quarantined =
            held.iter().map(|held| json!({"tool": held.tool, "server": held.server, "status": "quarantined"}));
        output.json(&json!({"tools": entries.chain(quarantined).collect::<Vec<_>>()}));
        return Ok(Exit::Success);
    }
    let width = tools.iter().map(|tool| tool.name().len()).max().unwrap_or_default();
    for tool in &tools {
        let capability = tool.capability();
        let title = capability.title.as_deref().unwrap_or(&capability.description);
        let title = title.lines().next().unwrap_or_default();
        output.data(&format!("{:width$}  {:9}  {:40}  {title}\n", tool.name(), status(tool), request_line(capability)));
    }
    for held in &held {
        output.data(&format!("{:width$}  quarantined\n", held.tool));
    }
    let mut text = plural(tools.len(), "tool");
    if !held.is_empty() {
        text.push_str(&format!(", {} quarantined", held.len()));
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
