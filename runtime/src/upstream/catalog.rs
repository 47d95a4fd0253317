//! What is served of an upstream: its tools as it lists them, or as they were approved while it does not,
//! compared with what a person approved.

use std::collections::BTreeMap;
use std::sync::Arc;

use cap_compiler::capability::{
    Annotations, AnswerRules, Call, Capability, McpCall, NewTools, Origin, SchemaText, ToolName, ToolOverride, Upstream,
};
use cap_compiler::pin::{ApprovedTools, Digest, Pin, Policy, Problem, Quarantined, canonical, differences};
use rmcp::model::Tool;
use serde_json::Value;

use super::names::served_names;
use crate::load::LoadedUpstream;
use crate::registry::FileDigests;

/// What is served of one upstream, and what is held back.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The tools that are served, sorted by the server's own names.
    pub tools: Vec<CatalogTool>,
    /// The tools that are not.
    pub quarantined: Vec<Quarantined>,
}

/// A tool that is served.
#[derive(Clone, Debug)]
pub struct CatalogTool {
    /// The tool under its name in the gateway.
    pub capability: Arc<Capability>,
    /// As the server defines it, under the server's own name, with the overrides of the upstream's file.
    pub definition: Tool,
    /// How far the lock file vouches for it.
    pub pin: Pin,
    /// The digests of its definition and of the upstream's file.
    pub files: FileDigests,
}

/// What is to be served, of tools that are listed (`None`: not yet, or not any more known).
pub(super) fn catalog(loaded: &LoadedUpstream, listed: Option<&[Tool]>, policy: Policy) -> Catalog {
    let Ok(pinned) = &loaded.admitted else { return held_back(loaded) };
    let upstream = &loaded.upstream;
    let approved = loaded.approved.as_deref();
    let from_file;
    let found = match (listed, approved) {
        (Some(listed), _) => listed,
        (None, Some(approved)) => {
            from_file = read(approved);
            from_file.as_slice()
        }
        (None, None) => return Catalog::default(),
    };
    let mut tools: BTreeMap<&str, &Tool> = BTreeMap::new();
    for tool in found.iter().filter(|tool| upstream.exposed.covers(&tool.name)) {
        tools.entry(&tool.name).or_insert(tool);
    }
    let names = served_names(upstream.name().as_str(), tools.keys().copied());
    let mut catalog = Catalog::default();
    for (name, tool) in tools {
        let Some(served) = names.get(name) else { continue };
        match verdict(loaded, tool, policy) {
            Ok(is_approved) => {
                let pin = if is_approved { pinned.pin() } else { Pin::Unlisted };
                catalog.tools.push(entry(upstream, loaded.own, tool, served, pin));
            }
            Err(problem) => catalog.quarantined.push(Quarantined {
                tool: ToolName(served.clone()),
                server: upstream.name().clone(),
                problems: vec![problem],
            }),
        }
    }
    catalog
}

/// An upstream that may not be connected to: its approved tools are held back by name.
fn held_back(loaded: &LoadedUpstream) -> Catalog {
    let Err(problems) = &loaded.admitted else { return Catalog::default() };
    let upstream = &loaded.upstream;
    let approved = loaded.approved.iter().flat_map(|approved| approved.tools().map(|(name, _)| name));
    let names = served_names(upstream.name().as_str(), approved.filter(|name| upstream.exposed.covers(name)));
    let held = |served: String| Quarantined {
        tool: ToolName(served),
        server: upstream.name().clone(),
        problems: problems.clone(),
    };
    let mut quarantined: Vec<Quarantined> = names.into_values().map(held).collect();
    if quarantined.is_empty() {
        // Nothing is known of its tools, and that something is held back has to be seen all the same.
        quarantined.push(held(format!("{}__", upstream.name())));
    }
    Catalog { tools: Vec::new(), quarantined }
}

