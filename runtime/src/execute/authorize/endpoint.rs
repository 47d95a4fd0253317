//! Requests to an authorization server, under the same rules as calls: addresses are checked, answers
//! are bounded, redirects are not followed. What it refuses is told apart from what fails.
//!
//! Requests and answers are RFC 6749's, sections 3.2, 5.1 and 5.2.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cap_compiler::capability::{CircuitBreaker, ClientAuthentication, Limits};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};
use url::{Url, form_urlencoded};

use super::client::OAuthClient;
use super::token::{Token, now_ms};
use crate::execute::arguments::bounded;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;
use crate::execute::mask::Mask;
use crate::execute::plan::Repeats;
use crate::execute::progress::Unheard;
use crate::execute::send::{Answer, Job};
use crate::execute::wire::WireRequest;

/// For one request, all tries included.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Tries of a request that the server fails to answer.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// Metadata and answers are small.
const MAX_ANSWER: u64 = 256 << 10;
/// Characters of what a server says about an error.
const LONGEST: usize = 300;

/// Why there is no answer to use.
pub(super) enum EndpointError {
    /// The server says no, with one of RFC 6749's words.
    Refused {
        /// Such as `invalid_grant`.
        error: String,
        /// The error for the caller, masked and bounded.
        shown: ToolError,
    },
    /// A success that says nothing.
    Silent(ToolError),
    /// Anything else, masked and bounded.
    Failed(ToolError),
}

impl EndpointError {
    pub(super) fn shown(self) -> ToolError {
        match self {
            Self::Refused { shown, .. } | Self::Silent(shown) | Self::Failed(shown) => shown,
        }
    }

    pub(super) fn is_silent_success(&self) -> bool {
        matches!(self, Self::Silent(_))
    }

    /// This error with all that it shows masked.
    fn masked(self, mask: &Mask) -> Self {
        match self {
            Self::Refused { error, shown } => Self::Refused { error, shown: mask.error(shown) },
            Self::Silent(shown) => Self::Silent(mask.error(shown)),
            Self::Failed(shown) => Self::Failed(mask.error(shown)),
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Refused { error, .. } if error == word)
    }
}

/// A token in exchange for what `grant` gives.
///
/// # Errors
/// When the server refuses or fails.
pub(super) async fn exchange(
    executor: &Executor,
    client: &OAuthClient,
    url: &Url,
    grant: &[(&str, &str)],
) -> Result<Token, EndpointError> {
    let answer = post(executor, client, url, grant).await?;
    let failed = |reason: &str| {
        let host = url.host_str().unwrap_or_default().to_owned();
        EndpointError::Failed(ToolError::Token { host, reason: reason.to_owned() })
    };
    let kind = answer.get("token_type").and_then(Value::as_str).unwrap_or("bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(failed("it issued a token that is no bearer token"));
    }
    let access = answer.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
    let access = access.ok_or_else(|| failed("its answer has no `access_token`"))?;
    let obtained_at = now_ms();
    let token = Token {
        access: SecretString::from(access),
        refresh: answer.get("refresh_token").and_then(Value::as_str).map(SecretString::from),
        obtained_at,
        expires_at: answer.get("expires_in").and_then(seconds).map(|life| obtained_at.saturating_add(life * 1000)),
        scopes: scopes(answer.get("scope")).unwrap_or_else(|| client.scopes.clone()),
        seed: None,
    };
    Ok(token.known())
}

/// Sends a form with the client's credentials, and reads the JSON object that is the answer.
///
/// # Errors
/// When the server refuses or fails.
pub(super) async fn post(
    executor: &Executor,
    client: &OAuthClient,
    url: &Url,
    fields: &[(&str, &str)],
) -> Result<Map<String, Value>, EndpointError> {
    let request = form_request(client, url, fields);
    let mut mask = client.mask();
    for (name, value) in
        fields.iter().filter(|(name, _)| matches!(*name, "refresh_token" | "code" | "code_verifier" | "device_code"))
    {
        mask.add(name, value);
    }
    let answer = ask(executor, client, &request).await.map_err(|error| EndpointError::Failed(mask.error(error)))?;
    understand(&answer, url).map_err(|error| error.masked(&mask))
}

/// Sends a JSON document without credentials, and reads the JSON object that is the answer.
///
/// # Errors
/// When the server refuses or fails.
pub(super) async fn post_json(
    executor: &Executor,
    client: &OAuthClient,
    url: &Url,
    document: &Value,
) -> Result<Map<String, Value>, EndpointError> {
    let headers = vec![
        ("Accept".to_owned(), "application/json".to_owned()),
        ("Content-Type".to_owned(), "application/json".to_owned()),
    ];
    let body = Some(document.to_string().into_bytes());
    let (method, network, connection) = ("POST".to_owned(), client.network, client.connection_to(url));
    let request = WireRequest { method, url: url.clone(), network, headers, body, connection, secret_url: false };
    let answer = ask(executor, client, &request).await.map_err(EndpointError::Failed)?;
    understand(&answer, url)
}

/// A form and who sends it.
fn form_request(client: &OAuthClient, url: &Url, fields: &[(&str, &str)]) -> WireRequest {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let mut headers = vec![
        ("Accept".to_owned(), "application/json".to_owned()),
        ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()),
    ];
    match (client.authentication, &client.secret) {
        (ClientAuthentication::Basic, Some(secret)) => {
            headers.push(("Authorization".to_owned(), basic(client, secret)));
        }
        (ClientAuthentication::Post, Some(secret)) => {
            form.append_pair("client_id", &client.id).append_pair("client_secret", secret.expose_secret());
        }
        (ClientAuthentication::Basic | ClientAuthentication::Post, None) | (ClientAuthentication::None, _) => {
            form.append_pair("client_id", &client.id);
        }
    }
    WireRequest {
        method: "POST".to_owned(),
        url: url.clone(),
        network: client.network,
        headers,
        body: Some(form.finish().into_bytes()),
        connection: client.connection_to(url),
        secret_url: false,
    }
}

