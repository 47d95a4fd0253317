//! House rules that a compiler does not check: sizes, module docs, and which folder may name which
//! library.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::project;

/// Lines of a source file, tests aside.
const LONGEST: usize = 400;

fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut waiting = vec![project().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(project()).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn sources() -> Vec<(String, String)> {
    ["compiler/src", "runtime/src", "src"].into_iter().flat_map(rust_files).collect()
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(name, _)| format!("{name} has no module doc at its top"))
        .collect();
    report(&faults);
}

#[test]
fn no_file_is_longer_than_one_idea() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| !name.ends_with("tests.rs") && text.lines().count() > LONGEST)
        .map(|(name, text)| format!("{name} has {} lines", text.lines().count()))
        .collect();
    report(&faults);
}

/// A library, and where it may be named.
const DOORS: [(&str, &[&str]); 19] = [
    ("tantivy::", &["runtime/src/index/"]),
    ("rmcp::", &["runtime/src/mcp/", "runtime/src/upstream/", "src/demo/agent.rs"]),
    ("axum::", &["runtime/src/http/", "src/demo/pet_store.rs"]),
    ("reqwest::", &["runtime/src/execute/send/client", "src/demo/agent.rs", "src/log/export.rs"]),
    ("prometheus_client::", &["runtime/src/telemetry/metrics/"]),
    ("opentelemetry", &["src/log/export.rs"]),
    ("tracing_subscriber::", &["src/log.rs", "src/log/"]),
    ("jaq_core::", &["compiler/src/check/filter.rs", "runtime/src/execute/outcome/filter.rs"]),
    ("jaq_json::", &["runtime/src/execute/outcome/filter.rs"]),
    ("jaq_std::", &["runtime/src/execute/outcome/filter.rs"]),
    ("notify::", &["runtime/src/watch.rs"]),
    ("annotate_snippets::", &["compiler/src/report/terminal.rs"]),
    ("saphyr_parser::", &["compiler/src/syntax/"]),
    (
        "minijinja::",
        &["compiler/src/definition/template.rs", "compiler/src/definition/expression.rs", "runtime/src/execute/"],
    ),
    ("openapiv3::", &["compiler/src/openapi/"]),
    ("similar::", &["src/commands/verify/lines.rs", "src/commands/fmt/unified.rs"]),
    ("ssh_key::", &["compiler/src/pin/signature/"]),
    ("toml_edit", &["src/clients/toml.rs"]),
    ("serde_json_path::", &["compiler/src/openapi/overlay/path.rs"]),
];

#[test]
fn each_library_has_one_door() {
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for (library, doors) in DOORS {
            let allowed = doors.iter().any(|door| name.starts_with(door));
            let named = text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(library));
            if named && !allowed {
                faults.push(format!("{name} names {library}, which belongs to {doors:?}"));
            }
        }
    }
    report(&faults);
}

/// The compiler is a function of its input.
#[test]
fn the_compiler_does_no_io() {
    let forbidden =
        ["std::fs", "std::net::Tcp", "std::env", "std::time::Instant", "SystemTime", "std::process", "tokio"];
    let mut faults = Vec::new();
    for (name, text) in rust_files("compiler/src") {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in code {
            if let Some(word) = forbidden.iter().find(|word| line.contains(**word)) {
                faults.push(format!("{name} names {word}"));
            }
        }
    }
    report(&faults);
}

/// Import and compile meet in the definitions and nowhere else.
#[test]
fn layers_look_one_way() {
    let rules: [(&str, &[&str]); 5] = [
        (
            "compiler/src/definition/",
            &["crate::check", "crate::lower", "crate::import", "crate::openapi", "crate::report"],
        ),
        ("compiler/src/check/", &["crate::lower", "crate::import", "crate::report", "crate::pin"]),
        ("compiler/src/lower/", &["crate::import", "crate::openapi", "crate::report", "crate::pin"]),
        ("compiler/src/openapi/", &["crate::import", "crate::check", "crate::lower", "crate::pin"]),
        ("runtime/src/", &["cap_compiler::openapi", "cap_compiler::import"]),
    ];
    let mut faults = Vec::new();
    for (name, text) in sources() {
        for (folder, forbidden) in rules {
            let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for word in forbidden.iter().filter(|word| name.starts_with(folder) && code.contains(**word)) {
                faults.push(format!("{name} looks at {word}"));
            }
        }
    }
    report(&faults);
}

#[test]
fn the_architecture_page_is_short_and_its_folders_exist() {
    let text = fs::read_to_string(project().join("docs/architecture.md")).unwrap();
    assert!(text.lines().count() < 200, "docs/architecture.md has {} lines", text.lines().count());
    let mut faults = Vec::new();
    for word in text.split('`').skip(1).step_by(2) {
        let looks_like_path = word.contains('/') && word.ends_with('/') || word.ends_with(".rs");
        let folders = ["", "compiler/src/", "runtime/src/", "runtime/src/execute/", "src/"];
        let exists = folders.iter().any(|folder| Path::new(&project().join(folder).join(word)).exists());
        if looks_like_path && !word.starts_with('.') && !word.contains('{') && !exists {
            faults.push(format!("docs/architecture.md speaks of `{word}`, which does not exist"));
        }
    }
    report(&faults);
}
