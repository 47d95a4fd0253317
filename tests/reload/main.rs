//! Capabilities that change under a running gateway, in every way that files change.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, says what it saw, and writes files as careless programs do"
)]

mod chaos;
mod folders;
#[path = "../support/served.rs"]
mod served;
#[path = "../support/mod.rs"]
mod support;

/// A stand-alone tool that asks a server of the test for `path`.
pub(crate) fn tool(name: &str, server: &str, path: &str, description: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: {server}\nnetwork: private\n\
         description: {description}\ninput: {{type: object, additionalProperties: false}}\n\
         request: {{method: GET, path: {path}}}\n"
    )
}
