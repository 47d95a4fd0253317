//! Runs the built binary as a person would, in a folder and an environment of its own.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test that cannot go on fails, and says so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A secret in the environment of every run of the binary, which none of them may write.
pub(crate) const PLANTED: (&str, &str) = ("PLANTED_TOKEN", "planted-3f9c41d7e0b85a26");

/// A folder of its own for one test.
pub(crate) struct Sandbox {
    folder: TempDir,
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.path().join(path), text.as_bytes());
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// The binary, to be started by the test itself.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cap"));
        command.args(args).current_dir(self.path()).env_clear().env("NO_COLOR", "1").stdin(Stdio::null());
        // Nothing of this account is seen; and what no command may show is there to be shown.
        command.env("HOME", self.path()).env(PLANTED.0, PLANTED.1);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    /// Runs and expects success.
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, 0, "cap {args:?} failed\n{}{}", run.stdout, run.stderr);
        run
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.stdout.contains(PLANTED.1) && !run.stderr.contains(PLANTED.1), "a secret was shown: {run:?}");
        run
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The top of the project.
pub(crate) fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Shared inputs that are not part of the project, where the environment names them.
pub(crate) fn shared(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CAP_SHARED").map(PathBuf::from).and_then(|path| path.canonicalize().ok());
    if folder.is_none() {
        eprintln!("{test} was skipped: CAP_SHARED does not name a folder");
    }
    folder
}

/// Copies a file or folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        write(to, &fs::read(from).unwrap());
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// Compares with a golden file, or writes it if `BLESS` is set.
pub(crate) fn golden(path: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("BLESS").is_some() {
        write(path, found.as_bytes());
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    Err(format!(
        "{} differs; run with BLESS=1 and review\n--- expected\n{expected}\n--- found\n{found}",
        path.display()
    ))
}

#[expect(clippy::disallowed_methods, reason = "fixtures in a temporary folder need no atomic write")]
fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
