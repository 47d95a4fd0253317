//! `cap show`: one tool as agents see it, and the request behind it.

use std::collections::BTreeSet;

use cap_compiler::capability::{Call, Capability, HttpCall, Network};
use cap_runtime::registry::{RegisteredTool, ToolDefinition, signature};
use serde_json::{Value, json};

use super::list::{request_line, server_text, status};
use crate::args::ShowArgs;
use crate::catalog::{find, snapshot};
use crate::exit::Exit;
use crate::output::Output;
use crate::workspace::Workspace;

pub(crate) fn run(args: &ShowArgs, output: &Output) -> Result<Exit, Exit> {
    let loaded = Workspace::open(&args.folders, output)?.load_tools(output)?;
    let snapshot = snapshot(&loaded, output)?;
    let tool = find(&snapshot, &args.tool, output)?;
    if args.json {
        output.json(&to_json(tool));
    } else {
        output.data(&to_text(tool));
    }
    Ok(Exit::Success)
}

fn to_json(tool: &RegisteredTool) -> Value {
    let capability = tool.capability();
    let Call::Http(call) = &capability.call else {
        return json!({
            "definition": ToolDefinition::of(tool),
            "request": request_line(capability),
            "files": files(capability),
        });
    };
    json!({
        "definition": ToolDefinition::of(tool),
        "request": request_line(capability),
        "server_url": server_text(&call.server),
        "network": network(call),
        "media_types": media_types(call),
        "secrets": secrets(call),
        "files": files(capability),
    })
}

fn to_text(tool: &RegisteredTool) -> String {
    let capability = tool.capability();
    let hints = capability.annotations;
    let effects: Vec<&str> = [
        (hints.read_only, "read only"),
        (hints.destructive, "destructive"),
        (hints.idempotent, "idempotent"),
        (capability.deprecated, "deprecated"),
    ]
    .into_iter()
    .filter_map(|(is, word)| is.then_some(word))
    .collect();
    let mut text = format!("{}  ({})\n", tool.name(), status(tool));
    if let Some(title) = &capability.title {
        text.push_str(&format!("{title}\n"));
    }
    text.push_str(&format!("\n{}\n\n", capability.description));
    let call = capability.call.http();
    let rows = [
        ("request", call.map_or_else(|| request_line(capability), |call| request_text(call, capability))),
        ("body", call.map(body_text).unwrap_or_default()),
        ("arguments", signature(&capability.input.read())),
        ("effects", effects.join(", ")),
        ("network", call.map(network).unwrap_or_default().to_owned()),
        ("secrets", secrets_of(capability).into_iter().collect::<Vec<_>>().join(", ")),
        ("tags", capability.tags.join(", ")),
        ("files", files(capability).join(", ")),
    ];
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("{name:>10}: {value}\n"));
    }
    text.push_str(&argument_table(&capability.input.read()));
    text
}

fn request_text(call: &HttpCall, capability: &Capability) -> String {
    let line = request_line(capability);
    let path = line.split_once(' ').map_or("", |(_, path)| path);
    format!("{} {}{path}", call.method, server_text(&call.server))
}

/// The media types that a body can be sent as, the default first.
fn media_types(call: &HttpCall) -> Vec<String> {
    call.body.iter().flat_map(|body| body.media_types()).collect()
}

/// The media types of the body: the default, and which argument selects the others.
fn body_text(call: &HttpCall) -> String {
    let Some(body) = &call.body else { return String::new() };
    let mut names = body.media_types();
    let default = names.next().unwrap_or_default();
    match &body.choice {
        Some(choice) => format!("{default}, or by `{}`: {}", choice.select.0, names.collect::<Vec<_>>().join(", ")),
        None => default,
    }
}

fn argument_table(input: &Value) -> String {
    let Some(properties) = input.get("properties").and_then(Value::as_object).filter(|map| !map.is_empty()) else {
        return String::new();
    };
    let width = properties.keys().map(String::len).max().unwrap_or_default();
    let mut text = "\n".to_owned();
    for (name, schema) in properties {
        let description = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let first = description.lines().next().unwrap_or_default();
        text.push_str(format!("  {name:width$}  {first}").trim_end());
        text.push('\n');
    }
    text
}

fn network(call: &HttpCall) -> &'static str {
    match call.network {
        Network::Public => "public addresses only",
        Network::Private => "private addresses allowed",
    }
}

/// The secrets that a call may need.
pub(crate) fn secrets_of(capability: &Capability) -> BTreeSet<String> {
    capability.call.http().map(secrets).unwrap_or_default()
}

fn secrets(call: &HttpCall) -> BTreeSet<String> {
    call.secrets().into_iter().map(|name| name.0.clone()).collect()
}

fn files(capability: &Capability) -> Vec<&str> {
    let origin = &capability.origin;
    std::iter::once(&origin.definition).chain(&origin.dependencies).map(|file| file.as_str()).collect()
}
