//! What is searched of a tool: its texts, those of its server, and those of its arguments.

use std::collections::BTreeMap;

use cap_compiler::capability::ServerName;
use serde_json::Value;

use super::{RegisteredTool, ServerSummary};
use crate::index::{ArgumentText, ToolText};

/// What there is to search in a tool.
pub(super) fn text<'a>(tool: &'a RegisteredTool, servers: &'a BTreeMap<ServerName, ServerSummary>) -> ToolText<'a> {
    let capability = tool.capability();
    let server = servers.get(&capability.server);
    let mut arguments = Vec::new();
    collect(capability.input.read(), DEPTH, &mut arguments);
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
fn collect(schema: Value, depth: usize, arguments: &mut Vec<ArgumentText>) {
    let Value::Object(mut schema) = schema else { return };
    let Some(Value::Object(properties)) = schema.remove("properties") else { return };
    for (name, mut schema) in properties {
        if arguments.len() >= MOST {
            return;
        }
        let mut take = |key: &str| schema.get_mut(key).map(Value::take).unwrap_or_default();
        let (description, values, items) = (text_of(take("description")), take("enum"), take("items"));
        arguments.push(ArgumentText { name, description, values: words(values) });
        if depth > 1 {
            collect(schema, depth - 1, arguments);
            collect(items, depth - 1, arguments);
        }
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn words(values: Value) -> Vec<String> {
    let Value::Array(values) = values else { return Vec::new() };
    let words = values.into_iter().map(text_of).filter(|text| !text.is_empty());
    words.take(MOST_VALUES).collect()
}

/// How deep arguments are looked into.
const DEPTH: usize = 3;
/// Arguments of one tool: after these, more say less.
const MOST: usize = 200;
/// Values of one argument: after these it is a list of countries, not a choice of what to do.
const MOST_VALUES: usize = 50;
