//! Logging in to an MCP server that describes its login itself (MCP, "Authorization"): from its answer
//! without a token to the client that asks for one. Whatever it and its authorization server name is
//! checked before it is reached, and counts only where it speaks for itself.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::challenge::Challenge;
use super::client::{OAuthClient, endpoint, found_endpoint};
use super::discovery::{Metadata, metadata};
use super::door::{Look, client_of, stranger};
use super::login::LoginRequest;
use super::record::Record;
use super::registration::{Introduction, registration};
use super::resource::{Resource, resource};
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;
use crate::execute::stream::{Door, DoorRequest};
use crate::execute::wire::Opener;

/// For the server's first answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Finds out who gives tokens for an upstream, and as which client they are asked for.
///
/// # Errors
/// `Token` when the server or its authorization server do not say enough, `Refused` for an address that
/// must not be reached.
pub(super) async fn discover(
    executor: &Executor,
    door: &Door,
    request: &LoginRequest,
    opener: &mut Opener<'_>,
) -> Result<(OAuthClient, Record), ToolError> {
    let plain = stranger(door, opener)?;
    let canonical = door.login_url().unwrap_or_default();
    // A token that is sent in the clear is everybody's.
    let url = endpoint(canonical, plain.network)?;
    let challenge = probe(executor, door, opener).await?;
    let said = resource(executor, &plain, &url, challenge.as_ref().unwrap_or(&Challenge::default())).await?;
    let resource = match (said, &challenge) {
        (Some(resource), _) => resource,
        // Servers of older revisions are their own authorization servers.
        (None, Some(_)) => Resource {
            name: canonical.to_owned(),
            servers: vec![url.origin().ascii_serialization()],
            scopes: Vec::new(),
        },
        (None, None) => {
            let reason = "it answers without a login, and says nothing of one".to_owned();
            return Err(ToolError::Token { host: url.host_str().unwrap_or_default().to_owned(), reason });
        }
    };
    let (client, metadata) = server(executor, &plain, &resource.servers).await?;
    let issuer = client.issuer.clone().unwrap_or_default();
    let before = executor.record(door, Look::Stored).await?;
    let scopes = wanted(request, challenge.as_ref(), &resource, &metadata, before.as_deref());
    let introduction = Introduction {
        redirect_uri: &request.redirect_uri,
        document: request.client_metadata_url.as_ref(),
        scopes: &scopes,
        before: before.as_deref(),
    };
    let registered = registration(executor, &client, (&issuer, &metadata), &introduction).await?;
    let token_url = metadata.token.as_ref().ok_or_else(|| unfit(&issuer, "its metadata has no `token_endpoint`"))?;
    let token_url = token_url.to_string();
    let record = Record { resource: resource.name, issuer, token_url, client: registered, scopes };
    let client = OAuthClient { authorization_url: client.authorization_url, ..client_of(&record, door, opener)? };
    Ok((client, record))
}

/// The upstream's challenge to somebody without a token; `None` if it does not ask for one.
async fn probe(executor: &Executor, door: &Door, opener: &mut Opener<'_>) -> Result<Option<Challenge>, ToolError> {
    let request = initialize();
    let asking = executor.open_bare(door, &request, opener);
    let host = || door.login_url().unwrap_or_default().to_owned();
    let answer = timeout(TIMEOUT, asking).await.unwrap_or_else(|_| {
        let reason = format!("no answer within {} s", TIMEOUT.as_secs());
        Err(ToolError::Network { host: host(), reason })
    })?;
    let headers = answer.headers.get_all(http::header::WWW_AUTHENTICATE);
    let challenge = Challenge::of(headers.iter().map(http::HeaderValue::as_bytes));
    Ok((answer.status == 401).then(|| challenge.unwrap_or_default()))
}

/// What a client of an older revision says first; every server knows it, or refuses it as it refuses all.
fn initialize() -> DoorRequest {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let accept = header("Accept", "application/json, text/event-stream");
    let message = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "cap", "version": env!("CARGO_PKG_VERSION")},
        },
    });
    let headers = vec![accept, header("Content-Type", "application/json")];
    let body = Some(message.to_string().into_bytes());
    DoorRequest { method: "POST", headers, body, target: None }
}

/// The first authorization server that can be used.
async fn server(
    executor: &Executor,
    plain: &OAuthClient,
    issuers: &[String],
) -> Result<(OAuthClient, Metadata), ToolError> {
    let mut first = None;
    for issuer in issuers {
        let client = OAuthClient { issuer: Some(issuer.clone()), ..plain.clone() };
        match usable(executor, &client, issuer).await {
            Ok(metadata) => {
                let authorization_url = metadata.authorization.clone();
                return Ok((OAuthClient { authorization_url, ..client }, metadata));
            }
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| unfit(&plain.api, "it names no authorization server")))
}

async fn usable(executor: &Executor, client: &OAuthClient, issuer: &str) -> Result<Metadata, ToolError> {
    found_endpoint(issuer, client.network)?;
    let metadata = metadata(executor, client).await?;
    if metadata.authorization.is_none() {
        return Err(unfit(issuer, "its metadata has no `authorization_endpoint`"));
    }
    if !metadata.knows_s256 {
        return Err(unfit(
            issuer,
            "its metadata does not say that it knows PKCE with `S256`, without which nobody logs in",
        ));
    }
    Ok(metadata.as_ref().clone())
}

fn unfit(issuer: &str, reason: &str) -> ToolError {
    ToolError::Token { host: issuer.to_owned(), reason: reason.to_owned() }
}

/// What the token is to be for: what the server asks for; with more that a person asks for, what the login
/// of before had as well.
fn wanted(
    request: &LoginRequest,
    challenge: Option<&Challenge>,
    resource: &Resource,
    metadata: &Metadata,
    before: Option<&Record>,
) -> Vec<String> {
    let asked = challenge.map(|challenge| &challenge.scopes).filter(|scopes| !scopes.is_empty());
    let mut scopes = asked.unwrap_or(&resource.scopes).clone();
    if !request.scopes.is_empty() {
        scopes.extend(before.into_iter().flat_map(|before| before.scopes.iter().cloned()));
        scopes.extend(request.scopes.iter().cloned());
    }
    if metadata.knows_offline && !scopes.is_empty() {
        scopes.push("offline_access".to_owned());
    }
    let mut once: Vec<String> = Vec::new();
    for scope in scopes {
        if !once.contains(&scope) {
            once.push(scope);
        }
    }
    once
}
