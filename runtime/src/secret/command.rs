//! A command that prints a secret, such as a password manager's.
//!
//! It is a list of arguments and never a shell. The secret's name is one of the arguments, the value is
//! what it prints. What it says on standard error is dropped: it may be anything.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::file::SecretsError;
use super::{Source, SourceKind};
use arc_swap::ArcSwap;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// The command and what it answered lately.
pub(super) struct SecretsCommand {
    program: String,
    arguments: Vec<String>,
    timeout: Duration,
    answers: ArcSwap<BTreeMap<String, Answer>>,
    /// One at a time: password managers ask people.
    running: Mutex<()>,
}

#[derive(Clone)]
struct Answer {
    value: Option<SecretString>,
    until: Instant,
}

/// How long an answer is used.
const KEEP: Duration = Duration::from_secs(60);

/// How long a command may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What stands for the secret's name in the arguments.
const NAME: &str = "{name}";

/// How long a failure is remembered, so that a crowd of calls is not a crowd of processes.
const KEEP_FAILURE: Duration = Duration::from_secs(5);

/// A longer answer is no secret.
const LONGEST: u64 = 64 << 10;

impl SecretsCommand {
    /// Nothing is run yet.
    ///
    /// # Errors
    /// When there is no program.
    pub(super) fn new(command: &[String]) -> Result<Self, SecretsError> {
        let Some((program, arguments)) = command.split_first() else { return Err(SecretsError::NoCommand) };
        let (program, arguments) = (program.clone(), arguments.to_vec());
        Ok(Self { program, arguments, timeout: TIMEOUT, answers: ArcSwap::default(), running: Mutex::default() })
    }

    /// Runs the command, and keeps the last good value if it fails.
    fn ask(&self, name: &str) {
        let (value, keep) = match self.run(name) {
            Ok(value) => (Some(value), KEEP),
            Err(reason) => {
                tracing::warn!(secret = name, reason, "the secrets command gave nothing");
                (self.value(name), KEEP_FAILURE)
            }
        };
        let answer = Answer { value, until: Instant::now() + keep };
        self.answers.rcu(|answers| {
            let mut answers = BTreeMap::clone(answers);
            answers.insert(name.to_owned(), answer.clone());
            Arc::new(answers)
        });
    }
}

impl Source for SecretsCommand {
    fn kind(&self) -> SourceKind {
        SourceKind::Command(self.program.clone())
    }

    fn value(&self, name: &str) -> Option<SecretString> {
        self.answers.load().get(name)?.value.clone()
    }

    fn is_stale(&self, name: &str) -> bool {
        is_plain(name) && self.answers.load().get(name).is_none_or(|answer| Instant::now() >= answer.until)
    }

    fn refresh(&self, name: &str) {
        let _running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have asked while this one waited.
        if self.is_stale(name) {
            self.ask(name);
        }
    }
}

impl SecretsCommand {
    /// What the command prints for a name. The error says why there is nothing, and never what it
    /// printed.
    fn run(&self, name: &str) -> Result<SecretString, String> {
        let mut child = self.start(name).map_err(|error| format!("it cannot be started: {error}"))?;
        let printed = child.stdout.take().map(read_aside).ok_or("its output cannot be read")?;
        let deadline = Instant::now() + self.timeout;
        // A child of it that holds the output open is ended with it.
        let answer = printed.recv_timeout(self.timeout).map_err(|_| {
            end(&mut child);
            format!("it took longer than {:?} and was ended", self.timeout)
        })?;
        let status = wait(&mut child, deadline).ok_or("it closed its output, did not end, and was ended")?;
        if !status.success() {
            return Err(format!("it ended with {status}; run it by hand to see why"));
        }
        let text = answer.map_err(|error| format!("its output cannot be read: {error}"))?;
        if text.len() as u64 > LONGEST {
            return Err(format!("it printed more than {LONGEST} bytes"));
        }
        let value = text.trim_end_matches(['\r', '\n']);
        if value.is_empty() { Err("it printed nothing".to_owned()) } else { Ok(SecretString::from(value)) }
    }

    fn start(&self, name: &str) -> io::Result<Child> {
        let mut arguments: Vec<String> = self.arguments.iter().map(|text| text.replace(NAME, name)).collect();
        if arguments == self.arguments {
            arguments.push(name.to_owned());
        }
        let mut command = Command::new(&self.program);
        // It has no business with the vault.
        command.args(arguments).env_remove("CAP_VAULT_PASSPHRASE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        own_group(&mut command);
        command.spawn()
    }
}

/// Reads on a thread, so that who waits for it need not wait for ever.
fn read_aside(output: impl Read + Send + 'static) -> Receiver<io::Result<Zeroizing<String>>> {
    let (sender, receiver) = sync_channel(1);
    std::thread::spawn(move || {
        let mut text = Zeroizing::new(String::new());
        let read = output.take(LONGEST + 1).read_to_string(&mut text);
        // Nobody listens any more if it took too long.
        _ = sender.send(read.map(|_| text));
    });
    receiver
}

/// How it ended; it is ended if it does not in time.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => {
                end(child);
                return None;
            }
        }
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// Ends a command and what it started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // The child was not waited for, so its id, which is the group's, is not used again.
        _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    _ = child.kill();
    _ = child.wait();
}

/// Whether a name may be an argument: it must not look like an option.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') && name.chars().all(plain)
}

#[cfg(all(test, unix))]
mod tests;
