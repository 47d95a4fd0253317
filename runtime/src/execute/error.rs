//! What can go wrong with one call, in words that tell the caller what to do.
//!
//! These are tool errors: not diagnostics about an author's text, and not faults of the program.
//! Whoever makes one has already bounded what comes from outside; secrets are masked by the
//! executor before an error leaves it.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Why a call has no outcome. Its `Display` is what the agent reads, and may have several lines.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ToolError {
    /// The arguments do not fit the input schema; nothing was sent.
    #[error("the arguments of `{tool}` do not fit, nothing was sent:{}", Lines(.problems))]
    Arguments {
        /// The tool that was called.
        tool: String,
        /// What is wrong, at least one.
        problems: Vec<ArgumentProblem>,
    },
    /// The definition cannot be carried out, whatever the arguments.
    #[error("the definition of `{tool}` is at fault, not the call: {reason}\nits author has to correct it")]
    Definition {
        /// The tool that was called.
        tool: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A credential's secret is not there.
    #[error("{}", MissingSecrets(.names))]
    MissingSecret {
        /// The secrets that the best alternative lacks, at least one.
        names: Vec<String>,
    },
    /// A person has to log in before this can be called.
    #[error("the login for `{api}` {reason}\nwhoever runs the gateway has to run `cap auth login {api}`")]
    Login {
        /// The api.
        api: String,
        /// What is the matter with the login, as a phrase that follows it.
        reason: String,
    },
    /// Whoever is logged in may not do this: the server asks for more scopes.
    #[error("the login for `{api}` lacks the scope `{}`, which this asks for\n{fix}", scopes.join(" "))]
    Scope {
        /// The api.
        api: String,
        /// The scopes that the server names, at least one.
        scopes: Vec<String>,
        /// What somebody has to do.
        fix: String,
    },
    /// The authorization server gave no token; the api was not called.
    #[error("no token could be obtained from `{host}`: {reason}")]
    Token {
        /// The authorization server's host.
        host: String,
        /// What it said, bounded, or what failed.
        reason: String,
    },
    /// The server's address must not be reached.
    #[error("`{host}` was not called: {reason}")]
    Refused {
        /// The host of the server.
        host: String,
        /// Which rule forbids it, and what would allow it.
        reason: String,
    },
    /// Too many calls are waiting for the same server.
    #[error("`{api}` allows no more calls now ({limit}); try again in {}", Wait(*.wait))]
    Busy {
        /// The api.
        api: String,
        /// The limit that is used up.
        limit: String,
        /// When a call can be expected to get through.
        wait: Option<Duration>,
    },
    /// The server failed again and again and is left alone for a while.
    #[error("`{host}` failed again and again and is not called at present, nothing was sent; try again in {}", Wait(Some(*.wait)))]
    Unavailable {
        /// The host of the server.
        host: String,
        /// When it will be called again.
        wait: Duration,
    },
    /// No answer in time.
    #[error("`{host}` did not answer within {}\n{hint}", Wait(Some(*.timeout)))]
    Timeout {
        /// The host of the server.
        host: String,
        /// How long was waited.
        timeout: Duration,
        /// What the caller can do.
        hint: String,
    },
    /// The server could not be reached, or the connection broke.
    #[error("`{host}` could not be called: {reason}")]
    Network {
        /// The host of the server.
        host: String,
        /// What the connection said.
        reason: String,
    },
    /// The server points to another place, where credentials must not go.
    #[error("the server answered {status} and points to `{location}`, which is not followed: {reason}")]
    Redirect {
        /// The HTTP status.
        status: u16,
        /// Where it points to.
        location: String,
        /// Why it is not followed.
        reason: String,
    },
    /// The answer is larger than the limit and cannot be cut.
    #[error("the answer ({media_type}) is larger than {limit} bytes and was not read")]
    TooLarge {
        /// Its media type.
        media_type: String,
        /// The limit.
        limit: u64,
    },
    /// The server answered with a failure.
    #[error("{}", Status { status: *.status, message, retry_after: *.retry_after, hint })]
    Status {
        /// The HTTP status.
        status: u16,
        /// The server's words, bounded.
        message: String,
        /// When the server wants to be asked again.
        retry_after: Option<Duration>,
        /// What the caller can do.
        hint: String,
    },
}

/// One thing that is wrong with the arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentProblem {
    /// The argument's path, such as `labels[0].name`; empty for the arguments as a whole.
    pub argument: String,
    /// What is wrong and what is wanted, as a phrase that follows the argument's name.
    pub message: String,
}

/// The kind of a [`ToolError`], for exit codes and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The caller's arguments.
    Arguments,
    /// The author's definition.
    Definition,
    /// A missing secret.
    Secret,
    /// Nobody has logged in.
    Login,
    /// The authorization server.
    Token,
    /// An address or a redirect that is not allowed.
    Refused,
    /// A local limit.
    Busy,
    /// A server that is left alone for a while.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The connection.
    Network,
    /// The server's failure.
    Status,
    /// An answer that cannot be used.
    Answer,
}

impl ErrorKind {
    /// A name for metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Arguments => "arguments",
            Self::Definition => "definition",
            Self::Secret => "secret",
            Self::Login => "login",
            Self::Token => "token",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Status => "status",
            Self::Answer => "answer",
        }
    }
}

impl ToolError {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Arguments { .. } => ErrorKind::Arguments,
            Self::Definition { .. } => ErrorKind::Definition,
            Self::MissingSecret { .. } => ErrorKind::Secret,
            Self::Login { .. } | Self::Scope { .. } => ErrorKind::Login,
            Self::Token { .. } => ErrorKind::Token,
            Self::Refused { .. } | Self::Redirect { .. } => ErrorKind::Refused,
            Self::Busy { .. } => ErrorKind::Busy,
            Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Network { .. } => ErrorKind::Network,
            Self::TooLarge { .. } => ErrorKind::Answer,
            Self::Status { .. } => ErrorKind::Status,
        }
    }
}

struct Lines<'a>(&'a [ArgumentProblem]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ArgumentProblem { argument, message } in self.0 {
            if argument.is_empty() {
                write!(f, "\n- {message}")?;
            } else {
                write!(f, "\n- `{argument}` {message}")?;
            }
        }
        Ok(())
    }
}

struct MissingSecrets<'a>(&'a [String]);

impl fmt::Display for MissingSecrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{line}the secret `{name}` is not set, nothing was sent; whoever runs the gateway has to run \
                 `cap secret set {name}`, or set the environment variable `{name}`"
            )?;
        }
        Ok(())
    }
}

/// A time as people say it.
pub(super) struct Wait(pub(super) Option<Duration>);

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("a while"),
            Some(wait) if wait < Duration::from_secs(1) => write!(f, "{} ms", wait.as_millis()),
            Some(wait) => write!(f, "{} s", wait.as_secs_f64().ceil()),
        }
    }
}

struct Status<'a> {
    status: u16,
    message: &'a str,
    retry_after: Option<Duration>,
    hint: &'a str,
}

impl fmt::Display for Status<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}", self.status)?;
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, "\nit asks to wait {}", Wait(Some(wait)))?;
        }
        if !self.hint.is_empty() {
            write!(f, "\n{}", self.hint)?;
        }
        Ok(())
    }
}
