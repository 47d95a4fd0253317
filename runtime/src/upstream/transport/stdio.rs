//! A program that is spoken to over its standard input and output.
//!
//! It is a list of arguments and never a shell. Its environment has what every program needs and what
//! its file says, and nothing else of the gateway's. What it says on standard error goes to the log.
//! It is the head of a process group, which ends with the connection.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rmcp::RoleClient;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, timeout};

use super::lines::BoundedLines;

/// The transport of a program.
pub(in crate::upstream) type StdioTransport = AsyncRwTransport<RoleClient, BoundedLines<ChildStdout>, ChildStdin>;

/// A program that runs. Dropping it ends it and what it started, at once.
#[derive(Debug)]
pub(in crate::upstream) struct Process {
    child: Child,
    group: Option<u32>,
}

/// Starts a program that reads and writes messages of at most `limit` bytes.
///
/// # Errors
/// When it cannot be started.
pub(in crate::upstream) fn start(
    name: &str,
    command: &[String],
    environment: &BTreeMap<String, String>,
    directory: Option<&Path>,
    limit: usize,
) -> io::Result<(StdioTransport, Process)> {
    let Some((program, arguments)) = command.split_first() else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(inherited()).envs(environment);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    if let Some(directory) = directory {
        command.current_dir(directory);
    }
    own_group(&mut command);
    let mut child = command.spawn()?;
    let missing = || io::Error::other("its standard input and output cannot be reached");
    let (input, output) = (child.stdin.take().ok_or_else(missing)?, child.stdout.take().ok_or_else(missing)?);
    if let Some(errors) = child.stderr.take() {
        tokio::spawn(log(name.to_owned(), errors));
    }
    let group = child.id();
    // The limit of the SDK leaves a line out in silence; ours comes before it.
    let transport = AsyncRwTransport::new(BoundedLines::new(output, limit), input);
    Ok((transport.with_max_line_length(limit.saturating_add(1)), Process { child, group }))
}

impl Process {
    /// How it ended, if it did within a moment.
    pub(in crate::upstream) async fn ended(&mut self) -> Option<String> {
        let status = timeout(MOMENT, self.child.wait()).await.ok()?.ok()?;
        self.end_group(Ending::Forced);
        Some(format!("the program ended with {status}"))
    }

    /// Lets it end after its input was closed, and ends it when it does not.
    pub(in crate::upstream) async fn finish(mut self) {
        if timeout(PATIENCE, self.child.wait()).await.is_err() {
            self.end_group(Ending::Asked);
            let _ = timeout(PATIENCE, self.child.wait()).await;
        }
        self.end_group(Ending::Forced);
    }

    /// Signals the whole group. Its id may be given away once its head and all members are gone, so after
    /// the last signal it is forgotten.
    #[cfg(unix)]
    fn end_group(&mut self, ending: Ending) {
        use rustix::process::{Pid, Signal, kill_process_group};

        let signal = match ending {
            Ending::Asked => Signal::TERM,
            Ending::Forced => Signal::KILL,
        };
        if let Some(group) = self.group.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
        if matches!(ending, Ending::Forced) {
            self.group = None;
        }
    }

    #[cfg(not(unix))]
    fn end_group(&mut self, _ending: Ending) {}
}

#[derive(Clone, Copy)]
enum Ending {
    Asked,
    Forced,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_group(Ending::Forced);
    }
}

#[cfg(unix)]
fn own_group(command: &mut Command) {
    command.process_group(0);
}

#[cfg(not(unix))]
fn own_group(_: &mut Command) {}

/// What every program needs of its environment: where programs are, whose home it is, which language.
fn inherited() -> impl Iterator<Item = (String, String)> {
    INHERITED.into_iter().filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
}

const INHERITED: [&str; 20] = [
    "APPDATA",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "LANG",
    "LC_ALL",
    "LOCALAPPDATA",
    "LOGNAME",
    "PATH",
    "PROCESSOR_ARCHITECTURE",
    "SHELL",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
];

/// Logs what a program says on standard error: lines cut where they are long, and not more of them than a person
/// can read.
async fn log(upstream: String, errors: ChildStderr) {
    let mut lines = Lines::new(errors);
    let (mut window, mut said, mut dropped) = (Instant::now(), 0_u32, 0_u64);
    while let Some(line) = lines.next().await {
        if window.elapsed() >= WINDOW {
            if dropped > 0 {
                tracing::info!(upstream, dropped, "lines of the program were left out");
            }
            (window, said, dropped) = (Instant::now(), 0, 0);
        }
        if said < MOST_LINES {
            said += 1;
            tracing::info!(upstream, "{line}");
        } else {
            dropped += 1;
        }
    }
}

/// Lines of a stream, each of at most [`LONGEST_LINE`] bytes.
struct Lines<R> {
    read: BufReader<R>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(read: R) -> Self {
        Self { read: BufReader::new(read) }
    }

    async fn next(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.read).take(LONGEST_LINE);
        bounded.read_until(b'\n', &mut line).await.ok().filter(|length| *length > 0)?;
        let text = String::from_utf8_lossy(&line);
        let plain: String = text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Some(plain)
    }
}

/// Bytes of a line; a longer one is several.
const LONGEST_LINE: u64 = 4 << 10;
/// Lines within a [`WINDOW`].
const MOST_LINES: u32 = 100;
const WINDOW: Duration = Duration::from_secs(10);
/// How long a program may take to end.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long its end is waited for when its output has ended.
const MOMENT: Duration = Duration::from_millis(500);
