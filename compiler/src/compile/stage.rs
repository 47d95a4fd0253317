//! One compilation under way: what is shared is checked first, then each tool is made alone, then
//! names that two files claim are decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Compilation;
use super::kept::{CompiledTool, Files};
use crate::capability::{Server, ServerName, ToolName};
use crate::check::{self, Linked, Project};
use crate::definition::{CapabilityDefinition, Definition};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::lower;
use crate::pin::{Digest, Pins};
use crate::source::SourceId;
use crate::syntax::Pointer;

pub(super) struct Stage<'a> {
    project: &'a Project<'a>,
    files: &'a Files<'a>,
    pins: &'a Pins,
    compilation: Compilation,
    /// Files that others refer to and that have faults.
    broken: BTreeSet<&'a SourceId>,
}

/// What became of one capability's file.
pub(super) struct Made<'a> {
    source: &'a SourceId,
    tool: Option<CompiledTool>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        project: &'a Project<'a>,
        files: &'a Files<'a>,
        pins: &'a Pins,
        compilation: Compilation,
    ) -> Self {
        Self { project, files, pins, compilation, broken: BTreeSet::new() }
    }

    /// Checks the files that others refer to.
    pub(super) fn check_shared(&mut self, definitions: &[(&'a SourceId, &'a Definition)]) {
        for &(source, definition) in definitions {
            let diagnostics = match definition {
                Definition::Api(api) => check::check_api(source, api).diagnostics,
                Definition::Upstream(upstream) => check::check_upstream(source, upstream).diagnostics,
                Definition::Schemas(schemas) => check::check_schemas(source, schemas, self.project),
                Definition::Capability(_) => continue,
            };
            if diagnostics.iter().any(Diagnostic::is_error) {
                self.broken.insert(source);
                self.compilation.failed.push(source.clone());
            }
            self.compilation.diagnostics.extend(diagnostics);
        }
    }

    /// Makes the tool of a capability's file; it looks at no other capability.
    pub(super) fn make(&self, source: &'a SourceId, definition: &'a Definition) -> Option<Made<'a>> {
        let Definition::Capability(definition) = definition else { return None };
        Some(match self.project.link(source, definition) {
            Ok(linked) => self.make_linked(source, linked),
            // An api whose own file has faults is not unknown; one message is enough.
            Err(_) if self.names_broken_api(definition) => Made { source, tool: None, diagnostics: Vec::new() },
            Err(diagnostic) => Made { source, tool: None, diagnostics: vec![*diagnostic] },
        })
    }

    fn make_linked(&self, source: &'a SourceId, linked: Linked<'a>) -> Made<'a> {
        let api = linked.api.map(|api| api.source.clone());
        let outcome = check::check_capability(linked);
        let said = self.files.said(source) || !outcome.diagnostics.is_empty();
        let tool = outcome.value.map(|checked| {
            let capability = Arc::new(lower::lower_capability(&checked));
            let shared: Arc<[Digest]> =
                capability.origin.dependencies.iter().filter_map(|file| self.files.digest(file)).collect();
            let server = Arc::new(lower::lower_server(&checked));
            CompiledTool { capability, server, shared, api, silent: !said }
        });
        Made { source, tool: tool.filter(|tool| !self.needs_broken(tool)), diagnostics: outcome.diagnostics }
    }

    fn needs_broken(&self, tool: &CompiledTool) -> bool {
        tool.capability.origin.dependencies.iter().any(|file| self.broken.contains(file))
    }

    /// Whether a file that failed would define the api that a capability names. Its name is not
    /// known, so the folder decides.
    fn names_broken_api(&self, definition: &CapabilityDefinition) -> bool {
        let Some(api) = &definition.api else { return false };
        self.compilation.failed.iter().any(|file| {
            let folder = file.folder().rsplit('/').next().unwrap_or_default();
            folder == api && file.file_name().starts_with("api.")
        })
    }

    /// All tools under their names.
    pub(super) fn finish(mut self, made: Vec<Made<'a>>, kept: Vec<&CompiledTool>) -> Compilation {
        let mut candidates = Vec::with_capacity(made.len() + kept.len());
        for made in made {
            self.compilation.diagnostics.extend(made.diagnostics);
            match made.tool {
                Some(tool) => candidates.push(tool),
                None => self.compilation.failed.push(made.source.clone()),
            }
        }
        for tool in kept {
            if self.needs_broken(tool) {
                self.compilation.failed.push(tool.capability.origin.definition.clone());
            } else {
                candidates.push(tool.clone());
            }
        }
        candidates.sort_by(|a, b| a.capability.origin.definition.cmp(&b.capability.origin.definition));
        let servers = self.admit_all(candidates);
        self.compilation.servers = servers.into_values().collect();
        self.compilation.diagnostics.sort_by(|a, b| a.primary.place.source.cmp(&b.primary.place.source));
        self.compilation.failed.sort();
        self.compilation
    }

    /// Two files that claim one name: the pinned one keeps it, and of equals the first by path.
    fn admit_all(&mut self, candidates: Vec<CompiledTool>) -> BTreeMap<ServerName, Arc<Server>> {
        let mut tools: BTreeMap<ToolName, CompiledTool> = BTreeMap::new();
        let mut servers = BTreeMap::new();
        for newcomer in candidates {
            let Some(first) = tools.remove(&newcomer.capability.tool) else {
                servers.entry(newcomer.server.name.clone()).or_insert_with(|| Arc::clone(&newcomer.server));
                tools.insert(newcomer.capability.tool.clone(), newcomer);
                continue;
            };
            let fresh = |tool: &CompiledTool| self.pins.is_fresh(&tool.capability.origin);
            let (winner, refused) =
                if fresh(&newcomer) && !fresh(&first) { (newcomer, first) } else { (first, newcomer) };
            self.compilation.diagnostics.push(claimed_twice(&winner, &refused));
            self.compilation.failed.push(refused.capability.origin.definition.clone());
            tools.insert(winner.capability.tool.clone(), winner);
        }
        self.compilation.tools = tools.into_values().collect();
        servers
    }
}

fn claimed_twice(kept: &CompiledTool, refused: &CompiledTool) -> Diagnostic {
    let place = |tool: &CompiledTool| Place::value(&tool.capability.origin.definition, Pointer::of(["name"]));
    Diagnostic::new(
        Code::DUPLICATE_TOOL,
        format!("two files define the tool `{}`", kept.capability.tool),
        place(refused),
    )
    .label("this one is not served")
    .also(place(kept), "this one is")
    .help("rename one of the two")
}
