//! What a call does: the request as pieces, each with the encoding of its position.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ArgumentName, Credential, SecretName, XmlBody};

/// The protocol a capability speaks.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// One HTTP request.
    Http(Box<HttpCall>),
    /// A tool of an upstream MCP server.
    Mcp(McpCall),
}

/// A tool of an upstream MCP server, which is the capability's server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McpCall {
    /// The server's own name of the tool.
    pub tool: String,
}

impl Call {
    /// The HTTP request, if it is one.
    #[must_use]
    pub fn http(&self) -> Option<&HttpCall> {
        match self {
            Self::Http(call) => Some(call),
            Self::Mcp(_) => None,
        }
    }
}

/// How arguments become one HTTP request.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCall {
    /// In upper case.
    pub method: String,
    /// Scheme, host and base path, without a trailing slash. No argument reaches into it.
    pub server: Text,
    /// Which addresses the server may have.
    pub network: Network,
    /// The path below the server.
    pub path: Vec<PathPiece>,
    /// Query parameters in order. One with an empty name is a query string as a whole.
    pub query: Vec<Parameter>,
    /// Request headers in order.
    pub headers: Vec<Parameter>,
    /// Cookies in order.
    pub cookies: Vec<Parameter>,
    /// The request body.
    pub body: Option<Body>,
    /// Alternatives, best first, each a set of credentials that go together. No alternatives, or an
    /// empty one, means that no credential is needed.
    pub auth: Vec<Vec<Credential>>,
    /// The header by which the server knows the tries of one call.
    pub idempotency_key: Option<String>,
    /// How connections are made, where the definition says.
    pub transport: Option<Box<Transport>>,
}

/// How connections to a server are made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transport {
    /// The URL of a proxy.
    pub proxy: Option<Text>,
    /// PEM certificates of authorities, instead of the system's.
    pub ca: Option<String>,
    /// What the client shows of itself.
    pub identity: Option<ClientIdentity>,
}

/// A client's certificate and its private key, as PEM texts.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientIdentity {
    /// The certificate, and those between it and its authority.
    pub certificate: Text,
    /// The private key.
    pub key: Text,
}

/// Which addresses a server may resolve to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Network {
    /// Public addresses only.
    #[default]
    Public,
    /// Private and loopback addresses too, because the api's file says so.
    Private,
}

/// A part of a request path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathPiece {
    /// Text of the definition, sent as it stands.
    Literal(String),
    /// A value, percent-encoded so that it stays within its segment.
    Value(Parameter),
}

/// A value with a wire name and OpenAPI's serialization rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The exact name on the wire.
    pub name: String,
    /// What is sent; absent arguments leave the parameter out.
    pub value: Binding,
    /// How it becomes text.
    pub encoding: Encoding,
}

/// How a parameter's value becomes text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// OpenAPI's `style`, `explode` and `allowReserved`.
    Style {
        /// The style.
        style: Style,
        /// Whether arrays and objects make one item each.
        explode: bool,
        /// Whether reserved characters stay as they are.
        allow_reserved: bool,
    },
    /// OpenAPI's `content`: the value serialized as this media type, then encoded for its place.
    Content {
        /// Such as `application/json`.
        media_type: String,
    },
}

/// OpenAPI's parameter styles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `a,b`
    Simple,
    /// `.a.b`
    Label,
    /// `;p=a;p=b`
    Matrix,
    /// `p=a&p=b`
    Form,
    /// `p=a%20b`
    SpaceDelimited,
    /// `p=a|b`
    PipeDelimited,
    /// `p=a%09b`: Swagger 2.0 has it, OpenAPI 3 does not.
    TabDelimited,
    /// `p[k]=v`
    DeepObject,
}

/// A request body.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The `Content-Type`, without the parameters that the encoder adds.
    pub media_type: Text,
    /// Left out when all of its arguments were.
    pub optional: bool,
    /// The argument that, when it is true, asks for the body all the same.
    pub empty: Option<ArgumentName>,
    /// How it is made.
    pub content: BodyContent,
    /// Other media types that the caller may select instead.
    pub choice: Option<BodyChoice>,
}

/// The other media types of a body.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyChoice {
    /// The argument whose value names a media type; without it, the body's own counts.
    pub select: ArgumentName,
    /// Media types as they are named and sent, and how their bodies are made.
    pub others: Vec<(String, BodyContent)>,
}

/// How a body's bytes are made.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyContent {
    /// A JSON value.
    Json(Binding),
    /// A list of JSON values, each on a line.
    JsonLines(Binding),
    /// `application/x-www-form-urlencoded` pairs.
    Form(Vec<Parameter>),
    /// `multipart/form-data` parts.
    Multipart(Vec<BodyPart>),
    /// Text as it is.
    Text(Binding),
    /// Bytes, base64 in the argument.
    Binary(Binding),
    /// An XML document.
    Xml(Box<XmlBody>),
}

