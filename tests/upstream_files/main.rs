//! Upstream files and the commands around them, as a person uses them: `cap add`, `cap remove`, `cap list`,
//! `cap import --from-clients` and `cap connect`, each in a home folder of its own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

#[path = "../support/mod.rs"]
mod support;

mod add;
mod connect;
mod hostile;
mod import;
mod remove;
mod whole;

use std::fs;
use std::path::Path;

use support::{Run, Sandbox};

/// Fails if a text stands in anything that was written below a folder, or that was said.
pub(crate) fn assert_nowhere(folder: &Path, runs: &[&Run], text: &str) {
    for run in runs {
        assert!(!run.stdout.contains(text) && !run.stderr.contains(text), "{text} was shown: {run:?}");
    }
    let mut waiting = vec![folder.to_owned()];
    while let Some(place) = waiting.pop() {
        for entry in fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                assert!(!String::from_utf8_lossy(&bytes).contains(text), "{text} stands in {}", path.display());
            }
        }
    }
}

/// The names of the files of a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn exists(sandbox: &Sandbox, path: &str) -> bool {
    sandbox.path().join(path).exists()
}
