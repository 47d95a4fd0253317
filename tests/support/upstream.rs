//! The peer of `tests/support/peer` as a process over HTTP.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The peer's program. `cargo test` builds it; `cargo test --test NAME` does not.
pub(crate) fn program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_cap")).with_file_name("examples").join("peer");
    assert!(program.exists(), "{} is missing; run `cargo build --example peer`", program.display());
    program
}

/// A peer that listens on loopback, ended with the test.
pub(crate) struct Peer {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Peer {
    /// Starts one with these options, and waits until it listens.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.arg("http").args(options).env_clear().stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("Listening ").unwrap_or_else(|| panic!("the peer said {line:?}")).to_owned();
        Self { child, url }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
