//! Upstreams as the folders have them: which may be connected to, and what was approved of their tools.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use cap_compiler::capability::Upstream;
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::{
    ApprovedTools, Digest, Pinned, Pins, Policy, Problem, admit_last_upstream, admit_upstream, tools_file,
};
use cap_compiler::source::SourceId;

use super::files::unreadable;
use crate::disk::{Role, read_bounded, role};

/// An MCP server that the folders declare.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedUpstream {
    /// What its file says.
    pub upstream: Arc<Upstream>,
    /// Whether it may be connected to.
    pub admitted: Result<Pinned<Arc<Upstream>>, Vec<Problem>>,
    /// Its tools as a person approved them; `None` if nobody did.
    pub approved: Option<Arc<ApprovedTools>>,
    /// The file of the approved tools.
    pub tools_file: SourceId,
    /// The digest of its own file.
    pub own: Digest,
}

/// What is remembered from one load to the next.
#[derive(Debug, Default)]
pub(super) struct Upstreams {
    pub(super) tools: BTreeMap<SourceId, ToolsFile>,
    /// The last form that compiled, by file.
    last: HashMap<SourceId, (Arc<Upstream>, Digest)>,
    /// What was loaded last, by file.
    loaded: HashMap<SourceId, Arc<LoadedUpstream>>,
}

/// A `tools.json`.
#[derive(Debug)]
pub(super) struct ToolsFile {
    pub(super) digest: Digest,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// `None` if it cannot be read.
    approved: Option<Arc<ApprovedTools>>,
}

/// Reads every `tools.json`; what has the bytes that it had stays.
pub(super) fn read_tools(
    files: &BTreeMap<SourceId, PathBuf>,
    known: &BTreeMap<SourceId, ToolsFile>,
) -> BTreeMap<SourceId, ToolsFile> {
    let mut read = BTreeMap::new();
    for (source, path) in files.iter().filter(|(_, path)| role(path) == Some(Role::Tools)) {
        let bytes = match read_bounded(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                // It is there, and nobody knows what it approves.
                let diagnostics = vec![unreadable(source, &error.to_string())];
                let digest = Digest::default();
                read.insert(source.clone(), ToolsFile { digest, diagnostics, approved: None });
                continue;
            }
        };
        let digest = Digest::of(&bytes);
        let file = match known.get(source).filter(|known| known.digest == digest) {
            Some(known) => {
                ToolsFile { digest, diagnostics: known.diagnostics.clone(), approved: known.approved.clone() }
            }
            None => {
                let outcome = ApprovedTools::parse(source, &bytes);
                ToolsFile { digest, diagnostics: outcome.diagnostics, approved: outcome.value.map(Arc::new) }
            }
        };
        read.insert(source.clone(), file);
    }
    read
}

impl Upstreams {
    /// What may be connected to. An upstream whose file broke stays as it last was, if its pin lets it.
    pub(super) fn admit(
        &mut self,
        compiled: Vec<(Arc<Upstream>, Digest)>,
        failed: &[&SourceId],
        pins: &Pins,
        policy: Policy,
    ) -> Vec<Arc<LoadedUpstream>> {
        let mut forms: HashMap<SourceId, (Arc<Upstream>, Digest)> = HashMap::new();
        for source in failed {
            forms.extend(self.last.remove(*source).map(|last| ((*source).clone(), last)));
        }
        let broken: BTreeSet<SourceId> = forms.keys().cloned().collect();
        forms.extend(compiled.into_iter().map(|(upstream, own)| (upstream.source.clone(), (upstream, own))));
        let mut loaded: Vec<Arc<LoadedUpstream>> = forms
            .values()
            .map(|(upstream, own)| {
                let form = if broken.contains(&upstream.source) { Form::Last } else { Form::Present };
                self.loaded(upstream, *own, form, pins, policy)
            })
            .collect();
        loaded.sort_by(|a, b| (a.upstream.name(), &a.upstream.source).cmp(&(b.upstream.name(), &b.upstream.source)));
        loaded.dedup_by(|later, first| later.upstream.name() == first.upstream.name());
        self.last = forms;
        self.loaded = loaded.iter().map(|it| (it.upstream.source.clone(), Arc::clone(it))).collect();
        loaded
    }

    /// One upstream; the same value as before if nothing about it changed.
    fn loaded(
        &self,
        upstream: &Arc<Upstream>,
        own: Digest,
        form: Form,
        pins: &Pins,
        policy: Policy,
    ) -> Arc<LoadedUpstream> {
        let tools_file = tools_file(&upstream.source);
        let known = self.tools.get(&tools_file);
        let approved = known.and_then(|file| file.approved.clone());
        let admit = match form {
            Form::Present => admit_upstream,
            Form::Last => admit_last_upstream,
        };
        let mut admitted = admit(Arc::clone(upstream), &tools_file, pins, policy);
        if known.is_some() && approved.is_none() {
            admitted = Err(vec![Problem::Outdated { file: tools_file.clone() }]);
        }
        let now = LoadedUpstream { upstream: Arc::clone(upstream), admitted, approved, tools_file, own };
        match self.loaded.get(&upstream.source).filter(|before| ***before == now) {
            Some(before) => Arc::clone(before),
            None => Arc::new(now),
        }
    }
}

/// Which form of an upstream is looked at.
#[derive(Clone, Copy)]
enum Form {
    /// What its file says.
    Present,
    /// What its file said when it was last well.
    Last,
}
