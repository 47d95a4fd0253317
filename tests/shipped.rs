//! The capabilities that ship: checked, pinned, and sending the requests that were written down.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;

use cap_compiler::source::SourceId;
use serde_json::Value;
use support::{Sandbox, project};

fn capabilities() -> String {
    project().join("capabilities").to_string_lossy().into_owned()
}

#[test]
fn they_are_checked_without_a_word() {
    let run = Sandbox::new().ok(&["check", &capabilities()]);
    assert!(run.stderr.contains("nothing to say"), "{}", run.stderr);
}

#[test]
fn they_are_pinned() {
    let run = Sandbox::new().ok(&["pin", "--check", "--capabilities", &capabilities()]);
    assert!(run.stderr.contains("Fresh"), "{}", run.stderr);
}

/// A case is a tool with arguments and the request that they must become.
#[test]
fn each_sends_the_request_that_was_written_down() {
    let sandbox = Sandbox::new();
    let listed = sandbox.ok(&["list", "--json", "--capabilities", &capabilities()]).json();
    let tools: Vec<&str> =
        listed["tools"].as_array().unwrap().iter().map(|tool| tool["tool"].as_str().unwrap()).collect();
    assert!(tools.len() >= 12, "only {} tools", tools.len());
    for tool in tools {
        let path = project().join(format!("fixtures/shipped/{tool}.yaml"));
        let bytes = fs::read(&path).unwrap_or_else(|_| panic!("{} is missing", path.display()));
        let case: Value = cap_compiler::syntax::parse_definition(&SourceId::new("case.yaml"), &bytes).unwrap();
        let arguments = case["arguments"].to_string();
        let run = sandbox.ok(&["call", tool, "--json", &arguments, "--dry-run", "--capabilities", &capabilities()]);
        let wanted = case["request"].as_str().unwrap();
        assert_eq!(run.stdout.trim_end(), wanted.trim_end(), "the request of {tool}");
    }
}
