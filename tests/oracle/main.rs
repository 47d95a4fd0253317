//! Real documents, and the requests that a correct client sends for them. `CAP_SHARED` names the
//! folder that has both; without it the test says that it was skipped.
//!
//! Each document is imported and compiled; each case's arguments become a tool's arguments by way of
//! the definition's own bindings; the runtime calls a local server, and what arrived is compared with
//! what should have. Cases that differ are listed with their reasons in
//! `fixtures/oracle/differences.txt`, and no other may.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod arguments;
mod cases;
mod compare;
mod document;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::capability::{Call, Capability, Network, Text};
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared, Secrets};
use serde_json::{Map, Value};

use cases::Case;
use document::Document;
use server::{Seen, Server};

/// The smallest part of the cases that passes.
const ENOUGH: f64 = 0.995;
/// The same of the cases with files and XML.
const ENOUGH_SPECIAL: f64 = 0.97;
/// The largest part of the operations that may not be imported.
const TOO_MANY_SKIPPED: f64 = 0.005;

#[tokio::test(flavor = "current_thread")]
async fn every_real_document_sends_what_it_describes() {
    let Ok(shared) = std::env::var("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return;
    };
    let corpus = Path::new(&shared).join("corpus");
    let server = Server::start().await;
    let mut tally = Tally::default();
    let cases = cases::read(&corpus.join("oracle"));
    for (name, path) in cases::documents(&corpus) {
        let document = Document::import(&corpus.join("specs"), &path);
        tally.faults.extend(document.faults.iter().map(|fault| format!("{name}: {fault}")));
        tally.operations += document.operations;
        tally.skipped += document.skipped;
        let own: Vec<&Case> = cases.iter().filter(|case| case.spec == name).collect();
        let before = tally.passed();
        for case in &own {
            run(case, &document, &server, &mut tally).await;
        }
        let (imported, passed) = (document.operations - document.skipped, tally.passed() - before);
        eprintln!("{name}: {imported} of {} operations, {passed} of {} cases", document.operations, own.len());
    }
    tally.finish();
}

/// What was seen.
#[derive(Default)]
struct Tally {
    operations: usize,
    skipped: usize,
    /// Cases that arrived as they should, and all; by set.
    sets: BTreeMap<&'static str, (usize, usize)>,
    /// Cases that differ, and how.
    differences: BTreeMap<String, String>,
    /// Cases with credentials, and those whose credentials arrived.
    credentials: (usize, usize),
    faults: Vec<String>,
}

impl Tally {
    fn passed(&self) -> usize {
        self.sets.values().map(|(passed, _)| passed).sum()
    }

    fn note(&mut self, case: &Case, differences: &[String]) {
        let set = self.sets.entry(case.set).or_default();
        set.1 += 1;
        if differences.is_empty() {
            set.0 += 1;
        } else {
            self.differences.insert(case.id.clone(), differences.join("; "));
        }
    }

    fn finish(mut self) {
        let known = known_differences();
        for (id, difference) in &self.differences {
            if !known.contains(id) {
                self.faults.push(format!("{id}: {difference}"));
            }
        }
        let passing = known.iter().filter(|id| !self.differences.contains_key(*id));
        self.faults.extend(passing.map(|id| format!("{id} passes, and is listed as a difference")));
        for (set, least) in [("cases", ENOUGH), ("special", ENOUGH_SPECIAL)] {
            let (passed, all) = self.sets.get(set).copied().unwrap_or_default();
            #[expect(clippy::cast_precision_loss, reason = "thousands")]
            let part = passed as f64 / all.max(1) as f64;
            eprintln!("{set}: {passed} of {all} pass ({:.2} %)", part * 100.0);
            if part < least {
                self.faults.push(format!("{set}: only {passed} of {all} pass"));
            }
        }
        let (arrived, all) = self.credentials;
        eprintln!("credentials: {arrived} of {all} arrive");
        eprintln!("operations: {} of {} imported", self.operations - self.skipped, self.operations);
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let skipped = self.skipped as f64 / self.operations.max(1) as f64;
        if skipped > TOO_MANY_SKIPPED {
            self.faults.push(format!("{} of {} operations are not imported", self.skipped, self.operations));
        }
        let shown = self.faults.len().min(200);
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults[..shown].join("\n"));
    }
}

/// The ids of the cases that are known to differ: the first column, the reason is the second.
fn known_differences() -> BTreeSet<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/oracle/differences.txt");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let (id, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason in `{line}`"));
            assert!(!reason.trim().is_empty(), "no reason for `{id}`");
            id.to_owned()
        })
        .collect()
}

async fn run(case: &Case, document: &Document, server: &Server, tally: &mut Tally) {
    let Some((capability, definition)) = document.tool(case) else {
        tally.note(case, &["its operation is not imported".to_owned()]);
        return;
    };
    let arguments = match arguments::of(case, definition) {
        Ok(arguments) => arguments,
        Err(reason) => return tally.note(case, &[reason]),
    };
    let bare = local(capability, server, Credentials::Left);
    let differences = match call(&bare, &arguments, Secrets::none(), server).await {
        Ok(seen) => compare::differences(case, &seen, compare::Credentials::None),
        Err(reason) => vec![reason],
    };
    let same = differences.is_empty();
    tally.note(case, &differences);
    if same && case.auth.is_some() {
        tally.credentials.1 += 1;
        let secrets = document.secrets(case);
        let whole = local(capability, server, Credentials::Sent);
        match call(&whole, &arguments, secrets, server).await {
            Ok(seen) => {
                let differences = compare::differences(case, &seen, compare::Credentials::Added);
                if differences.is_empty() {
                    tally.credentials.0 += 1;
                } else {
                    tally.faults.push(format!("{} with credentials: {}", case.id, differences.join("; ")));
                }
            }
            Err(reason) => tally.faults.push(format!("{} with credentials: {reason}", case.id)),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Credentials {
    Left,
    Sent,
}

/// The capability with its server's scheme and host replaced; its base path stays.
fn local(capability: &Capability, server: &Server, credentials: Credentials) -> Prepared {
    let mut capability = capability.clone();
    let Call::Http(call) = &mut capability.call;
    let url = call.server.as_literal().unwrap();
    let rest = url.split_once("://").unwrap().1;
    let base = rest.find('/').map_or("", |at| &rest[at..]);
    call.server = Text::literal(format!("{}{base}", server.url()));
    call.network = Network::Private;
    if credentials == Credentials::Left {
        call.auth.clear();
    }
    Prepared::new(Arc::new(capability))
}

async fn call(
    tool: &Prepared,
    arguments: &Map<String, Value>,
    secrets: Secrets,
    server: &Server,
) -> Result<Seen, String> {
    let settings = ExecutorSettings { secrets, default_retries: 0, ..ExecutorSettings::default() };
    let executor = Executor::new(settings).unwrap();
    server.forget();
    executor.call(tool, arguments).await.map_err(|error| format!("refused: {error}"))?;
    server.last().ok_or_else(|| "nothing arrived".to_owned())
}
