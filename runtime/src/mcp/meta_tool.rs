//! The gateway's own tools as agents see them. Together they are what every session pays for in
//! tokens, so each word counts.

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::registry::SearchRequest;

/// A tool of the gateway itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetaTool {
    Search,
    Describe,
    ListServers,
    ListTools,
    Invoke,
}

impl MetaTool {
    /// In the order in which they are listed, that of their use.
    pub(super) const ALL: [Self; 5] = [Self::Search, Self::Describe, Self::Invoke, Self::ListServers, Self::ListTools];

    /// The tool of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Search => "gateway_search_tools",
            Self::Describe => "gateway_describe_tools",
            Self::ListServers => "gateway_list_servers",
            Self::ListTools => "gateway_list_tools",
            Self::Invoke => "gateway_invoke",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Search => "Search tools",
            Self::Describe => "Describe tools",
            Self::ListServers => "List servers",
            Self::ListTools => "List tools",
            Self::Invoke => "Run a tool",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Search => {
                "Find tools for a task, described in plain words. Start here: the tools behind this gateway are not \
                 listed. Returns the best matches with a one-line signature of their arguments (`?` marks optional \
                 ones); run one with gateway_invoke."
            }
            Self::Describe => {
                "Full definitions of tools: description, input schema, effects. Use it when a signature from \
                 gateway_search_tools does not say enough to call the tool."
            }
            Self::ListServers => "List the APIs behind this gateway, with the number of tools and the status of each.",
            Self::ListTools => {
                "Browse all tools by name, a page at a time. Prefer gateway_search_tools when you know what you need."
            }
            Self::Invoke => {
                "Run a tool found with gateway_search_tools. Its effects are the tool's own: it may change or delete \
                 things. Wrong names and arguments are answered with how to mend them."
            }
        }
    }

    /// The arguments, by name.
    fn properties(self) -> Value {
        match self {
            Self::Search => json!({
                "query": {"type": "string", "description": "What you want to do, e.g. `open an issue in a repository`."},
                "limit": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": SearchRequest::MAXIMUM_LIMIT,
                    "default": SearchRequest::DEFAULT_LIMIT,
                },
                "server": {"type": "string", "description": "Only tools of this server."},
                "tags": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "Only tools with one of these tags.",
                },
                "read_only": {"type": "boolean", "description": "Only tools that change nothing."},
            }),
            Self::Describe => json!({
                "tools": {
                    "type": "array",
                    "items": {"type": "string"},
                    "minItems": 1,
                    "maxItems": MOST_DESCRIBED,
                    "description": "Exact tool names.",
                },
            }),
            Self::ListServers => json!({}),
            Self::ListTools => json!({
                "server": {"type": "string", "description": "Only tools of this server."},
                "cursor": {"type": "string", "description": "`next_cursor` of the page before."},
            }),
            Self::Invoke => json!({
                "tool": {"type": "string", "description": "The exact tool name."},
                "arguments": {"type": "object", "description": "The tool's arguments, by its input schema."},
                "cursor": {"type": "string", "description": "For the next page: what the result before named."},
                "collect": {"type": "integer", "minimum": 1, "description": "Join pages until there are so many items."},
            }),
        }
    }

    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Search => &["query"],
            Self::Describe => &["tools"],
            Self::Invoke => &["tool"],
            Self::ListServers | Self::ListTools => &[],
        }
    }

    fn annotations(self) -> ToolAnnotations {
        match self {
            Self::Invoke => {
                ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true)
            }
            Self::Search | Self::Describe | Self::ListServers | Self::ListTools => {
                ToolAnnotations::new().read_only(true).open_world(false)
            }
        }
    }

    /// The names of its arguments.
    pub(super) fn arguments(self) -> Vec<String> {
        object(self.properties()).keys().cloned().collect()
    }

    /// The definition that is listed.
    pub(super) fn definition(self) -> Tool {
        let mut schema = json!({"type": "object", "properties": self.properties(), "additionalProperties": false});
        if let (Some(schema), false) = (schema.as_object_mut(), self.required().is_empty()) {
            schema.insert("required".to_owned(), json!(self.required()));
        }
        Tool::new(self.name(), self.description(), object(schema))
            .with_title(self.title())
            .with_annotations(self.annotations())
    }
}

/// What a client's model is told of the whole.
pub(super) const INSTRUCTIONS: &str = "A gateway to many tools that are not listed one by one. Search with \
    gateway_search_tools in plain words, read the full definition with gateway_describe_tools where the signature is \
    not enough, then run the tool with gateway_invoke.";

/// How many tools are described in one answer.
pub(super) const MOST_DESCRIBED: usize = 20;

/// The value as an object; every literal here is one.
fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => JsonObject::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_definitions_fit_into_a_thousand_tokens() {
        let tools: Vec<Tool> = MetaTool::ALL.into_iter().map(MetaTool::definition).collect();
        let listed = serde_json::to_string(&rmcp::model::ListToolsResult::with_all_items(tools)).unwrap();
        assert!(listed.len() < 4_000, "{} characters", listed.len());
        println!("{} characters", listed.len());
    }

    #[test]
    fn names_and_tools_agree() {
        assert!(MetaTool::ALL.into_iter().all(|tool| MetaTool::named(tool.name()) == Some(tool)));
        assert_eq!(MetaTool::named("gateway_nothing"), None);
    }
}
