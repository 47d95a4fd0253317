//! What can be wrong with an upstream, in words that say what to do. Its own words are bounded, and
//! stand on one line.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

use std::fmt;
use std::io;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::service::{ClientInitializeError, ServiceError};
use rmcp::transport::streamable_http_client::StreamableHttpError;

use super::transport::http::HttpFault;
use crate::execute::ToolError;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq)]
pub enum ConnectFault {
    /// A person has to log in.
    Login(String),
    /// Anything else.
    Failed(String),
}

/// Why a request to an upstream has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum UpstreamFault {
    /// It cannot be reached, or does not behave.
    #[error("`{name}` is unavailable: {reason}; nothing was sent{}", Again(*.again))]
    Unavailable {
        /// The upstream.
        name: String,
        /// Why.
        reason: String,
        /// When it is tried again.
        again: Option<Duration>,
    },
    /// A person has to log in.
    #[error("`{name}` asks for a login: {reason}\nwhoever runs the gateway has to run `cap auth login {name}`")]
    Login {
        /// The upstream.
        name: String,
        /// What it said.
        reason: String,
    },
    /// Whoever is logged in may not do this.
    #[error("`{name}` refused the call: {said}")]
    Scope {
        /// The upstream.
        name: String,
        /// What is lacking, and what to do.
        said: String,
    },
    /// Its file says so.
    #[error("`{name}` is paused: its file has `paused: true`; nothing was sent")]
    Paused {
        /// The upstream.
        name: String,
    },
    /// Its files are not what was pinned.
    #[error("`{name}` is quarantined: its files are not what was pinned; a person must review it")]
    Quarantined {
        /// The upstream.
        name: String,
    },
    /// Too many requests are under way.
    #[error("`{name}` has as many calls under way as its file allows; nothing was sent, try again in a moment")]
    Busy {
        /// The upstream.
        name: String,
    },
    /// A retry goes on with no call that waits.
    #[error(
        "no call of `{name}` waits under this `requestState`: it was gone on with, waited too long, or is of another \
         tool; nothing was sent, call again without it"
    )]
    Unknown {
        /// The upstream.
        name: String,
    },
    /// Nothing came in time.
    #[error("`{name}` said nothing for {}; the call was cancelled, and may have taken effect all the same", seconds(*.waited))]
    Silent {
        /// The upstream.
        name: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The connection ended before there was an answer.
    #[error("`{name}` gave no answer: {reason}; the call may have taken effect all the same")]
    Gone {
        /// The upstream.
        name: String,
        /// What is known.
        reason: String,
    },
    /// What came is no answer.
    #[error("`{name}` answered what cannot be understood: {reason}")]
    Odd {
        /// The upstream.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It answered with an error of the protocol.
    #[error("`{name}` refused the call: {} ({})", line(&.error.message), .error.code.0)]
    Refused {
        /// The upstream.
        name: String,
        /// Its error.
        error: Box<ErrorData>,
    },
}

impl ConnectFault {
    /// What a request over HTTP failed with.
    pub(super) fn call(error: ToolError) -> Self {
        if let ToolError::Login { reason, .. } = error {
            return Self::Login(format!("the login {reason}"));
        }
        if let ToolError::Scope { scopes, .. } = &error {
            let flags: Vec<String> = scopes.iter().map(|scope| format!("`--scope {scope}`")).collect();
            return Self::Login(line(&format!("the login lacks what it asks for, {}", flags.join(" "))));
        }
        Self::Failed(line(&error.to_string()))
    }

    pub(super) fn http(fault: HttpFault) -> Self {
        match fault {
            HttpFault::Call(error) => Self::call(error),
            HttpFault::Body(error) => Self::Failed(line(&error.to_string())),
        }
    }

    /// What the SDK says.
    pub(super) fn of(error: &ClientInitializeError) -> Self {
        if error.is_authorization_required() || error.auth_challenge().is_some() {
            return Self::Login(UNAUTHORIZED.to_owned());
        }
        let cause: Option<&(dyn std::error::Error + 'static)> = match error {
            ClientInitializeError::TransportError { error, .. } => Some(error.error.as_ref()),
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => return Self::of(fallback),
            _ => None,
        };
        if let Some(Obstacle::Call(error)) = cause.and_then(obstacle) {
            return Self::call(error.clone());
        }
        let reason = match error {
            ClientInitializeError::JsonRpcError(error) => format!("it answered: {} ({})", error.message, error.code.0),
            ClientInitializeError::TransportError { error, .. } => error.error.to_string(),
            error => error.to_string(),
        };
        Self::Failed(line(&reason))
    }

    /// Whether the SDK knows no more than that the other side went; otherwise it gave up first.
    pub(super) fn is_of_the_way(error: &ClientInitializeError) -> bool {
        match error {
            ClientInitializeError::ConnectionClosed(_) | ClientInitializeError::TransportError { .. } => true,
            ClientInitializeError::LegacyFallbackFailed { fallback, .. } => Self::is_of_the_way(fallback),
            _ => false,
        }
    }

    pub(super) fn unstarted(command: &[String], error: &io::Error) -> Self {
        let program = command.first().map_or("", String::as_str);
        if error.kind() == io::ErrorKind::NotFound {
            return Self::Failed(format!("there is no program `{program}`, or no such `directory`"));
        }
        Self::Failed(format!("`{program}` cannot be started: {error}"))
    }
}

impl UpstreamFault {
    /// What the SDK says of a request.
    pub(super) fn of(name: &str, error: ServiceError) -> Self {
        let name = name.to_owned();
        match error {
            ServiceError::McpError(error) => Self::Refused { name, error: Box::new(error) },
            ServiceError::TransportClosed => Self::Gone { name, reason: "the connection ended".to_owned() },
            ServiceError::TransportSend(error) => Self::unsent(name, error.error.as_ref()),
            ServiceError::Timeout { timeout } => Self::Silent { name, waited: timeout },
            error => Self::Odd { name, reason: line(&error.to_string()) },
        }
    }

    /// Why a message did not get through: what is the matter with the login, or anything else.
    fn unsent(name: String, error: &(dyn std::error::Error + 'static)) -> Self {
        match obstacle(error) {
            Some(Obstacle::Unauthorized) => Self::Login { name, reason: UNAUTHORIZED.to_owned() },
            Some(Obstacle::Call(ToolError::Login { reason, .. })) => {
                Self::Login { name, reason: format!("the login {reason}") }
            }
            Some(Obstacle::Call(error @ ToolError::Scope { .. })) => Self::Scope { name, said: error.to_string() },
            Some(Obstacle::Call(error)) => Self::Gone { name, reason: line(&error.to_string()) },
            None => Self::Gone { name, reason: line(&root_cause(error)) },
        }
    }

    /// A word for logs and metrics.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::Login { .. } | Self::Scope { .. } => "login",
            Self::Paused { .. } => "paused",
            Self::Quarantined { .. } => "quarantined",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "request_state",
            Self::Silent { .. } => "timeout",
            Self::Gone { .. } => "network",
            Self::Odd { .. } => "protocol",
            Self::Refused { .. } => "refused",
        }
    }

    /// Whether it says that the upstream itself is not well.
    pub(super) fn is_its_own(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::Gone { .. } | Self::Odd { .. })
    }
}

