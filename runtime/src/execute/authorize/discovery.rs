//! The metadata of an authorization server (RFC 8414, OpenID Connect Discovery): the endpoints that
//! the definition leaves out. Read when they are first needed, and kept for an hour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cap_compiler::capability::Network;
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::client::{OAuthClient, endpoint, found_endpoint};
use super::endpoint::fetch;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;

const KEPT: Duration = Duration::from_secs(3600);

/// What servers said of themselves, by issuer.
#[derive(Default)]
pub(super) struct Issuers {
    known: Mutex<Known>,
}

/// A name that one definition may reach is not therefore one for all: it is known for each kind of network.
type Known = BTreeMap<(bool, String), (Instant, Arc<Metadata>)>;

/// What a server says of itself, as far as it is used.
#[derive(Clone, Default)]
pub(super) struct Metadata {
    pub(super) token: Option<Url>,
    pub(super) authorization: Option<Url>,
    pub(super) device_authorization: Option<Url>,
    pub(super) revocation: Option<Url>,
    /// Whether callbacks have `iss` (RFC 9207).
    pub(super) names_itself: bool,
    /// Where clients are registered (RFC 7591); not checked yet.
    pub(super) registration: Option<String>,
    /// Whether a client may be a document at its identifier.
    pub(super) takes_documents: bool,
    /// Whether it knows PKCE's `S256`.
    pub(super) knows_s256: bool,
    /// How clients may show who they are.
    pub(super) methods: Vec<String>,
    /// Whether it says that it gives refresh tokens for the scope `offline_access`.
    pub(super) knows_offline: bool,
}

/// Which endpoint is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Token,
    Authorization,
    DeviceAuthorization,
}

/// An endpoint: the definition's, or else the one that the issuer publishes.
///
/// # Errors
/// `Token` when nothing says it.
pub(super) async fn find(executor: &Executor, client: &OAuthClient, wanted: Wanted) -> Result<Url, ToolError> {
    let (said, name) = match wanted {
        Wanted::Token => (&client.token_url, "token_endpoint"),
        Wanted::Authorization => (&client.authorization_url, "authorization_endpoint"),
        Wanted::DeviceAuthorization => (&client.device_authorization_url, "device_authorization_endpoint"),
    };
    if let Some(url) = said {
        return Ok(url.clone());
    }
    let metadata = metadata(executor, client).await?;
    let found = match wanted {
        Wanted::Token => metadata.token.clone(),
        Wanted::Authorization => metadata.authorization.clone(),
        Wanted::DeviceAuthorization => metadata.device_authorization.clone(),
    };
    found.ok_or_else(|| ToolError::Token {
        host: client.issuer.clone().unwrap_or_else(|| "the authorization server".to_owned()),
        reason: format!("its metadata has no `{name}`, and the definition does not say it"),
    })
}

/// The metadata of the client's issuer; empty if it has none.
///
/// # Errors
/// `Token` when it cannot be read, or is another issuer's.
pub(super) async fn metadata(executor: &Executor, client: &OAuthClient) -> Result<Arc<Metadata>, ToolError> {
    let Some(issuer) = &client.issuer else { return Ok(Arc::default()) };
    let key = (client.network == Network::Private, issuer.clone());
    let known = executor.tokens().issuers.lock().get(&key).cloned();
    if let Some((read, metadata)) = known.filter(|(read, _)| read.elapsed() < KEPT) {
        let _ = read;
        return Ok(metadata);
    }
    let metadata = Arc::new(read(executor, client, issuer).await?);
    executor.tokens().issuers.lock().insert(key, (Instant::now(), Arc::clone(&metadata)));
    Ok(metadata)
}

impl Issuers {
    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(executor: &Executor, client: &OAuthClient, issuer: &str) -> Result<Metadata, ToolError> {
    let fault = |reason: String| ToolError::Token { host: issuer.to_owned(), reason };
    for url in places(&endpoint(issuer, client.network)?) {
        let Some(document) = fetch(executor, client, url).await? else { continue };
        let says = document.get("issuer").and_then(Value::as_str).unwrap_or_default();
        // RFC 8414, section 3.3: anything else is somebody who speaks for another.
        if says != issuer {
            return Err(fault("its metadata is of another issuer".to_owned()));
        }
        let url = |name: &str| {
            let text = document.get(name).and_then(Value::as_str);
            text.map(|text| found_endpoint(text, client.network)).transpose()
        };
        let lists = |name: &str, wanted: &str| texts(&document, name).any(|text| text == wanted);
        return Ok(Metadata {
            registration: document.get("registration_endpoint").and_then(Value::as_str).map(str::to_owned),
            takes_documents: is_true(&document, "client_id_metadata_document_supported"),
            knows_s256: lists("code_challenge_methods_supported", "S256"),
            methods: texts(&document, "token_endpoint_auth_methods_supported").map(str::to_owned).collect(),
            knows_offline: lists("scopes_supported", "offline_access"),
            token: url("token_endpoint")?,
            authorization: url("authorization_endpoint")?,
            device_authorization: url("device_authorization_endpoint")?,
            revocation: url("revocation_endpoint")?,
            names_itself: is_true(&document, "authorization_response_iss_parameter_supported"),
        });
    }
    Err(fault("it publishes no metadata".to_owned()))
}

fn is_true(document: &Map<String, Value>, name: &str) -> bool {
    document.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn texts<'a>(document: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    let items = document.get(name).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

/// RFC 8414 puts the well-known part before the issuer's path, OpenID Connect behind it; some put its part
/// before it as well.
fn places(issuer: &Url) -> Vec<Url> {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    let mut places = vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("/.well-known/openid-configuration{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ];
    places.dedup();
    places
}
