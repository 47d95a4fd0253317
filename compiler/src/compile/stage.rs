//! One compilation under way: what is shared is checked first, then each tool is made alone, then
//! names that two files claim are decided.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::kept::{CompiledTool, Files};
use super::{Compilation, Content, Outdated, ParsedFile, parse_file};
use crate::capability::{Server, ServerName};
use crate::check::{self, Project};
use crate::definition::{CapabilityDefinition, Definition, UpstreamDefinition};
use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
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
    /// What agents see of each api, by its file.
    servers: BTreeMap<&'a SourceId, Arc<Server>>,
}

/// What became of one capability's file.
pub(super) struct Made<'a> {
    source: &'a SourceId,
    tool: Result<CompiledTool, Unmade>,
    diagnostics: Vec<Diagnostic>,
}

/// What there is to say of a file.
type Said = Vec<Diagnostic>;

/// Why there is no tool.
enum Unmade {
    /// The file has faults, or one that it needs has.
    Failed,
    /// The file is no capability of an api: what it says concerns others, so it has to be parsed before them.
    Early,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        project: &'a Project<'a>,
        files: &'a Files<'a>,
        pins: &'a Pins,
        compilation: Compilation,
    ) -> Self {
        Self { project, files, pins, compilation, broken: BTreeSet::new(), servers: BTreeMap::new() }
    }

    /// Checks the files that others refer to.
    pub(super) fn check_shared(&mut self, definitions: &[(&'a SourceId, &'a Definition)]) {
        for &(source, definition) in definitions {
            if let Definition::Api(api) = definition {
                self.servers.insert(source, Arc::new(lower::lower_api(api)));
            }
            let diagnostics = match definition {
                Definition::Api(api) => check::check_api(source, api).diagnostics,
                Definition::Upstream(upstream) => self.take_upstream(source, upstream),
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

    /// Checks and lowers an upstream. One whose name another file has is not served.
    fn take_upstream(&mut self, source: &'a SourceId, upstream: &'a UpstreamDefinition) -> Vec<Diagnostic> {
        let Outcome { value, diagnostics } = check::check_upstream(source, upstream);
        if let (Some(checked), true) = (value, self.project.is_owner(&upstream.name, source)) {
            let lowered = lower::lower_upstream(&checked).map(Arc::new);
            let digest = self.files.digest(source).unwrap_or_default();
            self.compilation.upstreams.extend(lowered.map(|upstream| (upstream, digest)));
        }
        diagnostics
    }

    /// Makes the tool of a capability's file; it looks at no other capability.
    pub(super) fn make(&self, file: &'a ParsedFile) -> Option<Made<'a>> {
        match &file.content {
            Content::Definition(Definition::Capability(definition)) => {
                let (tool, diagnostics) = self.make_of(file, definition);
                Some(Made { source: &file.source, tool, diagnostics })
            }
            Content::Text(bytes) => Some(self.make_of_text(&file.source, bytes)),
            Content::Definition(_) | Content::Compiled(_) | Content::Faulty => None,
        }
    }

    fn make_of_text(&self, source: &'a SourceId, bytes: &[u8]) -> Made<'a> {
        let mut parsed = parse_file(source, bytes);
        let (tool, more) = match &parsed.content {
            Content::Definition(Definition::Capability(definition)) if definition.api.is_some() => {
                self.make_of(&parsed, definition)
            }
            Content::Definition(_) => (Err(Unmade::Early), Vec::new()),
            Content::Text(_) | Content::Compiled(_) | Content::Faulty => (Err(Unmade::Failed), Vec::new()),
        };
        parsed.diagnostics.extend(more);
        Made { source, tool, diagnostics: parsed.diagnostics }
    }

    fn make_of(&self, file: &ParsedFile, definition: &CapabilityDefinition) -> (Result<CompiledTool, Unmade>, Said) {
        let linked = match self.project.link(&file.source, definition) {
            Ok(linked) => linked,
            // An api whose own file has faults is not unknown; one message is enough.
            Err(_) if self.names_broken_api(definition) => return (Err(Unmade::Failed), Vec::new()),
            Err(diagnostic) => return (Err(Unmade::Failed), vec![*diagnostic]),
        };
        let outcome = check::check_capability(linked);
        // The secrets of one that stands alone are compared with those of others, each time.
        let alone = definition.api.is_none() && definition.auth.is_some();
        let silent = file.diagnostics.is_empty() && outcome.diagnostics.is_empty() && !alone;
        let tool = outcome.value.map(|checked| {
            let capability = Arc::new(lower::lower_capability(&checked));
            let shared: Arc<[Digest]> =
                capability.origin.dependencies.iter().filter_map(|file| self.files.digest(file)).collect();
            let api = checked.api.and_then(|api| self.servers.get(api.source));
            let server = api.map_or_else(|| Arc::new(lower::lower_server(&checked)), Arc::clone);
            CompiledTool { capability, server, own: file.digest, shared, silent }
        });
        (tool.filter(|tool| !self.needs_broken(tool)).ok_or(Unmade::Failed), outcome.diagnostics)
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
    ///
    /// # Errors
    /// When texts turned out to be what concerns others.
    pub(super) fn finish(mut self, made: Vec<Made<'a>>, kept: Vec<&CompiledTool>) -> Result<Compilation, Outdated> {
        let early = made.iter().filter(|made| matches!(made.tool, Err(Unmade::Early)));
        let files: Vec<SourceId> = early.map(|made| made.source.clone()).collect();
        if !files.is_empty() {
            return Err(Outdated { files });
        }
        let mut candidates = Vec::with_capacity(made.len() + kept.len());
        for made in made {
            self.compilation.diagnostics.extend(made.diagnostics);
            match made.tool {
                Ok(tool) => candidates.push(tool),
                Err(_) => self.compilation.failed.push(made.source.clone()),
            }
        }
        for tool in kept {
            if self.needs_broken(tool) {
                self.compilation.failed.push(tool.capability.origin.definition.clone());
            } else {
                candidates.push(tool.clone());
            }
        }
        let servers = self.admit_all(candidates);
        self.compilation.servers = servers.into_values().collect();
        self.compilation.diagnostics.sort_by(|a, b| a.primary.place.source.cmp(&b.primary.place.source));
        self.compilation.failed.sort();
        self.compilation.upstreams.sort_by(|(a, _), (b, _)| a.name().cmp(b.name()));
        Ok(self.compilation)
    }

    /// Two files that claim one name: the one that is pinned has it. Where no pin decides, neither has it.
    fn admit_all(&mut self, mut candidates: Vec<CompiledTool>) -> BTreeMap<ServerName, Arc<Server>> {
        candidates.par_sort_by(|a, b| {
            let (a, b) = (&a.capability, &b.capability);
            a.tool.cmp(&b.tool).then_with(|| a.origin.definition.cmp(&b.origin.definition))
        });
        let mut servers = BTreeMap::new();
        for claimants in candidates.chunk_by(|a, b| a.capability.tool == b.capability.tool) {
            let winner = match claimants {
                [only] => Some(only),
                several => self.only_pinned(several),
            };
            self.refuse(claimants, winner);
            if let Some(tool) = winner {
                if !servers.contains_key(&tool.server.name) {
                    servers.insert(tool.server.name.clone(), Arc::clone(&tool.server));
                }
                self.compilation.tools.push(tool.clone());
            }
        }
        servers
    }

    fn only_pinned<'t>(&self, claimants: &'t [CompiledTool]) -> Option<&'t CompiledTool> {
        let mut pinned = claimants.iter().filter(|tool| self.pins.is_fresh(&tool.capability.origin));
        let first = pinned.next();
        first.filter(|_| pinned.next().is_none())
    }

    fn refuse(&mut self, claimants: &[CompiledTool], winner: Option<&CompiledTool>) {
        let is_winner = |tool: &CompiledTool| winner.is_some_and(|winner| std::ptr::eq(winner, tool));
        for tool in claimants.iter().filter(|tool| !is_winner(tool)) {
            let other = winner.or_else(|| claimants.iter().find(|other| !std::ptr::eq(*other, tool)));
            self.compilation.diagnostics.extend(other.map(|other| claimed_twice(tool, other, is_winner(other))));
            self.compilation.failed.push(tool.capability.origin.definition.clone());
        }
    }
}

fn claimed_twice(refused: &CompiledTool, other: &CompiledTool, wins: bool) -> Diagnostic {
    let place = |tool: &CompiledTool| Place::value(&tool.capability.origin.definition, Pointer::of(["name"]));
    let name = &refused.capability.tool;
    let label = if wins { "this one is pinned, and served" } else { "nor is this one" };
    Diagnostic::new(Code::DUPLICATE_TOOL, format!("two files define the tool `{name}`"), place(refused))
        .label("this one is not served")
        .also(place(other), label)
        .help("rename one of the two, or remove it")
}
