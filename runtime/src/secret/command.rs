//! Secrets that a command prints, such as a password store's.
//!
//! The command is a list of arguments and no shell sees it. It runs off the threads that serve, its
//! answer is kept for a while, and what it prints to standard error is read by nobody.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::file::SecretsError;
use super::{Source, SourceKind};

/// How long an answer is used.
const KEPT: Duration = Duration::from_secs(60);
/// How long it is used that there is none.
const MISSED: Duration = Duration::from_secs(5);
/// How long a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const LONGEST: u64 = 64 * 1024;
/// What stands for the secret's name in the arguments.
const NAME: &str = "{name}";

/// A command that prints the secret whose name it is given.
pub(super) struct SecretsCommand {
    program: String,
    arguments: Vec<String>,
    answers: Mutex<BTreeMap<String, Answer>>,
}

struct Answer {
    until: Instant,
    value: Option<SecretString>,
}

impl SecretsCommand {
    /// Nothing is run yet.
    ///
    /// # Errors
    /// When there is no program.
    pub(super) fn new(command: &[String]) -> Result<Self, SecretsError> {
        let Some((program, arguments)) = command.split_first() else { return Err(SecretsError::NoCommand) };
        Ok(Self { program: program.clone(), arguments: arguments.to_vec(), answers: Mutex::default() })
    }

    fn run(&self, name: &str) -> Option<SecretString> {
        let mut arguments: Vec<String> = self.arguments.iter().map(|text| text.replace(NAME, name)).collect();
        if arguments == self.arguments {
            arguments.push(name.to_owned());
        }
        let spawned = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        match spawned {
            Ok(child) => printed(child, name),
            Err(error) => {
                tracing::warn!(program = self.program, %error, "the command for secrets cannot be run");
                None
            }
        }
    }
}

impl Source for SecretsCommand {
    fn kind(&self) -> SourceKind {
        SourceKind::Command(self.program.clone())
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(name).and_then(|answer| answer.value.clone())
    }

    fn is_stale(&self, name: &str) -> bool {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(name).is_none_or(|answer| answer.until <= Instant::now())
    }

    fn refresh(&self, name: &str) {
        let value = self.run(name);
        let until = Instant::now() + if value.is_some() { KEPT } else { MISSED };
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Answer { until, value });
    }
}

/// What a command prints within its time, if it succeeds.
fn printed(mut child: Child, name: &str) -> Option<SecretString> {
    let output = child.stdout.take()?;
    let reading = thread::spawn(move || {
        let mut text = String::new();
        output.take(LONGEST).read_to_string(&mut text).map(|_| text)
    });
    let deadline = Instant::now() + TIMEOUT;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Ok(None) | Err(_) => {
                tracing::warn!(secret = name, after = ?TIMEOUT, "the command for secrets took too long");
                // It may be gone by now, which is as good.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    if !status.success() {
        tracing::debug!(secret = name, %status, "the command for secrets has no such secret");
        return None;
    }
    let text = reading.join().ok()?.ok()?;
    let line = text.lines().next().unwrap_or_default();
    (!line.is_empty()).then(|| SecretString::from(line))
}
