//! A large real document through the built binary, where the shared inputs are there.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;

use support::{Sandbox, shared};

#[test]
fn github_is_imported_whole_checked_and_pinned() {
    let Some(shared) = shared("github_is_imported_whole_checked_and_pinned") else { return };
    let document = shared.join("corpus/specs/github-api.v30.json");
    let document = document.to_string_lossy();
    let sandbox = Sandbox::new();
    sandbox.ok(&["import", &document, "--api", "github", "--out", "first"]);
    sandbox.ok(&["import", &document, "--api", "github", "--out", "second"]);

    let names = |folder: &str| {
        let entries = fs::read_dir(sandbox.path().join(folder).join("github")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let files = names("first");
    assert_eq!(files, names("second"));
    let others = ["api.yaml", "schemas.yaml", ".imported"];
    let operations = files.iter().filter(|name| !others.contains(&name.as_str())).count();
    assert_eq!(operations, 767);
    for file in &files {
        let read = |folder: &str| sandbox.read(&format!("{folder}/github/{file}"));
        assert_eq!(read("first"), read("second"), "{file}");
    }

    let checked = sandbox.ok(&["check", "first"]);
    assert!(!checked.stderr.contains("error"), "{}", checked.stderr);
    sandbox.ok(&["pin", "--capabilities", "first"]);
    sandbox.ok(&["pin", "--check", "--capabilities", "first"]);
    let found = sandbox
        .ok(&["search", "open a new issue in a repository", "--limit", "5", "--json", "--capabilities", "first"])
        .json();
    let tools: Vec<&str> =
        found["matches"].as_array().unwrap().iter().map(|hit| hit["tool"].as_str().unwrap()).collect();
    assert!(tools.contains(&"github__issues_create"), "{tools:?}");
}
