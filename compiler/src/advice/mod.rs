//! Advice: what compiles, and agents would use better if it were said otherwise.
//!
//! It looks at lowered capabilities, all of them together, and at nothing that they were written in but
//! the places to show. Advice is never wrong enough to be a warning and never affects what is served.
//! What holds of many tools of one server is said once, with a count.

mod arguments;
mod cut;
mod group;
mod names;
mod same;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::capability::{Call, Capability, ServerName};
use crate::diagnostic::Diagnostic;
use crate::source::SourceId;

/// Something to say of one tool.
#[derive(Clone, Debug)]
struct Finding {
    /// The diagnostic, as it is if it holds of this tool alone.
    diagnostic: Diagnostic,
    /// Findings of one server that have the same reason are one.
    reason: &'static str,
    server: ServerName,
    tool: String,
}

impl Finding {
    fn new(capability: &Capability, reason: &'static str, diagnostic: Diagnostic) -> Self {
        Self { diagnostic, reason, server: capability.server.clone(), tool: capability.tool.to_string() }
    }
}

/// What could be better about tools, sorted by server. `only` are the files to speak of; if there are
/// none, all.
#[must_use]
pub fn advise(capabilities: &[&Arc<Capability>], only: &[SourceId]) -> Vec<Diagnostic> {
    // What a server says of its tools is the server's; its file can say it otherwise.
    let own: Vec<&Capability> =
        capabilities.iter().map(|it| &***it).filter(|it| matches!(it.call, Call::Http(_))).collect();
    let mut findings: Vec<Finding> = own.par_iter().flat_map_iter(|capability| of_one(capability)).collect();
    findings.extend(same::requests(&own));
    let mut servers: BTreeMap<&ServerName, Vec<&Capability>> = BTreeMap::new();
    for capability in own {
        servers.entry(&capability.server).or_default().push(capability);
    }
    for tools in servers.values() {
        findings.extend(names::alike(tools));
        findings.extend(same::descriptions(tools));
    }
    let only: BTreeSet<&SourceId> = only.iter().collect();
    findings.retain(|finding| only.is_empty() || only.contains(&finding.diagnostic.primary.place.source));
    group::grouped(findings)
}

fn of_one(capability: &Capability) -> Vec<Finding> {
    let mut findings = words::check(capability);
    findings.extend(arguments::check(capability));
    findings.extend(cut::check(capability));
    findings
}