/// What this program itself knows of an error that came through the SDK.
enum Obstacle<'a> {
    Unauthorized,
    Call(&'a ToolError),
}

fn obstacle<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<Obstacle<'a>> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        match error.downcast_ref::<StreamableHttpError<HttpFault>>() {
            Some(StreamableHttpError::AuthRequired(_)) => return Some(Obstacle::Unauthorized),
            // The SDK does not name it as a source.
            Some(StreamableHttpError::Client(HttpFault::Call(error))) => return Some(Obstacle::Call(error)),
            Some(_) | None => {}
        }
        if let Some(HttpFault::Call(error)) = error.downcast_ref::<HttpFault>() {
            return Some(Obstacle::Call(error));
        }
        cause = error.source();
    }
    None
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// Foreign words on one line, bounded.
pub(super) fn line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST + 1).collect();
    if plain.chars().count() > LONGEST { plain.chars().take(LONGEST).chain(['…']).collect() } else { plain }
}

/// When it is tried again.
struct Again(Option<Duration>);

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |again| write!(f, "; it is tried again in {}", seconds(again)))
    }
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{} ms", time.as_millis()) } else { format!("{} s", time.as_secs()) }
}

const UNAUTHORIZED: &str = "it answered 401 Unauthorized";
/// In characters.
const LONGEST: usize = 300;
