//! Definition files to capabilities: each file is parsed alone, then all are linked, checked and
//! lowered together.
//!
//! Parsing a file needs nothing but its text, so a caller may keep [`ParsedFile`]s and parse only
//! what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::capability::{Capability, Server, ServerName, ToolName};
use crate::check::{self, Project};
use crate::definition::{self, CapabilityDefinition, Definition};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::lower;
use crate::pin::{Digest, FileState, Pins};
use crate::source::SourceId;
use crate::syntax::Pointer;

/// One file, parsed.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// Its name.
    pub source: SourceId,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it defines, unless it has faults.
    pub definition: Option<Definition>,
    /// What there is to say about its text.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a set of files is.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    /// The tools, sorted by name.
    pub capabilities: Vec<Capability>,
    /// What agents see of the apis that have tools, sorted by name.
    pub servers: Vec<Server>,
    /// Definition files that did not compile: their faults are among the diagnostics, or an api
    /// that they need has faults.
    pub failed: Vec<SourceId>,
    /// Everything there is to say, sorted by file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses one file.
#[must_use]
pub fn parse_file(source: &SourceId, bytes: &[u8]) -> ParsedFile {
    let outcome = definition::parse(source, bytes);
    let failed = outcome.diagnostics.iter().any(Diagnostic::is_error);
    ParsedFile {
        source: source.clone(),
        digest: Digest::of(bytes),
        definition: outcome.value.filter(|_| !failed),
        diagnostics: outcome.diagnostics,
    }
}

/// Links, checks and lowers parsed files. Of two files that claim one tool, the one that `pins`
/// vouches for has it.
#[must_use]
pub fn compile<'a>(files: impl IntoIterator<Item = &'a Arc<ParsedFile>>, pins: &Pins) -> Compilation {
    let mut files: Vec<&ParsedFile> = files.into_iter().map(Arc::as_ref).collect();
    files.sort_by(|left, right| left.source.cmp(&right.source));
    let mut compilation = Compilation::default();
    let mut definitions = Vec::new();
    for file in &files {
        compilation.diagnostics.extend(file.diagnostics.iter().cloned());
        match &file.definition {
            Some(definition) => definitions.push((&file.source, definition)),
            None => compilation.failed.push(file.source.clone()),
        }
    }
    // Who comes first keeps a name, and what is pinned comes before what is not.
    let mut claims = definitions.clone();
    claims.sort_by_key(|(source, _)| pins.state(source) != Some(FileState::Fresh));
    let (project, diagnostics) = Project::of(&claims);
    compilation.diagnostics.extend(diagnostics);
    compilation.diagnostics.extend(check::check_secrets(&definitions));
    let mut stage = Stage {
        project: &project,
        pins,
        compilation: &mut compilation,
        tools: BTreeMap::new(),
        servers: BTreeMap::new(),
    };
    let broken = stage.check_shared(&definitions);
    for &(source, definition) in &definitions {
        if let Definition::Capability(capability) = definition {
            stage.capability(source, capability, &broken);
        }
    }
    stage.finish();
    compilation.diagnostics.sort_by(|left, right| left.primary.place.source.cmp(&right.primary.place.source));
    compilation
}

struct Stage<'a> {
    project: &'a Project<'a>,
    pins: &'a Pins,
    compilation: &'a mut Compilation,
    tools: BTreeMap<ToolName, Capability>,
    servers: BTreeMap<ServerName, Server>,
}

impl<'a> Stage<'a> {
    /// Checks the files that others refer to, and gives those with faults.
    fn check_shared(&mut self, definitions: &[(&'a SourceId, &'a Definition)]) -> Vec<&'a SourceId> {
        let mut broken = Vec::new();
        for &(source, definition) in definitions {
            let diagnostics = match definition {
                Definition::Api(api) => check::check_api(source, api).diagnostics,
                Definition::Upstream(upstream) => check::check_upstream(source, upstream).diagnostics,
                Definition::Schemas(schemas) => check::check_schemas(source, schemas, self.project),
                Definition::Capability(_) => continue,
            };
            if diagnostics.iter().any(Diagnostic::is_error) {
                broken.push(source);
                self.compilation.failed.push(source.clone());
            }
            self.compilation.diagnostics.extend(diagnostics);
        }
        broken
    }

    fn capability(&mut self, source: &'a SourceId, definition: &'a CapabilityDefinition, broken: &[&SourceId]) {
        let linked = match self.project.link(source, definition) {
            Ok(linked) => linked,
            Err(diagnostic) => {
                // An api whose own file has faults is not unknown; one message is enough.
                if !self.names_broken_api(definition) {
                    self.compilation.diagnostics.push(*diagnostic);
                }
                self.compilation.failed.push(source.clone());
                return;
            }
        };
        let outcome = check::check_capability(linked);
        self.compilation.diagnostics.extend(outcome.diagnostics);
        let Some(checked) = outcome.value else {
            self.compilation.failed.push(source.clone());
            return;
        };
        let capability = lower::lower_capability(&checked);
        if capability.origin.dependencies.iter().any(|file| broken.contains(&file)) {
            self.compilation.failed.push(source.clone());
            return;
        }
        let server = lower::lower_server(&checked);
        self.admit(capability, server);
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

    /// Two files that claim one name: the pinned one keeps it, and of equals the first by path.
    fn admit(&mut self, capability: Capability, server: Server) {
        let Some(first) = self.tools.remove(&capability.tool) else {
            self.servers.entry(server.name.clone()).or_insert(server);
            self.tools.insert(capability.tool.clone(), capability);
            return;
        };
        let newcomer_wins = self.pins.is_fresh(&capability.origin) && !self.pins.is_fresh(&first.origin);
        let (kept, refused) = if newcomer_wins { (capability, first) } else { (first, capability) };
        self.compilation.diagnostics.push(claimed_twice(&kept, &refused));
        self.compilation.failed.push(refused.origin.definition);
        self.tools.insert(kept.tool.clone(), kept);
    }

    fn finish(self) {
        self.compilation.capabilities = self.tools.into_values().collect();
        self.compilation.servers = self.servers.into_values().collect();
    }
}

fn claimed_twice(kept: &Capability, refused: &Capability) -> Diagnostic {
    let place = |capability: &Capability| Place::value(&capability.origin.definition, Pointer::of(["name"]));
    Diagnostic::new(Code::DUPLICATE_TOOL, format!("two files define the tool `{}`", kept.tool), place(refused))
        .label("this one is not served")
        .also(place(kept), "this one is")
        .help("rename one of the two")
}
