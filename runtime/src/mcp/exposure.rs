//! Which tools are listed directly, beside the gateway's own.

use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};

use super::Inner;
use super::meta_tool::MetaTool;
use crate::registry::{Caller, RegisteredTool, View};

/// Patterns of tool names, from `--expose`.
#[derive(Clone, Debug, Default)]
pub struct Exposure {
    globs: GlobSet,
}

/// A pattern that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{glob}` is not a pattern of tool names: {reason}")]
pub struct BadGlob {
    /// The pattern.
    pub glob: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Exposure {
    /// Reads patterns such as `github__*`.
    ///
    /// # Errors
    /// The first pattern that cannot be read.
    pub fn parse<'a>(globs: impl IntoIterator<Item = &'a str>) -> Result<Self, BadGlob> {
        let bad =
            |glob: &str, error: &globset::Error| BadGlob { glob: glob.to_owned(), reason: error.kind().to_string() };
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(Glob::new(glob).map_err(|error| bad(glob, &error))?);
        }
        let globs = set.build().map_err(|error| bad(error.glob().unwrap_or_default(), &error))?;
        Ok(Self { globs })
    }

    /// Whether any tool can be exposed.
    pub(super) fn is_any(&self) -> bool {
        !self.globs.is_empty()
    }

    /// Whether a tool is listed directly. The gateway's own names are never given away.
    pub(super) fn covers(&self, tool: &str) -> bool {
        self.globs.is_match(tool) && MetaTool::named(tool).is_none()
    }
}

impl Inner {
    /// The exposed tools, sorted by name, as anyone may see them.
    pub(super) fn exposed(&self) -> Vec<Tool> {
        let snapshot = self.registry.snapshot();
        exposed(View::of(&snapshot, Caller::Anyone), &self.exposure)
    }
}

/// The exposed tools of a view, sorted by name.
pub(super) fn exposed(view: View<'_>, exposure: &Exposure) -> Vec<Tool> {
    if !exposure.is_any() {
        return Vec::new();
    }
    view.tools().filter(|tool| exposure.covers(tool.name())).map(definition).collect()
}

/// A tool under its own name. Its output schema is left to `gateway_describe_tools`: clients refuse
/// an answer that strays from a listed one, and answers of real apis do.
pub(super) fn definition(tool: &RegisteredTool) -> Tool {
    let capability = tool.capability();
    let input: JsonObject = serde_json::from_str(capability.input.as_str()).unwrap_or_default();
    let hints = capability.annotations;
    let annotations = ToolAnnotations::new()
        .read_only(hints.read_only)
        .destructive(hints.destructive)
        .idempotent(hints.idempotent)
        .open_world(hints.open_world);
    let definition = Tool::new(tool.name().to_owned(), capability.description.clone(), Arc::new(input));
    let definition = definition.with_annotations(annotations);
    match &capability.title {
        Some(title) => definition.with_title(title.clone()),
        None => definition,
    }
}
