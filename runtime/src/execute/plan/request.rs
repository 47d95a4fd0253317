//! What planning makes: one HTTP request as data.

use std::time::Duration;

use cap_compiler::capability::{Limits, Network, SecretName};

use super::oauth2::{PlannedOAuth2, PlannedSigV4};
use super::sealed::Sealed;

/// One HTTP request, complete but for the values of secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestPlan {
    /// The tool that is called.
    pub tool: String,
    /// The api it belongs to.
    pub api: String,
    /// In upper case.
    pub method: String,
    /// Scheme, host and base path.
    pub server: Sealed,
    /// Which addresses the server may have.
    pub network: Network,
    /// The path below the server, encoded; empty or beginning with `/`.
    pub path: String,
    /// Name and value pairs, encoded.
    pub query: Vec<(String, String)>,
    /// Headers in order; values have no control characters.
    pub headers: Vec<(String, Sealed)>,
    /// Cookies as they are sent, encoded.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Option<PlannedBody>,
    /// Alternatives, best first; none, or an empty one, needs no credential.
    pub auth: Vec<Vec<PlannedCredential>>,
    /// Bounds on the call.
    pub limits: Limits,
    /// Whether it may be sent again.
    pub repeats: Repeats,
    /// The header by which the server knows the tries of one call.
    pub idempotency_key: Option<String>,
    /// How connections are made, where the definition says.
    pub transport: Option<Box<PlannedTransport>>,
    /// How long an answer may be kept, where the definition says.
    pub cache: Option<Duration>,
    /// What was repaired in the arguments.
    pub notes: Vec<String>,
}

/// Whether a request may be sent again after it may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Twice is the same as once, by its annotations or by an idempotency key.
    Safely,
    /// Only if it never left.
    OnlyIfUnsent,
}

/// How connections are made.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedTransport {
    /// The URL of a proxy.
    pub proxy: Option<Sealed>,
    /// PEM certificates of authorities, instead of the system's.
    pub ca: Option<String>,
    /// The client's certificate and its key.
    pub identity: Option<(Sealed, Sealed)>,
}

/// A request body.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedBody {
    /// The `Content-Type`, parameters included.
    pub media_type: String,
    /// The content.
    pub content: PlannedContent,
}

/// What a body is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedContent {
    /// Text: JSON, a form, or as given.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// The parts of a multipart body.
    Multipart {
        /// The boundary between parts, made from the content.
        boundary: String,
        /// The parts.
        parts: Vec<PlannedPart>,
    },
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedPart {
    /// The field name.
    pub name: String,
    /// The file name.
    pub filename: Option<String>,
    /// The part's media type.
    pub content_type: Option<String>,
    /// Further headers; values have no control characters.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub bytes: Vec<u8>,
}

/// A credential and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedCredential {
    /// `Authorization: Bearer …`
    Bearer(Sealed),
    /// `Authorization: Basic …`
    Basic {
        /// The user name.
        username: Sealed,
        /// The password.
        password: Sealed,
    },
    /// A header.
    Header(String, Sealed),
    /// A query parameter.
    Query(String, Sealed),
    /// A cookie.
    Cookie(String, Sealed),
    /// `Authorization: Bearer …` with a token that is obtained first.
    OAuth2(Box<PlannedOAuth2>),
    /// `Authorization: AWS4-HMAC-SHA256 …`, computed from the request as it is sent.
    AwsSigV4(Box<PlannedSigV4>),
}

impl RequestPlan {
    /// The secrets that it may need, those of every alternative among them.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let credentials = self.auth.iter().flatten().flat_map(|credential| {
            credential.secrets().chain(credential.optional().into_iter().flat_map(Sealed::secrets))
        });
        let headers = self.headers.iter().flat_map(|(_, value)| value.secrets());
        let connection = self.transport.iter().flat_map(|transport| transport.secrets());
        self.server.secrets().chain(headers).chain(credentials).chain(connection)
    }
}

impl PlannedTransport {
    /// The secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let identity = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        self.proxy.iter().chain(identity).flat_map(Sealed::secrets)
    }
}

impl PlannedCredential {
    /// What it uses where its secrets exist.
    fn optional(&self) -> Vec<&Sealed> {
        match self {
            Self::OAuth2(oauth2) => oauth2.texts().collect(),
            Self::AwsSigV4(key) => key.session_token.iter().collect(),
            Self::Bearer(_) | Self::Basic { .. } | Self::Header(..) | Self::Query(..) | Self::Cookie(..) => Vec::new(),
        }
    }

    /// The secrets that it cannot do without. Those of OAuth 2.0 depend on which of them exist.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let texts: [Option<&Sealed>; 4] = match self {
            Self::Bearer(text) | Self::Header(_, text) | Self::Query(_, text) | Self::Cookie(_, text) => {
                [Some(text), None, None, None]
            }
            Self::Basic { username, password } => [Some(username), Some(password), None, None],
            Self::AwsSigV4(key) => key.required().map(Some),
            Self::OAuth2(_) => [None; 4],
        };
        texts.into_iter().flatten().flat_map(Sealed::secrets)
    }
}
