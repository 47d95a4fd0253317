//! One line for a thousand equal ones.

use std::collections::BTreeMap;

use super::Finding;
use crate::diagnostic::Diagnostic;

/// Tools that are named beside the first.
const NAMED: usize = 4;

/// One diagnostic for each server and reason.
pub(super) fn grouped(findings: Vec<Finding>) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<_, Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        let key = (finding.server.clone(), finding.diagnostic.code, finding.reason);
        groups.entry(key).or_default().push(finding);
    }
    groups.into_values().filter_map(one).collect()
}

fn one(mut findings: Vec<Finding>) -> Option<Diagnostic> {
    findings.sort_by(|one, other| one.tool.cmp(&other.tool));
    let mut findings = findings.into_iter();
    let mut diagnostic = findings.next()?.diagnostic;
    let more: Vec<String> = findings.map(|finding| finding.tool).collect();
    if more.is_empty() {
        return Some(diagnostic);
    }
    diagnostic.repeated = more.len();
    let names: Vec<String> = more.iter().take(NAMED).map(|tool| format!("`{tool}`")).collect();
    let rest = match more.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" and {count} more of this server"),
    };
    Some(diagnostic.note(format!("the same holds of {}{rest}", names.join(", "))))
}