/// A part of a multipart body.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyPart {
    /// The field name.
    pub name: String,
    /// The content: text, JSON for objects, or base64 of the bytes where `binary` is set. An array
    /// makes one part for each item.
    pub value: Binding,
    /// Whether the argument is base64 of the bytes.
    pub binary: bool,
    /// The file name.
    pub filename: Option<Text>,
    /// The part's media type.
    pub content_type: Option<Text>,
    /// Further headers by name; one whose value is absent is left out.
    pub headers: Vec<(String, Text)>,
    /// How the value becomes several parts, where a style says so.
    pub encoding: Option<Encoding>,
}

/// Text with holes. Absent if one of its holes is.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Text {
    /// In order.
    pub pieces: Vec<Piece>,
}

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text of the definition.
    Literal(String),
    /// A value.
    Hole(Expression),
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// An argument of the call, as it is.
    Argument(ArgumentName),
    /// A secret, resolved when the request is sent.
    Secret(SecretName),
    /// An expression that needs the template language.
    Computed(Computed),
    /// An expression that reads the request as it is sent (`request`) or the time (`now`, `now_ms`);
    /// evaluated when everything else is put together. It reads no arguments.
    Signed(Computed),
}

/// A template expression that is more than a name; evaluated at call time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// The expression between the braces.
    pub source: String,
    /// The arguments that it reads.
    pub arguments: Vec<ArgumentName>,
    /// The secrets that it reads.
    pub secrets: Vec<SecretName>,
}

/// A JSON value with holes.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// A value of the definition.
    Literal(Value),
    /// The value of an expression, with its type.
    Value(Expression),
    /// Text with holes.
    Text(Text),
    /// An object whose absent members are left out.
    Object(Vec<(String, Binding)>),
    /// A list whose absent items are left out.
    List(Vec<Binding>),
}

impl HttpCall {
    /// The secrets that a call may need, those of every alternative among them.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<&SecretName> {
        let credentials = self.auth.iter().flatten().flat_map(Credential::texts);
        let transport = self.transport.iter().flat_map(|transport| {
            let identity = transport.identity.iter().flat_map(|it| [&it.certificate, &it.key]);
            transport.proxy.iter().chain(identity)
        });
        let texts = credentials.chain(transport).chain([&self.server]).flat_map(Text::secrets);
        texts.chain(self.headers.iter().flat_map(|header| header.value.secrets())).collect()
    }
}

impl Binding {
    /// The secrets that it names.
    #[must_use]
    pub fn secrets(&self) -> Vec<&SecretName> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Value(expression) => expression.secrets().iter().collect(),
            Self::Text(text) => text.secrets().collect(),
            Self::Object(members) => members.iter().flat_map(|(_, member)| member.secrets()).collect(),
            Self::List(items) => items.iter().flat_map(Self::secrets).collect(),
        }
    }
}

impl Text {
    /// Text without holes.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Literal(text.into())] }
    }

    /// The text itself, if it has no holes.
    #[must_use]
    pub fn as_literal(&self) -> Option<String> {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => Some(text.as_str()),
                Piece::Hole(_) => None,
            })
            .collect()
    }

    /// The secrets that it names.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        self.pieces.iter().flat_map(|piece| match piece {
            Piece::Hole(expression) => expression.secrets(),
            Piece::Literal(_) => &[],
        })
    }
}

impl Body {
    /// The media types that it can be sent as, the default first.
    pub fn media_types(&self) -> impl Iterator<Item = String> {
        let others = self.choice.iter().flat_map(|choice| &choice.others).map(|(name, _)| name.clone());
        self.media_type.as_literal().into_iter().chain(others)
    }
}

impl Expression {
    /// The secrets that it names.
    #[must_use]
    pub fn secrets(&self) -> &[SecretName] {
        match self {
            Self::Argument(_) => &[],
            Self::Secret(name) => std::slice::from_ref(name),
            Self::Computed(computed) | Self::Signed(computed) => &computed.secrets,
        }
    }
}

/// Headers that belong to the connection (RFC 9110, sections 7.2 and 7.6.1): the HTTP client sets
/// them itself, and a definition cannot.
const CONNECTION_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-connection",
];

/// Whether a header belongs to the connection and cannot be set by a definition.
#[must_use]
pub fn is_connection_header(name: &str) -> bool {
    CONNECTION_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

impl Style {
    /// OpenAPI's name of the style.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Label => "label",
            Self::Matrix => "matrix",
            Self::Form => "form",
            Self::SpaceDelimited => "spaceDelimited",
            Self::PipeDelimited => "pipeDelimited",
            Self::TabDelimited => "tabDelimited",
            Self::DeepObject => "deepObject",
        }
    }
}
