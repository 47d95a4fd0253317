//! Texts to capabilities. What is the same on both sides is compiled once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use cap_compiler::compile::{Compilation, CompiledTool, Outdated, ParsedFile, parse_file, recompile, take_file};
use cap_compiler::diff::Side;
use cap_compiler::pin::{ApprovedTools, Digest, LOCK_FILE, LockFile, Pins};
use cap_compiler::source::SourceId;
use cap_runtime::disk::{Role, role};

use super::chosen::Texts;

/// One side, compiled.
pub(super) struct Compiled {
    pub(super) side: Side,
    /// Files that do not compile.
    pub(super) failed: usize,
    /// Files that are not as the lock file says, where there is one.
    pub(super) unpinned: usize,
    /// Tools by their file, to be kept on the other side.
    tools: HashMap<SourceId, CompiledTool>,
}

impl Compiled {
    /// Compiles texts; tools of the other side are taken where they would be made of the same.
    pub(super) fn of(texts: &Texts, other: Option<&Self>) -> Self {
        let mut files: BTreeMap<SourceId, Arc<ParsedFile>> = BTreeMap::new();
        let mut approved = BTreeMap::new();
        let mut digests: Vec<(SourceId, Digest)> = Vec::new();
        for (source, bytes) in &texts.files {
            match role(Path::new(source.as_str())) {
                Some(Role::Definition) => {
                    let file = parsed(source, bytes, other);
                    digests.push((source.clone(), file.digest));
                    files.insert(source.clone(), file);
                }
                Some(Role::Tools) => {
                    digests.push((source.clone(), Digest::of(bytes)));
                    let tools = ApprovedTools::parse(source, bytes).value;
                    approved.extend(tools.map(|tools| (source.clone(), Arc::new(tools))));
                }
                Some(Role::Lock) | None => {}
            }
        }
        let mut pins = Pins::default();
        for (source, bytes) in &texts.files {
            let Some(folder) = source.as_str().strip_suffix(LOCK_FILE) else { continue };
            let Some(lock) = LockFile::parse(source, &String::from_utf8_lossy(bytes)).value else { continue };
            let below = digests.iter().filter(|(source, _)| source.as_str().starts_with(folder));
            pins.compare(folder.trim_end_matches('/'), below.map(|(source, digest)| (source, *digest)), &lock);
        }
        let compilation = compile(&mut files, texts, &pins);
        let tools = compilation.tools.iter().filter(|tool| tool.can_be_kept());
        Self {
            side: Side::of(&compilation, &approved),
            failed: compilation.failed.len(),
            unpinned: pins.problems().len(),
            tools: tools.map(|tool| (tool.capability.origin.definition.clone(), tool.clone())).collect(),
        }
    }
}

fn parsed(source: &SourceId, bytes: &Arc<[u8]>, other: Option<&Compiled>) -> Arc<ParsedFile> {
    let file = take_file(source, bytes);
    let known = other.and_then(|other| other.tools.get(source)).filter(|tool| tool.own == file.digest);
    Arc::new(known.map_or_else(|| file.clone(), |tool| file.compiled(tool.clone())))
}

fn compile(files: &mut BTreeMap<SourceId, Arc<ParsedFile>>, texts: &Texts, pins: &Pins) -> Compilation {
    // Each round turns kept tools and texts into definitions, so the rounds end.
    loop {
        let outdated = match recompile(files.values(), pins) {
            Ok(compilation) => return compilation,
            Err(Outdated { files }) => files,
        };
        for source in outdated {
            if let Some(bytes) = texts.files.get(&source) {
                files.insert(source.clone(), Arc::new(parse_file(&source, bytes)));
            }
        }
    }
}
