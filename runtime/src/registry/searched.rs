//! What is searched of a tool: its texts, those of its server, and those of its arguments.

use std::collections::BTreeMap;

use cap_compiler::capability::ServerName;
use serde_json::{Map, Value};

use super::{RegisteredTool, ServerSummary};
use crate::index::{ArgumentText, ToolText};

/// What there is to search in a tool.
pub(super) fn text<'a>(tool: &'a RegisteredTool, servers: &'a BTreeMap<ServerName, ServerSummary>) -> ToolText<'a> {
    let capability = tool.capability();
    let server = servers.get(&capability.server);
    let mut arguments = Vec::new();
    collect(&capability.input, DEPTH, &mut arguments);
    ToolText {
        name: tool.name(),
        local_name: tool.local_name(),
        title: capability.title.as_deref().unwrap_or_default(),
        description: &capability.description,
        server: tool.server(),
        server_title: server.and_then(|server| server.title.as_deref()).unwrap_or_default(),
        server_description: server.and_then(|server| server.description.as_deref()).unwrap_or_default(),
        tags: &capability.tags,
        arguments,
    }
}

/// The properties of a schema and of the schemas in it, as far as they are written out.
fn collect<'a>(schema: &'a Value, depth: usize, arguments: &mut Vec<ArgumentText<'a>>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flat_map(Map::iter) {
        if arguments.len() >= MOST {
            return;
        }
        arguments.push(ArgumentText { name, description: described(schema), values: values(schema) });
        if depth > 1 {
            collect(schema, depth - 1, arguments);
            collect(schema.get("items").unwrap_or(&Value::Null), depth - 1, arguments);
        }
    }
}

fn described(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn values(schema: &Value) -> Vec<&str> {
    let values = schema.get("enum").and_then(Value::as_array);
    values.into_iter().flatten().filter_map(Value::as_str).take(MOST_VALUES).collect()
}

/// How deep arguments are looked into.
const DEPTH: usize = 3;
/// Arguments of one tool: after these, more say less.
const MOST: usize = 200;
/// Values of one argument: after these it is a list of countries, not a choice of what to do.
const MOST_VALUES: usize = 50;
