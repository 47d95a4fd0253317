//! Which client logs in where nobody registered one: the document that the settings name, or one that
//! the authorization server makes (RFC 7591).

use cap_compiler::capability::ClientAuthentication;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use url::Url;

use super::client::{OAuthClient, found_endpoint};
use super::discovery::Metadata;
use super::endpoint::{EndpointError, post_json};
use super::record::{Record, Registration, authentication, method};
use super::token::now_ms;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;

/// Bytes of a client's identifier.
const LONGEST: usize = 2_000;

/// What a client says of itself.
pub(super) struct Introduction<'a> {
    pub(super) redirect_uri: &'a str,
    /// The document that the settings name.
    pub(super) document: Option<&'a Url>,
    pub(super) scopes: &'a [String],
    /// The login of before.
    pub(super) before: Option<&'a Record>,
}

/// The client for a login at an authorization server.
///
/// # Errors
/// `Token` when there is no way to be its client.
pub(super) async fn registration(
    executor: &Executor,
    client: &OAuthClient,
    (issuer, metadata): (&str, &Metadata),
    said: &Introduction<'_>,
) -> Result<Registration, ToolError> {
    if let Some(document) = said.document.filter(|_| metadata.takes_documents) {
        let (id, authentication) = (document.to_string(), ClientAuthentication::None);
        return Ok(Registration { id, secret: None, authentication, redirect_uri: None, ends_at: None });
    }
    if let Some(before) = said.before.filter(|before| before.issuer == issuer)
        && is_good(&before.client, said.redirect_uri)
    {
        return Ok(before.client.clone());
    }
    let Some(url) = &metadata.registration else { return Err(no_way(issuer, metadata)) };
    register(executor, client, &found_endpoint(url, client.network)?, metadata, said).await
}

/// Whether a registered client can come back to this callback.
fn is_good(client: &Registration, redirect_uri: &str) -> bool {
    let lasts = client.ends_at.is_none_or(|ends| now_ms() / 1000 < ends);
    lasts && client.redirect_uri.as_deref() == Some(redirect_uri)
}

fn no_way(issuer: &str, metadata: &Metadata) -> ToolError {
    let document =
        if metadata.takes_documents { "; or set `client_metadata_url` in cap.yaml, which it takes" } else { "" };
    let reason = format!(
        "it registers no clients by itself: register one there, and write its `client_id` into `auth: {{oauth2: …}}` of \
         the upstream's file{document}"
    );
    ToolError::Token { host: issuer.to_owned(), reason }
}

async fn register(
    executor: &Executor,
    client: &OAuthClient,
    url: &Url,
    metadata: &Metadata,
    said: &Introduction<'_>,
) -> Result<Registration, ToolError> {
    let mut document = json!({
        "client_name": "cap",
        "application_type": "native",
        "redirect_uris": [said.redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method(wanted(&metadata.methods)),
    });
    if let (Some(document), false) = (document.as_object_mut(), said.scopes.is_empty()) {
        document.insert("scope".to_owned(), Value::String(said.scopes.join(" ")));
    }
    let answer = post_json(executor, client, url, &document).await.map_err(refused)?;
    read(&answer, said.redirect_uri).ok_or_else(|| ToolError::Token {
        host: url.host_str().unwrap_or_default().to_owned(),
        reason: "its answer to the registration names no client that can be used".to_owned(),
    })
}

/// A program on a person's machine keeps no secret, where the server agrees.
fn wanted(methods: &[String]) -> ClientAuthentication {
    let knows = |wanted: ClientAuthentication| methods.iter().any(|it| it == method(wanted));
    let known = [ClientAuthentication::None, ClientAuthentication::Basic, ClientAuthentication::Post];
    known.into_iter().find(|wanted| knows(*wanted)).unwrap_or(ClientAuthentication::None)
}

fn read(answer: &Map<String, Value>, redirect_uri: &str) -> Option<Registration> {
    let text = |name: &str| answer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let secret = text("client_secret").map(SecretString::from);
    let shown = if secret.is_some() { ClientAuthentication::Basic } else { ClientAuthentication::None };
    let registration = Registration {
        id: text("client_id").filter(|id| id.len() <= LONGEST && !id.contains(char::is_control))?.to_owned(),
        authentication: text("token_endpoint_auth_method").map_or(Some(shown), authentication)?,
        secret,
        redirect_uri: Some(redirect_uri.to_owned()),
        // Zero is never.
        ends_at: answer.get("client_secret_expires_at").and_then(Value::as_u64).filter(|ends| *ends > 0),
    };
    Some(registration.known())
}

fn refused(error: EndpointError) -> ToolError {
    let refused = matches!(error, EndpointError::Refused { .. });
    let mut error = error.shown();
    if let (ToolError::Token { reason, .. }, true) = (&mut error, refused) {
        *reason = format!(
            "it refused to register a client ({reason}); register one there, and write its `client_id` into \
             `auth: {{oauth2: …}}` of the upstream's file"
        );
    }
    error
}
