//! SSH keys that are made in the test: no private key is kept anywhere.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::process::{Command, Stdio};

use ssh_key::LineEnding;
use ssh_key::private::{Ed25519Keypair, PrivateKey};

use crate::support::Sandbox;

/// A key of a person.
pub(crate) struct Key {
    private: PrivateKey,
    name: String,
}

impl Key {
    /// The key of a name: the same one each time.
    pub(crate) fn of(name: &str) -> Self {
        let mut seed = [7; 32];
        seed.iter_mut().zip(name.bytes()).for_each(|(into, byte)| *into = byte);
        Self { private: PrivateKey::from(Ed25519Keypair::from_seed(&seed)), name: name.to_owned() }
    }

    /// Writes the private key into a sandbox, and gives its path there.
    pub(crate) fn write(&self, sandbox: &Sandbox) -> String {
        let path = format!("keys/{}", self.name);
        sandbox.write(&path, &self.private.to_openssh(LineEnding::LF).unwrap());
        path
    }

    pub(crate) fn public(&self) -> String {
        self.private.public_key().to_openssh().unwrap()
    }

    /// A line of allowed signers.
    pub(crate) fn line(&self, options: &str) -> String {
        format!("{}@example.com {options} {}\n", self.name, self.public())
    }
}

/// Whether a tool of the system is there; says so if it is not.
pub(crate) fn has(tool: &str, test: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let found = command.status().is_ok();
    if !found {
        eprintln!("{test} was skipped: there is no `{tool}`");
    }
    found
}
