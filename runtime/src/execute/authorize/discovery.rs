//! The metadata of an authorization server (RFC 8414, OpenID Connect Discovery): the endpoints that
//! the definition leaves out. Read when they are first needed, and kept for an hour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::client::{OAuthClient, endpoint};
use super::endpoint::fetch;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;

const KEPT: Duration = Duration::from_secs(3600);

/// What servers said of themselves, by issuer.
#[derive(Default)]
pub(super) struct Issuers {
    known: Mutex<BTreeMap<String, (Instant, Arc<Metadata>)>>,
}

/// What a server says of itself, as far as it is used.
#[derive(Clone, Default)]
pub(super) struct Metadata {
    pub(super) token: Option<Url>,
    pub(super) authorization: Option<Url>,
    pub(super) device_authorization: Option<Url>,
    pub(super) revocation: Option<Url>,
    /// Whether callbacks have `iss` (RFC 9207).
    pub(super) names_itself: bool,
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
    let known = executor.tokens().issuers.lock().get(issuer).cloned();
    if let Some((read, metadata)) = known.filter(|(read, _)| read.elapsed() < KEPT) {
        let _ = read;
        return Ok(metadata);
    }
    let metadata = Arc::new(read(executor, client, issuer).await?);
    executor.tokens().issuers.lock().insert(issuer.clone(), (Instant::now(), Arc::clone(&metadata)));
    Ok(metadata)
}

impl Issuers {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Instant, Arc<Metadata>)>> {
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
            text.map(|text| endpoint(text, client.network)).transpose()
        };
        return Ok(Metadata {
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

/// RFC 8414 puts the well-known part before the issuer's path, OpenID Connect behind it.
fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    [
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ]
}
