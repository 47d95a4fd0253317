//! What is known of a call that ended. Never an argument, a body or a header.

use std::time::Duration;

use cap_compiler::capability::{Capability, Expression, Piece, Text};
use cap_compiler::pin::Digest;

use super::RequestId;

/// One call, from its first word to its last.
#[derive(Clone, Debug)]
pub struct CallRecord<'a> {
    /// Joins what is said about the request elsewhere.
    pub id: RequestId,
    /// Who called.
    pub principal: &'a str,
    /// The tool's name. That of a tool that does not exist is there if it could be one.
    pub tool: Option<&'a str>,
    /// The api it belongs to, where there is such a tool.
    pub api: Option<&'a str>,
    /// What is served under the name, unless it is held back.
    pub capability: Option<&'a Capability>,
    /// The digest of the files that the tool was made from.
    pub definition: Option<Digest>,
    /// The keyed digest of the arguments, where somebody wants it.
    pub arguments: Option<Digest>,
    /// What it came to.
    pub ending: Ending,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Answers of each class, from 1xx to 5xx, those to tries that were repeated among them.
    pub classes: [u32; 5],
    /// How often a request was sent.
    pub attempts: u32,
    /// Bytes of request bodies, all attempts together.
    pub sent: u64,
    /// Bytes of answers' bodies, all attempts together, decompressed.
    pub received: u64,
    /// From the caller's request until its answer was made.
    pub duration: Duration,
    /// The part of it that the gateway waited of its own will: for limits, and between tries.
    pub waited: Duration,
    /// Whether the answer was kept from an earlier call.
    pub cached: bool,
}

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has an outcome.
    Done,
    /// It failed; the kind of error, from a fixed set.
    Failed(&'static str),
    /// Nobody waited for it any more.
    Cancelled,
}

impl Ending {
    /// A name for metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "ok",
            Self::Failed(kind) => kind,
            Self::Cancelled => "cancelled",
        }
    }
}

impl CallRecord<'_> {
    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        Some(&self.capability?.call.http()?.method)
    }

    /// Host and port of the server as the definition has them; a secret in them stays a name.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        Some(authority(&shown(&self.capability?.call.http()?.server)))
    }
}

/// The text with names in place of what is filled in later.
fn shown(text: &Text) -> String {
    let pieces = text.pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::Hole(Expression::Secret(name)) => format!("{{secret.{}}}", name.0),
        Piece::Hole(Expression::Argument(_) | Expression::Computed(_) | Expression::Signed(_)) => "{…}".to_owned(),
    });
    pieces.collect()
}

fn authority(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

#[cfg(test)]
mod tests {
    use cap_compiler::capability::{Expression, Piece, SecretName, Text};

    use super::{authority, shown};

    #[test]
    fn a_host_is_shown_without_paths_users_and_secrets() {
        assert_eq!(authority("https://api.example.com:8443/v1"), "api.example.com:8443");
        assert_eq!(authority("https://user:pass@api.example.com"), "api.example.com");
        let secret = Piece::Hole(Expression::Secret(SecretName("TENANT".to_owned())));
        let text = Text {
            pieces: vec![Piece::Literal("https://".to_owned()), secret, Piece::Literal(".a.example".to_owned())],
        };
        assert_eq!(authority(&shown(&text)), "{secret.TENANT}.a.example");
    }
}