/// Reads a JSON document of an authorization server; `None` if it has none there.
///
/// # Errors
/// When the server fails.
pub(super) async fn fetch(
    executor: &Executor,
    client: &OAuthClient,
    url: Url,
) -> Result<Option<Map<String, Value>>, ToolError> {
    let headers = vec![("Accept".to_owned(), "application/json".to_owned())];
    let (method, network) = ("GET".to_owned(), client.network);
    let connection = client.connection_to(&url);
    let request = WireRequest { method, url, network, headers, body: None, connection, secret_url: false };
    let answer = ask(executor, client, &request).await?;
    if !(200..300).contains(&answer.status) || answer.cut {
        return Ok(None);
    }
    Ok(serde_json::from_slice(&answer.body).ok())
}

/// Sends a request, again while the server fails to answer it.
async fn ask(executor: &Executor, client: &OAuthClient, request: &WireRequest) -> Result<Answer, ToolError> {
    let deadline = Instant::now() + TIMEOUT;
    let timeout =
        || ToolError::Token { host: request.host(), reason: format!("no answer within {} s", TIMEOUT.as_secs()) };
    for made in 1..=TRIES {
        let limits = Limits {
            timeout: Some(deadline.saturating_duration_since(Instant::now())),
            retries: Some(1),
            circuit_breaker: CircuitBreaker::Off,
            ..Limits::default()
        };
        let answer = executor.sender().carry(&job(client, request, &limits)).await;
        let answer = answer.map_err(|error| failed(error, request))?;
        if !matches!(answer.status, 429 | 500..=599) || made == TRIES {
            return Ok(answer);
        }
        let pause = answer.retry_after.unwrap_or(FIRST_PAUSE * made);
        if Instant::now() + pause >= deadline {
            return Ok(answer);
        }
        sleep(pause).await;
    }
    Err(timeout())
}

/// What failed on its way is sent again by `ask` alone, unless it never left.
fn job<'a>(client: &'a OAuthClient, request: &'a WireRequest, limits: &'a Limits) -> Job<'a> {
    let (tool, api, repeats) = (client.tool.as_str(), AUTHORIZATION, Repeats::OnlyIfUnsent);
    Job { tool, api, request, limits, repeats, max_response: MAX_ANSWER, progress: &Unheard }
}

/// What limits and circuits know authorization servers by: no api has such a name.
const AUTHORIZATION: &str = "(authorization)";

/// A failure to reach the authorization server is not one of the api.
fn failed(error: ToolError, request: &WireRequest) -> ToolError {
    let host = request.host();
    match error {
        ToolError::Network { reason, .. } | ToolError::Refused { reason, .. } => ToolError::Token { host, reason },
        ToolError::Timeout { .. } => {
            ToolError::Token { host, reason: format!("no answer within {} s", TIMEOUT.as_secs()) }
        }
        ToolError::Redirect { status, .. } => {
            ToolError::Token { host, reason: format!("it answered {status} and points elsewhere") }
        }
        ToolError::Arguments { .. }
        | ToolError::Definition { .. }
        | ToolError::MissingSecret { .. }
        | ToolError::Busy { .. }
        | ToolError::Unavailable { .. }
        | ToolError::TooLarge { .. }
        | ToolError::Status { .. }
        | ToolError::Login { .. }
        | ToolError::Scope { .. }
        | ToolError::Token { .. } => error,
    }
}

fn understand(answer: &Answer, url: &Url) -> Result<Map<String, Value>, EndpointError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let body: Option<Map<String, Value>> = serde_json::from_slice(&answer.body).ok();
    let word = body.as_ref().and_then(|body| body.get("error")).and_then(Value::as_str);
    if let (Some(word), Some(body)) = (word, &body) {
        let said = body.get("error_description").and_then(Value::as_str).unwrap_or_default();
        let reason = if said.is_empty() { plain(word) } else { format!("{}: {}", plain(word), plain(said)) };
        return Err(EndpointError::Refused { error: word.to_owned(), shown: ToolError::Token { host, reason } });
    }
    match body {
        Some(body) if (200..300).contains(&answer.status) && !answer.cut => Ok(body),
        Some(_) | None => {
            let reason = match answer.status {
                200..300 => "its answer is not a JSON object".to_owned(),
                status => format!("it answered {status}"),
            };
            let shown = ToolError::Token { host, reason };
            let silent = (200..300).contains(&answer.status) && answer.body.is_empty();
            Err(if silent { EndpointError::Silent(shown) } else { EndpointError::Failed(shown) })
        }
    }
}

/// A server's words on one line, bounded.
fn plain(text: &str) -> String {
    bounded(&text.replace(|c: char| c.is_control(), " "), LONGEST)
}

/// RFC 6749, section 2.3.1: both parts are form-encoded first.
fn basic(client: &OAuthClient, secret: &SecretString) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encode(&client.id), encode(secret.expose_secret()));
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

/// A number, which some servers write as text.
fn seconds(value: &Value) -> Option<u64> {
    let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    // A longer life is as good as none, and does not overflow.
    number.map(|number| number.min(10 * 365 * 86_400))
}

/// A text with spaces, or a list, as some servers write it.
fn scopes(value: Option<&Value>) -> Option<Vec<String>> {
    match value? {
        Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
        Value::Array(items) => Some(items.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}
