//! Every wrong file of `fixtures/diagnostics/` and what `cap` says of it.
//!
//! A case is a file or a folder named `CAPnnnn_what_is_wrong`; beside it stands the golden text
//! `CAPnnnn_what_is_wrong.stderr`. A new case needs no Rust: add the file, run with `BLESS=1`, and
//! review the text.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::{Run, Sandbox, copy, golden, project};

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(project().join("fixtures/diagnostics"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "stderr"))
        .collect();
    cases.sort();
    cases
}

fn code_of(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy()[..7].to_owned()
}

/// Runs the command whose business the rule is.
fn run(case: &Path) -> Run {
    let sandbox = Sandbox::new();
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    if case.is_dir() {
        copy(case, &sandbox.path().join("capabilities"));
    } else {
        copy(case, &sandbox.path().join("capabilities").join(name));
    }
    match code_of(case).as_str() {
        "CAP0301" | "CAP0302" | "CAP0303" | "CAP0305" => sandbox.run(&["pin", "--check"]),
        "CAP0320" | "CAP0321" | "CAP0322" | "CAP0323" => {
            sandbox.run(&["verify", "--signers", "capabilities/allowed_signers"])
        }
        code if code.starts_with("CAP06") => sandbox.run(&["check", "--advice", "always"]),
        _ => sandbox.run(&["check"]),
    }
}

#[test]
fn each_wrong_file_is_explained() {
    let mut faults = Vec::new();
    for case in cases() {
        let run = run(&case);
        let stem = case.file_stem().unwrap().to_string_lossy().into_owned();
        if !run.stderr.contains(&format!("[{}]", code_of(&case))) {
            faults.push(format!("{stem} does not give its code:\n{}", run.stderr));
        }
        if let Err(fault) = golden(&case.with_file_name(format!("{stem}.stderr")), &run.stderr) {
            faults.push(fault);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn there_are_many_wrong_files() {
    assert!(cases().len() >= 25);
}

/// Codes whose fault cannot be kept in a file of the project.
const WITHOUT_FILE: [&str; 4] = [
    // a file that cannot be read: file modes do not survive a checkout, and root reads everything
    "CAP0109", // a selection is not in the document; `compiler/tests/import.rs` makes one
    "CAP0408", // what an upstream lists is no file; `tests/upstream` has servers that change
    "CAP0307", "CAP0308",
];

#[test]
fn every_code_has_a_section_and_a_wrong_file() {
    let sandbox = Sandbox::new();
    let listed = sandbox.ok(&["explain"]).stdout;
    let fixtures: BTreeSet<String> = cases().iter().map(|case| code_of(case)).collect();
    let imported = imported_codes();
    for line in listed.lines() {
        let (code, title) = line.split_once("  ").unwrap();
        let section = sandbox.ok(&["explain", code]).stdout;
        assert!(section.starts_with(&format!("## {code}: {title}")), "{code} has the section {section:?}");
        assert!(section.lines().count() > 3, "the section of {code} says nothing");
        let covered = fixtures.contains(code) || imported.contains(code) || WITHOUT_FILE.contains(&code);
        assert!(covered, "{code} has no wrong file");
    }
}

/// The codes that the golden texts of imported documents show.
fn imported_codes() -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let mut folders = ["imported", "overlays", "merges"].map(|it| project().join("fixtures").join(it)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "stderr" || extension == "txt") {
                let text = fs::read_to_string(path).unwrap();
                let found = text.match_indices("[CAP").filter_map(|(at, _)| text.get(at + 1..at + 8));
                codes.extend(found.map(str::to_owned));
            }
        }
    }
    codes
}

#[test]
fn unknown_codes_are_refused_with_the_nearest() {
    let run = Sandbox::new().run(&["explain", "CAP0290"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("did you mean `CAP0"), "{}", run.stderr);
}
