//! A plan becomes bytes for the wire: credentials are chosen and filled in, the URL is put together
//! and its host is checked.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cap_compiler::capability::{Network, SecretName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::authorize::{AccessKey, has, now_ms, ready_token, sign};
use super::connection::{self, Connection};
use super::credentials::Issued;
use super::error::ToolError;
use super::mask::Mask;
use super::plan::{
    Evaluated, PlannedCredential, PlannedSigV4, RequestPlan, Sealed, SealedPiece, has_control, join_pairs,
    percent_encode, plain_text,
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

    pub(super) fn value(&mut self, name: &SecretName) -> Result<String, ToolError> {
        let missing = || ToolError::MissingSecret { names: vec![name.0.clone()] };
        let value = self.secrets.resolve(name).ok_or_else(missing)?;
        self.mask.add(&name.0, value.expose_secret());
        Ok(value.expose_secret().to_owned())
    }

    /// A text with its secrets. What reads the request is left out: it is not there yet.
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
                SealedPiece::Signed { expression, .. } => {
                    let reason = format!("`{}` stands where the request is not signed", expression.source());
                    return Err(self.definition(reason));
                }
            }
        }
        Ok(text)
    }

    pub(super) fn definition(&self, reason: String) -> ToolError {
        ToolError::Definition { tool: self.tool.to_owned(), reason }
    }
}

/// What credentials add to a request.
#[derive(Default)]
struct Additions<'a> {
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
    /// What reads the request, and is added when all else is there.
    signed_query: Vec<(&'a str, &'a Sealed)>,
    signed_headers: Vec<(&'a str, &'a Sealed)>,
    key: Option<AccessKey>,
}

impl<'a> Additions<'a> {
    /// A header has one value: of two credentials that want the same one, the last is sent.
    fn header(&mut self, name: &str, value: String) {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value));
    }

    fn named(&self, name: &str) -> bool {
        let plain = self.headers.iter().map(|(known, _)| known.as_str());
        plain.chain(self.signed_headers.iter().map(|(known, _)| *known)).any(|known| known.eq_ignore_ascii_case(name))
    }

    fn add(
        &mut self,
        credential: &'a PlannedCredential,
        issued: &mut impl Iterator<Item = &'a str>,
        opener: &mut Opener<'_>,
    ) -> Result<(), ToolError> {
        match credential {
            PlannedCredential::Bearer(token) => {
                self.header("Authorization", format!("Bearer {}", opener.open(token)?));
            }
            PlannedCredential::Basic { username, password } => {
                let pair = format!("{}:{}", opener.open(username)?, opener.open(password)?);
                opener.mask.add("basic", &pair);
                self.header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(pair)));
            }
            PlannedCredential::Header(name, value) if value.is_signed() => self.signed_headers.push((name, value)),
            PlannedCredential::Header(name, value) => self.header(name, opener.open(value)?),
            PlannedCredential::Query(name, value) if value.is_signed() => self.signed_query.push((name, value)),
            PlannedCredential::Query(name, value) => {
                self.query.push((percent_encode(name), percent_encode(&opener.open(value)?)));
            }
            PlannedCredential::Cookie(name, value) => {
                self.cookies.push(format!("{}={}", percent_encode(name), percent_encode(&opener.open(value)?)));
            }
            PlannedCredential::OAuth2(oauth2) => {
                let token = match ready_token(oauth2, opener)? {
                    Some(token) => token,
                    None => issued.next().unwrap_or_default().to_owned(),
                };
                self.header("Authorization", format!("Bearer {token}"));
            }
            PlannedCredential::AwsSigV4(key) => self.key = Some(access_key(key, opener)?),
        }
        Ok(())
    }
}

/// Puts a request together.
///
/// # Errors
/// `MissingSecret`, `Refused`, or `Definition` when what comes out is no request.
pub(super) fn assemble<'a>(
    plan: &'a RequestPlan,
    credentials: &'a [PlannedCredential],
    issued: &'a Issued,
    opener: &mut Opener<'_>,
) -> Result<WireRequest, ToolError> {
    let mut added = Additions::default();
    for (client, token) in issued {
        opener.mask.add(client.token_name(), token.access.expose_secret());
    }
    let mut tokens = issued.iter().map(|(_, token)| token.access.expose_secret());
    for credential in credentials {
        added.add(credential, &mut tokens, opener)?;
    }
    let url = url(plan, &added.query, opener)?;
    let mut headers = Vec::with_capacity(plan.headers.len() + 4);
    let mut signed = Vec::new();
    for (name, value) in &plan.headers {
        // A credential stands in for a header of the same name.
        if added.named(name) {
            continue;
        }
        if value.is_signed() {
            signed.push((name.as_str(), value));
        } else {
            headers.push((name.clone(), opener.open(value)?));
        }
    }
    headers.append(&mut added.headers);
    let cookies: Vec<String> = plan.cookies.iter().cloned().chain(added.cookies).collect();
    if !cookies.is_empty() {
        headers.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    if let Some(body) = &plan.body {
        headers.push(("Content-Type".to_owned(), body.media_type.clone()));
    }
    let body = plan.body.as_ref().map(|body| body.content.to_bytes());
    let with_secrets = !added.query.is_empty() || !added.signed_query.is_empty();
    let secret_url = with_secrets || plan.server.secrets().next().is_some();
    let connection = connection::open(plan.transport.as_deref(), opener)?;
    let (method, network) = (plan.method.clone(), plan.network);
    let mut request = WireRequest { method, url, network, headers, body, connection, secret_url };
    signed.append(&mut added.signed_headers);
    if !signed.is_empty() || !added.signed_query.is_empty() {
        super::sign::sign(&mut request, &added.signed_query, &signed, now_ms(), opener)?;
    }
    if let Some(key) = &added.key {
        sign(&mut request, key);
    }
    if let Some((name, _)) = request.headers.iter().find(|(_, value)| has_control(value)) {
        return Err(opener.definition(format!("the value of the header `{name}` has control characters")));
    }
    Ok(request)
}

fn access_key(key: &PlannedSigV4, opener: &mut Opener<'_>) -> Result<AccessKey, ToolError> {
    let has_session = key.session_token.as_ref().filter(|token| has(token, opener.secrets));
    Ok(AccessKey {
        region: opener.open(&key.region)?,
        service: opener.open(&key.service)?,
        id: opener.open(&key.access_key_id)?,
        secret: SecretString::from(opener.open(&key.secret_access_key)?),
        session_token: has_session.map(|token| opener.open(token)).transpose()?.map(SecretString::from),
    })
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