/// Whether a person approved the tool; or why it is held back.
fn verdict(loaded: &LoadedUpstream, tool: &Tool, policy: Policy) -> Result<bool, Problem> {
    let (file, name) = (loaded.tools_file.clone(), tool.name.to_string());
    let known = loaded.approved.as_ref().map(|approved| approved.tool(&name));
    match known {
        Some(Some(approved)) => {
            let differences = differences(approved, &value(tool));
            if differences.is_empty() { Ok(true) } else { Err(Problem::ToolDiffers { file, tool: name, differences }) }
        }
        Some(None) if loaded.upstream.new_tools == NewTools::Hold => Err(Problem::ToolUnapproved { file, tool: name }),
        Some(None) | None if policy == Policy::RequireLocked => Err(Problem::ToolUnapproved { file, tool: name }),
        Some(None) | None => Ok(false),
    }
}

fn read(approved: &ApprovedTools) -> Vec<Tool> {
    approved.tools().filter_map(|(_, tool)| serde_json::from_value(tool.clone()).ok()).collect()
}

fn entry(upstream: &Upstream, own: Digest, tool: &Tool, served: &str, pin: Pin) -> CatalogTool {
    let digest = Digest::of(canonical(&value(tool)).to_string().as_bytes());
    let nothing = ToolOverride::default();
    let said = upstream.overrides.get(tool.name.as_ref()).unwrap_or(&nothing);
    let definition = overridden(tool, said);
    let title = definition.title.clone().or_else(|| definition.annotations.as_ref()?.title.clone());
    let schema = |schema: &Arc<rmcp::model::JsonObject>| SchemaText::from(&Value::Object(schema.as_ref().clone()));
    let capability = Capability {
        tool: ToolName(served.to_owned()),
        server: upstream.name().clone(),
        title,
        description: definition.description.as_deref().unwrap_or_default().trim().to_owned(),
        deprecated: false,
        tags: said.tags.clone(),
        annotations: annotations(&definition),
        input: schema(&definition.input_schema),
        output: definition.output_schema.as_ref().map(schema),
        answer: AnswerRules::default(),
        call: Call::Mcp(McpCall { tool: tool.name.to_string() }),
        limits: upstream.limits,
        origin: Origin { definition: upstream.source.clone(), api: None, dependencies: Vec::new() },
    };
    let files = FileDigests::new(Some(digest), Arc::from([own]));
    CatalogTool { capability: Arc::new(capability), definition, pin, files }
}

/// The tool with what the upstream's file says of it.
fn overridden(tool: &Tool, said: &ToolOverride) -> Tool {
    let mut tool = tool.clone();
    if let Some(title) = &said.title {
        tool.title = Some(title.clone());
    }
    if let Some(description) = &said.description {
        tool.description = Some(description.clone().into());
    }
    let hints = [said.read_only, said.destructive, said.idempotent, said.open_world];
    if hints.iter().any(Option::is_some) {
        let mut annotations = tool.annotations.take().unwrap_or_default();
        annotations.read_only_hint = said.read_only.or(annotations.read_only_hint);
        annotations.destructive_hint = said.destructive.or(annotations.destructive_hint);
        annotations.idempotent_hint = said.idempotent.or(annotations.idempotent_hint);
        annotations.open_world_hint = said.open_world.or(annotations.open_world_hint);
        tool.annotations = Some(annotations);
    }
    tool
}

/// What is not said is what MCP says it is then (2025-11-25, `ToolAnnotations`).
fn annotations(tool: &Tool) -> Annotations {
    let said = tool.annotations.clone().unwrap_or_default();
    let read_only = said.read_only_hint.unwrap_or(false);
    Annotations {
        read_only,
        destructive: !read_only && said.destructive_hint.unwrap_or(true),
        idempotent: read_only || said.idempotent_hint.unwrap_or(false),
        open_world: said.open_world_hint.unwrap_or(true),
    }
}

/// The tool as the server sent it, as far as the SDK knows it.
pub(super) fn value(tool: &Tool) -> Value {
    serde_json::to_value(tool).unwrap_or_default()
}
