//! Tools that an agent cannot tell apart: the same request, or the same words.

use std::collections::BTreeMap;

use super::{Finding, words};
use crate::capability::{Call, Capability, HttpCall};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::syntax::Pointer;

/// Tools that send the same request, of whatever servers.
pub(super) fn requests(tools: &[&Capability]) -> Vec<Finding> {
    let mut paths: BTreeMap<String, Vec<(&Capability, &HttpCall)>> = BTreeMap::new();
    for tool in tools {
        if let Call::Http(http) = &tool.call {
            let key = format!("{} {:?} {:?}", http.method, http.server, http.path);
            paths.entry(key).or_default().push((tool, http));
        }
    }
    paths.values().flat_map(|tools| twins(tools)).collect()
}

/// Each tool with the first before it that sends the same.
fn twins(tools: &[(&Capability, &HttpCall)]) -> Vec<Finding> {
    /// Different tools with one method and path are few; a folder where they are not is not compared in full.
    const COMPARED: usize = 16;
    let mut distinct: Vec<(&Capability, &HttpCall)> = Vec::new();
    let mut findings = Vec::new();
    for (tool, http) in tools {
        match distinct.iter().find(|(_, other)| sends_same(http, other)) {
            Some((other, _)) => findings.push(same_request(tool, other)),
            None if distinct.len() < COMPARED => distinct.push((tool, http)),
            None => {}
        }
    }
    findings
}

fn sends_same(one: &HttpCall, other: &HttpCall) -> bool {
    (&one.query, &one.headers, &one.cookies, &one.body, &one.auth)
        == (&other.query, &other.headers, &other.cookies, &other.body, &other.auth)
}

fn same_request(tool: &Capability, other: &Capability) -> Finding {
    let place = |tool: &Capability| Place::value(&tool.origin.definition, Pointer::of(["request", "path"]));
    let message = format!("`{}` sends the same request as `{}`", tool.tool, other.tool);
    let diagnostic = Diagnostic::new(Code::SAME_REQUEST, message, place(tool))
        .label("an agent finds both and cannot tell them apart")
        .also(place(other), "the other one")
        .help("remove one of them");
    Finding::new(tool, "request", diagnostic)
}

/// Tools of one server with the same description.
pub(super) fn descriptions(tools: &[&Capability]) -> Vec<Finding> {
    let mut texts: BTreeMap<&str, Vec<&Capability>> = BTreeMap::new();
    for tool in tools.iter().filter(|tool| !words::is_wordless(tool)) {
        texts.entry(tool.description.trim()).or_default().push(tool);
    }
    texts.values().filter_map(|tools| same_words(tools)).collect()
}

fn same_words(tools: &[&Capability]) -> Option<Finding> {
    let [one, other, ..] = tools else { return None };
    let place = |tool: &Capability| Place::value(&tool.origin.definition, Pointer::of(["description"]));
    let message = match tools.len() {
        2 => format!("`{}` and `{}` have the same description", one.tool, other.tool),
        count => format!("`{}` and {} other tools have the same description", one.tool, count - 1),
    };
    let diagnostic = Diagnostic::new(Code::SAME_DESCRIPTION, message, place(one))
        .label("an agent cannot tell by this which of them to use")
        .also(place(other), "the same words")
        .help("say in each what it does that the others do not");
    Some(Finding::new(one, "words", diagnostic))
}
