//! What a login found out that a server described itself: the authorization server and the client that
//! tokens are renewed as. It is kept beside the tokens, and is good for one upstream at one URL.

use cap_compiler::capability::ClientAuthentication;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::client::short_digest;
use crate::secret::net;

/// A login's findings. Has no `Debug`.
#[derive(Clone)]
pub(in crate::execute) struct Record {
    /// What tokens are asked for under.
    pub(super) resource: String,
    pub(super) issuer: String,
    pub(super) token_url: String,
    pub(super) client: Registration,
    pub(super) scopes: Vec<String>,
}

/// A client of an authorization server.
#[derive(Clone)]
pub(super) struct Registration {
    pub(super) id: String,
    pub(super) secret: Option<SecretString>,
    pub(super) authentication: ClientAuthentication,
    /// The callback that it was registered with, if it was.
    pub(super) redirect_uri: Option<String>,
    /// When its secret ends, in seconds since 1970.
    pub(super) ends_at: Option<u64>,
}

/// As it is kept. Other versions read it, so names are not changed.
#[derive(Serialize, Deserialize)]
struct Stored {
    resource: String,
    issuer: String,
    token_endpoint: String,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<u64>,
    token_endpoint_auth_method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

/// What the login of an upstream is kept as. At another URL it is another login.
pub(in crate::execute) fn record_name(upstream: &str, url: &str) -> String {
    format!("mcp/{upstream}/{}", short_digest(url))
}

impl Record {
    /// What its token is kept as.
    pub(super) fn token_name(&self, upstream: &str) -> String {
        let client = serde_json::json!([self.issuer, self.client.id, self.resource]);
        format!("oauth2/{upstream}/{}", short_digest(&client.to_string()))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        (&self.issuer, &self.client.id, &self.resource) == (&other.issuer, &other.client.id, &other.resource)
    }

    pub(super) fn to_stored(&self) -> SecretString {
        let client = &self.client;
        let stored = Stored {
            resource: self.resource.clone(),
            issuer: self.issuer.clone(),
            token_endpoint: self.token_url.clone(),
            client_id: client.id.clone(),
            client_secret: client.secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            client_secret_expires_at: client.ends_at,
            token_endpoint_auth_method: method(client.authentication).to_owned(),
            redirect_uri: client.redirect_uri.clone(),
            scopes: self.scopes.clone(),
        };
        SecretString::from(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// `None` for what is no record: somebody logs in again then.
    pub(super) fn from_stored(text: &SecretString) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text.expose_secret()).ok()?;
        let client = Registration {
            id: stored.client_id,
            secret: stored.client_secret.map(SecretString::from),
            authentication: authentication(&stored.token_endpoint_auth_method)?,
            redirect_uri: stored.redirect_uri,
            ends_at: stored.client_secret_expires_at,
        };
        Some(Self {
            resource: stored.resource,
            issuer: stored.issuer,
            token_url: stored.token_endpoint,
            client: client.known(),
            scopes: stored.scopes,
        })
    }
}

impl Registration {
    /// Lets the last net know its secret.
    pub(super) fn known(self) -> Self {
        if let Some(secret) = &self.secret {
            net::learn("client_secret", secret.expose_secret());
        }
        self
    }
}

/// RFC 7591's words for how a client shows who it is.
pub(super) fn method(authentication: ClientAuthentication) -> &'static str {
    match authentication {
        ClientAuthentication::Basic => "client_secret_basic",
        ClientAuthentication::Post => "client_secret_post",
        ClientAuthentication::None => "none",
    }
}

/// The same, read.
pub(super) fn authentication(method: &str) -> Option<ClientAuthentication> {
    match method {
        "client_secret_basic" => Some(ClientAuthentication::Basic),
        "client_secret_post" => Some(ClientAuthentication::Post),
        "none" => Some(ClientAuthentication::None),
        _ => None,
    }
}
