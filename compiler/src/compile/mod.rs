//! Definition files to capabilities: each file is parsed alone, then all are linked, checked and
//! lowered together.
//!
//! Parsing a file needs nothing but its text, so a caller may keep [`ParsedFile`]s and parse only
//! what changed. Of thousands of capabilities not all definitions are there at one time: the text of
//! one ([`take_file`]) is parsed, checked and lowered in one go. A tool that compiled without a word
//! may be kept in place of its file's text ([`ParsedFile::compiled`]): while nothing that it was made
//! of changes, compiling again is looking it up.

mod kept;
mod stage;

use std::sync::Arc;

use rayon::prelude::*;

use crate::capability::{Capability, Server, Upstream};
use crate::check::{self, Project};
use crate::definition::{self, Definition};
use crate::diagnostic::Diagnostic;
use crate::pin::{Digest, FileState, Pins};
use crate::source::SourceId;

pub use kept::CompiledTool;

use kept::Files;
use stage::Stage;

/// One file, parsed as far as needed.
#[derive(Clone, Debug)]
pub struct ParsedFile {
    /// Its name.
    pub source: SourceId,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What it defines.
    pub content: Content,
    /// What there is to say about its text.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a file defines, as far as it is known.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing that is known yet. This is its text.
    Text(Arc<[u8]>),
    /// Its text taken apart.
    Definition(Definition),
    /// The tool that was made of it. The text is read again if it is ever needed.
    Compiled(CompiledTool),
    /// Nothing, because its text has faults.
    Faulty,
}

/// What a set of files is.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    /// The tools, sorted by name.
    pub tools: Vec<CompiledTool>,
    /// What agents see of the apis that have tools, sorted by name.
    pub servers: Vec<Arc<Server>>,
    /// The upstreams, sorted by name, each with the digest of its file.
    pub upstreams: Vec<(Arc<Upstream>, Digest)>,
    /// Definition files that did not compile: their faults are among the diagnostics, or an api
    /// that they need has faults.
    pub failed: Vec<SourceId>,
    /// Everything there is to say, sorted by file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why files could not be compiled: of some the tool was kept and not the text, and what the tool was
/// made of is no longer what it was; or a text defines what others refer to, and was not parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The files to parse again, sorted.
    pub files: Vec<SourceId>,
}

/// Parses one file.
#[must_use]
pub fn parse_file(source: &SourceId, bytes: &[u8]) -> ParsedFile {
    let outcome = definition::parse(source, bytes);
    let failed = outcome.diagnostics.iter().any(Diagnostic::is_error);
    let definition = outcome.value.filter(|_| !failed);
    ParsedFile {
        source: source.clone(),
        digest: Digest::of(bytes),
        content: definition.map_or(Content::Faulty, Content::Definition),
        diagnostics: outcome.diagnostics,
    }
}

/// Takes one file: a capability of an api as its text, anything else parsed. What a text is, is guessed;
/// where the guess is wrong, [`recompile`] asks for the file to be parsed.
#[must_use]
pub fn take_file(source: &SourceId, bytes: &Arc<[u8]>) -> ParsedFile {
    let has_line = |begin: &[u8]| bytes.windows(begin.len()).any(|window| window == begin);
    let named_as_shared = ["api.", "schemas.", "upstream."].iter().any(|name| source.file_name().starts_with(name));
    if named_as_shared || !CAPABILITY_OF_AN_API.iter().all(|begin| has_line(begin)) {
        return parse_file(source, bytes);
    }
    ParsedFile {
        source: source.clone(),
        digest: Digest::of(bytes),
        content: Content::Text(Arc::clone(bytes)),
        diagnostics: Vec::new(),
    }
}

/// How the lines begin that say that a file is a capability of an api, each after the line before it.
const CAPABILITY_OF_AN_API: [&[u8]; 2] = [b"\nkind: capability", b"\napi: "];

/// Links, checks and lowers parsed files. Of two files that claim one tool, the one that `pins`
/// vouches for has it. For files from [`parse_file`]: where another would have to be parsed again, see
/// [`recompile`], there is no tool at all.
#[must_use]
pub fn compile<'a>(files: impl IntoIterator<Item = &'a Arc<ParsedFile>>, pins: &Pins) -> Compilation {
    let failed = |outdated: Outdated| Compilation { failed: outdated.files, ..Compilation::default() };
    recompile(files, pins).unwrap_or_else(failed)
}

/// The same, where tools may have been kept in place of definitions.
///
/// # Errors
/// When files must be parsed ([`parse_file`]) that were not.
pub fn recompile<'a>(
    files: impl IntoIterator<Item = &'a Arc<ParsedFile>>,
    pins: &Pins,
) -> Result<Compilation, Outdated> {
    let files = Files::of(files);
    let mut compilation = Compilation::default();
    let mut definitions = Vec::new();
    for file in files.all() {
        compilation.diagnostics.extend(file.diagnostics.iter().cloned());
        match &file.content {
            Content::Definition(definition) => definitions.push((&file.source, definition)),
            Content::Text(_) | Content::Compiled(_) => {}
            Content::Faulty => compilation.failed.push(file.source.clone()),
        }
    }
    // Who comes first keeps a name, and what is pinned comes before what is not.
    let mut claims = definitions.clone();
    claims.sort_by_key(|(source, _)| !pins.state(source).is_some_and(FileState::is_pinned));
    let (project, diagnostics) = Project::of(&claims);
    compilation.diagnostics.extend(diagnostics);
    // Of kept tools the definitions are gone; whoever asks what there is to note compiles all.
    compilation.diagnostics.extend(check::check_secrets(&definitions));
    let kept = files.kept(&project)?;

    let mut stage = Stage::new(&project, &files, pins, compilation);
    stage.check_shared(&definitions);
    let made = files.all().par_iter().filter_map(|file| stage.make(file)).collect();
    stage.finish(made, kept)
}

impl ParsedFile {
    /// The file with its tool in place of its text. A tool that there was something to say of is made
    /// each time, so that it is said each time.
    #[must_use]
    pub fn compiled(&self, tool: CompiledTool) -> Self {
        Self {
            source: self.source.clone(),
            digest: self.digest,
            content: Content::Compiled(tool),
            diagnostics: self.diagnostics.clone(),
        }
    }
}

impl Compilation {
    /// The tools as a runtime needs them, sorted by name.
    pub fn capabilities(&self) -> impl ExactSizeIterator<Item = &Arc<Capability>> {
        self.tools.iter().map(|tool| &tool.capability)
    }
}
