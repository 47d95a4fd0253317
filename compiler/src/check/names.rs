//! Names that agents and other programs use: tools, servers, arguments.

use super::Report;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// The longest tool name that every MCP client takes.
pub(super) const TOOL_NAME_MAX: usize = 64;

/// `[a-zA-Z0-9_-]`, not empty.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// `^[a-zA-Z0-9_.-]{1,64}$`
pub(super) fn is_argument_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The `name` of an api or upstream.
pub(super) fn check_server(name: &str, report: &mut Report<'_>) {
    if is_name(name) && name.len() <= 48 && !name.contains("__") && !name.ends_with('_') {
        return;
    }
    let place = report.value(&Pointer::of(["name"]));
    let fault = if !is_name(name) {
        "expected letters, digits, `_` and `-`"
    } else if name.contains("__") || name.ends_with('_') {
        "`__` separates it from the tool's own name"
    } else {
        "expected at most 48 characters"
    };
    report.push(
        Diagnostic::new(Code::TOOL_NAME, format!("`{name}` cannot be part of a tool's name"), place)
            .label(fault)
            .help(format!("rename it, for example to `{}`", repaired(name))),
    );
}

/// The `name` of a capability, as it is served.
pub(super) fn check_tool(name: &str, served: &str, report: &mut Report<'_>) {
    let place = report.value(&Pointer::of(["name"]));
    if !is_name(name) {
        report.push(
            Diagnostic::new(Code::TOOL_NAME, format!("`{name}` is not a tool name"), place)
                .label("expected letters, digits, `_` and `-`")
                .help(format!("rename it, for example to `{}`", repaired(name))),
        );
    } else if served.len() > TOOL_NAME_MAX {
        let excess = served.len() - TOOL_NAME_MAX;
        report.push(
            Diagnostic::new(Code::TOOL_NAME, format!("`{served}` is longer than {TOOL_NAME_MAX} characters"), place)
                .label(if served == name { "clients take no more" } else { "served under this name, behind the api's" })
                .help(format!("shorten it by {excess} characters")),
        );
    }
}

fn repaired(name: &str) -> String {
    let mut repaired = String::new();
    for c in name.chars().take(48) {
        if c.is_ascii_alphanumeric() || c == '-' {
            repaired.push(c);
        } else if !repaired.ends_with('_') {
            repaired.push('_');
        }
    }
    let repaired = repaired.trim_matches('_');
    if repaired.is_empty() { "my_tool".to_owned() } else { repaired.to_owned() }
}
