//! The cases of one document: each is called once, against a server that remembers what came.
//!
//! The document is imported as it is. Of the servers that the import chose, scheme and host are replaced
//! by the test's own, and the paths count as they are.
//! A call has the secrets of its case's credentials and no others, so that the requirement that the
//! case chose is the one that is met.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use cap_compiler::import::SecretNeed;
use cap_runtime::execute::{Executor, ExecutorSettings};
use cap_runtime::secret::Secrets;
use secrecy::SecretString;
use serde_json::Value;

use crate::arguments::{Given, given};
use crate::cases::{Case, Set};
use crate::compare;
use crate::document::{self, Document, Entry};
use crate::multipart;
use crate::server::Server;

/// What the cases of one document gave.
pub(crate) struct Ran {
    pub(crate) entry: Entry,
    pub(crate) imported: usize,
    pub(crate) faults: Vec<String>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) seconds: f64,
}

/// What one case gave.
pub(crate) struct Outcome {
    pub(crate) id: String,
    pub(crate) set: Set,
    /// How it differs; empty if it passed.
    pub(crate) differences: Vec<String>,
    /// How it differs in what the reference comparison does not look at.
    pub(crate) beyond: Vec<String>,
}

impl Outcome {
    /// What there is to say about it.
    pub(crate) fn said(&self) -> String {
        let said: Vec<&str> = self.differences.iter().chain(&self.beyond).map(String::as_str).collect();
        said.join("; ")
    }
}

/// Imports one document and runs its cases.
pub(crate) async fn document(specs: &Path, entry: &Entry, cases: &[Case]) -> Ran {
    let start = Instant::now();
    let server = Server::start().await;
    let document = document::read(specs, entry, &format!("http://{}", server.address));
    let mut executors = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(cases.len());
    for case in cases {
        let secrets = case.auth["credentials"].to_string();
        let executor = executors.entry(secrets).or_insert_with(|| executor(case, &document.secrets));
        outcomes.push(call(case, &document, executor, &server).await);
    }
    let seconds = start.elapsed().as_secs_f64();
    Ran { entry: entry.clone(), imported: document.imported, faults: document.faults, outcomes, seconds }
}

async fn call(case: &Case, document: &Document, executor: &Executor, server: &Server) -> Outcome {
    let mut outcome = Outcome { id: case.id.clone(), set: case.set, differences: Vec::new(), beyond: Vec::new() };
    let Some(tool) = document.tool(case) else {
        outcome.differences.push("the operation is no tool".to_owned());
        return outcome;
    };
    let Given { arguments, mut notes } = given(case, &tool.request);
    let result = executor.call(&tool.prepared, &arguments).await;
    match (server.take().as_slice(), result) {
        ([seen], _) => {
            outcome.differences = compare::request(case, seen);
            outcome.differences.extend(compare::credentials(case, seen));
            outcome.beyond = multipart::differences(case, &seen.body);
        }
        ([], Err(error)) => outcome.differences.push(format!("refused: {error}")),
        (seen, _) => outcome.differences.push(format!("{} requests arrived", seen.len())),
    }
    // A note without a difference is about what is not sent anyway.
    if !outcome.differences.is_empty() {
        outcome.differences.append(&mut notes);
    } else if !outcome.beyond.is_empty() {
        outcome.beyond.append(&mut notes);
    }
    outcome
}

/// An executor that has the credentials of a case.
fn executor(case: &Case, needs: &[SecretNeed]) -> Executor {
    let mut secrets = Secrets::none();
    for (scheme, credential) in case.auth["credentials"].as_object().into_iter().flatten() {
        for need in needs.iter().filter(|need| need.scheme == *scheme) {
            let value = SecretString::from(secret(credential, &need.name));
            secrets = secrets.with_value(&need.name, value);
        }
    }
    Executor::new(ExecutorSettings { secrets, ..ExecutorSettings::default() }).unwrap()
}

/// The part of a credential that a secret holds.
fn secret(credential: &Value, name: &str) -> String {
    let text = |key: &str| credential[key].as_str();
    let value = match credential["type"].as_str() {
        Some("basic") if name.ends_with("_USERNAME") => text("username"),
        Some("basic") => text("password"),
        _ => ["value", "token", "access_token"].into_iter().find_map(text),
    };
    value.unwrap_or_default().to_owned()
}
