//! Real documents, and the requests that a correct client sends for them.
//!
//! Every document is imported and compiled, and every case is called against a server of this machine,
//! through the runtime's own executor. Cases that are known to differ are listed with the reason in
//! `fixtures/oracle/differences.txt`, and nothing else may. The inputs are no part of the project:
//! `CAP_SHARED` names their folder. With `CAP_ONLY`, only documents whose name contains it are run,
//! and only the cases themselves are judged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod arguments;
mod cases;
mod compare;
mod document;
mod multipart;
mod report;
mod run;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;

use cases::Case;
use document::Entry;
use run::Ran;

/// Documents that are worked on at one time.
const WORKERS: usize = 2;
/// Faults that are told; more are counted.
const MOST_TOLD: usize = 400;

#[test]
fn real_documents_become_the_requests_of_a_correct_client() {
    let Some(shared) = support::shared("real_documents_become_the_requests_of_a_correct_client") else { return };
    let corpus = shared.join("corpus");
    let only = std::env::var("CAP_ONLY").unwrap_or_default();
    let mut entries = document::entries(&corpus);
    entries.retain(|entry| entry.file.contains(&only));
    let cases = cases::read(&corpus.join("oracle"));
    let ran = all(&corpus.join("specs"), entries, &cases);
    eprintln!("{}", report::table(&ran));
    let listed =
        report::listed(&fs::read_to_string(support::project().join("fixtures/oracle/differences.txt")).unwrap());
    let mut faults = report::faults(&ran, &listed);
    if only.is_empty() {
        faults.extend(report::unknown(&ran, &listed));
    }
    let told: Vec<&str> = faults.iter().take(MOST_TOLD).map(String::as_str).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), told.join("\n"));
}

/// Runs all documents, the largest first; the results are sorted by name.
fn all(specs: &Path, mut entries: Vec<Entry>, cases: &BTreeMap<String, Vec<Case>>) -> Vec<Ran> {
    entries.sort_by_key(|entry| entry.size);
    let waiting = Mutex::new(entries);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                loop {
                    let Some(entry) = waiting.lock().unwrap().pop() else { break };
                    let cases = cases.get(&entry.file).map(Vec::as_slice).unwrap_or_default();
                    let ran = runtime.block_on(run::document(specs, &entry, cases));
                    done.lock().unwrap().push(ran);
                }
            });
        }
    });
    let mut ran = done.into_inner().unwrap();
    ran.sort_by(|left: &Ran, right| left.entry.file.cmp(&right.entry.file));
    ran
}
