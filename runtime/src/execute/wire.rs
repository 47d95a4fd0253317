//! A plan becomes bytes for the wire: credentials are chosen and filled in, the URL is put together
//! and its host is checked.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cap_compiler::capability::{Network, SecretName};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use super::authorize::choose;
use super::connection::{self, Connection};
use super::error::ToolError;
use super::mask::Mask;
use super::plan::{
    Evaluated, PlannedCredential, RequestPlan, Sealed, SealedPiece, has_control, join_pairs, percent_encode, plain_text,
};
use super::send::check_url;
use crate::secret::Secrets;

/// A request that is ready to be sent. It holds values of secrets and has no `Debug`.
#[derive(Clone)]
pub(super) struct WireRequest {
    pub(super) method: String,
    pub(super) url: Url,
    pub(super) network: Network,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Vec<u8>>,
    /// How connections are made, where the definition says.
    pub(super) connection: Option<Box<Connection>>,
    /// Whether the URL holds values of secrets.
    pub(super) secret_url: bool,
}

impl WireRequest {
    /// The host as errors name it.
    pub(super) fn host(&self) -> String {
        self.url.host_str().unwrap_or_default().to_owned()
    }
}

/// Looks secrets up, and remembers which ones for the mask.
pub(super) struct Opener<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) mask: Mask,
    tool: &'a str,
}

impl<'a> Opener<'a> {
    pub(super) fn new(secrets: &'a Secrets, tool: &'a str) -> Self {
        Self { secrets, mask: Mask::default(), tool }
    }

    fn value(&mut self, name: &SecretName) -> Result<String, ToolError> {
        let missing = || ToolError::MissingSecret { names: vec![name.0.clone()] };
        let value = self.secrets.resolve(name).ok_or_else(missing)?;
        self.mask.add(&name.0, value.expose_secret());
        Ok(value.expose_secret().to_owned())
    }

    pub(super) fn open(&mut self, sealed: &Sealed) -> Result<String, ToolError> {
        let mut text = String::new();
        for piece in &sealed.pieces {
            match piece {
                SealedPiece::Plain(plain) => text.push_str(plain),
                SealedPiece::Secret(name) => text.push_str(&self.value(name)?),
                SealedPiece::Computed { expression, arguments, secrets } => {
                    let mut values = Map::new();
                    for name in secrets {
                        values.insert(name.0.clone(), Value::String(self.value(name)?));
                    }
                    match expression.evaluate(arguments, &values) {
                        Evaluated::Value(value) => {
                            let computed = plain_text(&value);
                            if let Some(name) = secrets.first() {
                                self.mask.add(&name.0, &computed);
                            }
                            text.push_str(&computed);
                        }
                        Evaluated::Absent => {}
                        Evaluated::Failed(reason) => {
                            return Err(self.definition(format!("`{}` failed: {reason}", expression.source())));
                        }
                    }
                }
            }
        }
        Ok(text)
    }

    fn definition(&self, reason: String) -> ToolError {
        ToolError::Definition { tool: self.tool.to_owned(), reason }
    }
}

/// What credentials add to a request.
#[derive(Default)]
struct Additions {
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
}

impl Additions {
    /// A header has one value: of two credentials that want the same one, the last is sent.
    fn header(&mut self, name: &str, value: String) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
    }
}

/// Puts a request together.
///
/// # Errors
/// `MissingSecret`, `Refused`, or `Definition` when what comes out is no request.
pub(super) fn assemble(plan: &RequestPlan, opener: &mut Opener<'_>) -> Result<WireRequest, ToolError> {
    let mut added = additions(choose(plan, opener.secrets)?, opener)?;
    let url = url(plan, &added.query, opener)?;
    let mut headers = Vec::with_capacity(plan.headers.len() + 4);
    for (name, value) in &plan.headers {
        // A credential stands in for a header of the same name.
        if added.headers.iter().any(|(credential, _)| credential.eq_ignore_ascii_case(name)) {
            continue;
        }
        headers.push((name.clone(), opener.open(value)?));
    }
    headers.append(&mut added.headers);
    let cookies: Vec<String> = plan.cookies.iter().cloned().chain(added.cookies).collect();
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if let Some(body) = &plan.body {
        headers.push(("Content-Type".to_owned(), body.media_type.clone()));
    }
    if let Some((name, _)) = headers.iter().find(|(_, value)| has_control(value)) {
        return Err(opener.definition(format!("the value of the header `{name}` has control characters")));
    }
    let body = plan.body.as_ref().map(|body| body.content.to_bytes());
    let secret_url = !added.query.is_empty() || plan.server.secrets().next().is_some();
    let connection = connection::open(plan.transport.as_deref(), opener)?;
    let (method, network) = (plan.method.clone(), plan.network);
    Ok(WireRequest { method, url, network, headers, body, connection, secret_url })
}

fn additions(credentials: &[PlannedCredential], opener: &mut Opener<'_>) -> Result<Additions, ToolError> {
    let mut added = Additions::default();
    for credential in credentials {
        match credential {
            PlannedCredential::Bearer(token) => {
                added.header("Authorization", format!("Bearer {}", opener.open(token)?));
            }
            PlannedCredential::Basic { username, password } => {
                let pair = format!("{}:{}", opener.open(username)?, opener.open(password)?);
                opener.mask.add("basic", &pair);
                let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
                added.header("Authorization", value);
            }
            PlannedCredential::Header(name, value) => added.header(name, opener.open(value)?),
            PlannedCredential::Query(name, value) => {
                added.query.push((percent_encode(name), percent_encode(&opener.open(value)?)));
            }
            PlannedCredential::Cookie(name, value) => {
                added.cookies.push(format!("{}={}", percent_encode(name), percent_encode(&opener.open(value)?)));
            }
        }
    }
    Ok(added)
}

/// The whole URL. The server is looked at by itself first, so that nothing after it can move the
/// host.
fn url(plan: &RequestPlan, added: &[(String, String)], opener: &mut Opener<'_>) -> Result<Url, ToolError> {
    let text = opener.open(&plan.server)?;
    let server = Url::parse(&text).map_err(|error| opener.definition(format!("its server is no URL: {error}")))?;
    check_url(&server, plan.network)
        .map_err(|reason| ToolError::Refused { host: server.host_str().unwrap_or(&text).to_owned(), reason })?;
    if server.query().is_some() || server.fragment().is_some() {
        return Err(opener.definition("its server has a query or a fragment".to_owned()));
    }
    let pairs: Vec<_> = plan.query.iter().chain(added).cloned().collect();
    let mark = match (pairs.is_empty(), plan.path.contains('?')) {
        (true, _) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    let whole = format!("{}{}{mark}{}", text.trim_end_matches('/'), plan.path, join_pairs(&pairs));
    let url = Url::parse(&whole).map_err(|error| opener.definition(format!("its URL cannot be read: {error}")))?;
    if url.origin() != server.origin() || !url.username().is_empty() || url.password().is_some() {
        return Err(opener.definition("its path changes the server".to_owned()));
    }
    Ok(url)
}
