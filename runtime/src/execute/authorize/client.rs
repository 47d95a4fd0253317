//! The settings of OAuth 2.0 with their secrets looked up: a client of an authorization server.

use cap_compiler::capability::{ClientAuthentication, Grant, Network};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::{Origin, Url};

use super::choose::has;
use crate::execute::connection::{self, Connection};
use crate::execute::error::ToolError;
use crate::execute::mask::Mask;
use crate::execute::plan::{PlannedOAuth2, PlannedTransport, Sealed};
use crate::execute::send::{check_found, check_url};
use crate::execute::wire::Opener;

/// Who asks which server for tokens. Holds secrets and has no `Debug`.
#[derive(Clone)]
pub(in crate::execute) struct OAuthClient {
    pub(super) tool: String,
    pub(super) api: String,
    pub(super) network: Network,
    /// The way to its servers.
    pub(super) connection: Option<Box<Connection>>,
    /// The server whose definition it is, and the way there, where that is another.
    pub(super) home: Option<(Origin, Box<Connection>)>,
    pub(super) grant: Grant,
    pub(super) token_url: Option<Url>,
    pub(super) authorization_url: Option<Url>,
    pub(super) device_authorization_url: Option<Url>,
    pub(super) issuer: Option<String>,
    pub(super) id: String,
    pub(super) secret: Option<SecretString>,
    /// The refresh token that a person gave.
    pub(super) seed: Option<SecretString>,
    pub(super) authentication: ClientAuthentication,
    pub(super) scopes: Vec<String>,
    /// `resource` among them.
    pub(super) parameters: Vec<(String, String)>,
    /// The name of its token in the store.
    pub(super) name: String,
    /// The name of its record there, where a server described the login.
    pub(super) record: Option<String>,
}

/// Who a client works for.
#[derive(Clone, Copy)]
pub(in crate::execute) struct Owner<'a> {
    pub(in crate::execute) tool: &'a str,
    pub(in crate::execute) api: &'a str,
    pub(in crate::execute) network: Network,
    pub(in crate::execute) transport: Option<&'a PlannedTransport>,
}

/// A token that a person obtained, if its secret exists.
///
/// # Errors
/// `Definition` when its expression fails.
pub(in crate::execute) fn ready_token(
    oauth2: &PlannedOAuth2,
    opener: &mut Opener<'_>,
) -> Result<Option<String>, ToolError> {
    let ready = oauth2.token.as_ref().filter(|token| has(token, opener.secrets));
    ready.map(|token| opener.open(token)).transpose()
}

impl OAuthClient {
    /// Looks the settings' secrets up.
    ///
    /// # Errors
    /// `MissingSecret`, or `Refused` when an endpoint must not be used.
    pub(in crate::execute) fn open(
        oauth2: &PlannedOAuth2,
        owner: Owner<'_>,
        opener: &mut Opener<'_>,
    ) -> Result<Self, ToolError> {
        let mut url = |sealed: &Option<Sealed>| {
            let text = sealed.as_ref().map(|sealed| opener.open(sealed)).transpose()?;
            text.map(|text| endpoint(&text, owner.network)).transpose()
        };
        let token_url = url(&oauth2.token_url)?;
        let authorization_url = url(&oauth2.authorization_url)?;
        let device_authorization_url = url(&oauth2.device_authorization_url)?;
        let issuer = oauth2.issuer.as_ref().map(|issuer| opener.open(issuer)).transpose()?;
        if let Some(issuer) = &issuer {
            endpoint(issuer, owner.network)?;
        }
        let connection = connection::open_way_out(owner.transport, opener)?;
        let id = opener.open(&oauth2.client_id)?;
        let secret = oauth2.client_secret.as_ref().filter(|secret| has(secret, opener.secrets));
        let secret = secret.map(|secret| opener.open(secret)).transpose()?.map(SecretString::from);
        let seed = oauth2.refresh_token.as_ref().map(|seed| opener.open(seed)).transpose()?.map(SecretString::from);
        let mut parameters = Vec::with_capacity(oauth2.parameters.len() + 1);
        for (name, value) in &oauth2.parameters {
            parameters.push((name.clone(), opener.open(value)?));
        }
        if let Some(resource) = &oauth2.resource {
            parameters.push(("resource".to_owned(), opener.open(resource)?));
        }
        let shown = if secret.is_some() { ClientAuthentication::Basic } else { ClientAuthentication::None };
        let authentication = match oauth2.client_authentication {
            Some(said) if secret.is_some() => said,
            Some(_) | None => shown,
        };
        let place =
            [&token_url, &authorization_url, &device_authorization_url].map(|url| url.as_ref().map(Url::as_str));
        let name = store_name(oauth2, owner.api, &id, place, issuer.as_deref());
        Ok(Self {
            tool: owner.tool.to_owned(),
            api: owner.api.to_owned(),
            network: owner.network,
            connection,
            home: None,
            grant: oauth2.grant,
            token_url,
            authorization_url,
            device_authorization_url,
            issuer,
            id,
            secret,
            seed,
            authentication,
            scopes: oauth2.scopes.clone(),
            parameters,
            name,
            record: None,
        })
    }

    /// The way to one of its servers.
    pub(super) fn connection_to(&self, url: &Url) -> Option<Box<Connection>> {
        match &self.home {
            Some((origin, connection)) if *origin == url.origin() => Some(connection.clone()),
            Some(_) | None => self.connection.clone(),
        }
    }

    /// What must not leave in an error.
    pub(super) fn mask(&self) -> Mask {
        let mut mask = Mask::default();
        for (name, secret) in [("client_secret", &self.secret), ("refresh_token", &self.seed)] {
            if let Some(secret) = secret {
                mask.add(name, secret.expose_secret());
            }
        }
        mask
    }

    /// What stands in place of its token where that would leave.
    pub(in crate::execute) fn token_name(&self) -> &'static str {
        "oauth2_token"
    }

    /// That a person has to log in, and why.
    pub(super) fn login_needed(&self, reason: impl Into<String>) -> ToolError {
        ToolError::Login { api: self.api.clone(), reason: reason.into() }
    }
}

/// An endpoint that may be used: `https`, or anything that `network: private` allows.
///
/// # Errors
/// `Refused` with the reason.
pub(super) fn endpoint(text: &str, network: Network) -> Result<Url, ToolError> {
    let refuse = |host: &str, reason: String| ToolError::Refused { host: host.to_owned(), reason };
    let url =
        Url::parse(text).map_err(|error| refuse("the authorization server", format!("its URL is none: {error}")))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    check_url(&url, network).map_err(|reason| refuse(&host, reason))?;
    if url.scheme() != "https" && network == Network::Public {
        return Err(refuse(&host, "tokens and client secrets are sent over https only".to_owned()));
    }
    Ok(url)
}

/// An endpoint that a server names, and nobody wrote down.
///
/// # Errors
/// `Refused` with the reason.
pub(super) fn found_endpoint(text: &str, network: Network) -> Result<Url, ToolError> {
    let url = endpoint(text, network)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    check_found(&url, network).map_err(|reason| ToolError::Refused { host, reason })?;
    Ok(url)
}

/// The same settings have the same name; secrets are in it by their names only, but for the client's
/// identifier: another client has other tokens.
fn store_name(oauth2: &PlannedOAuth2, api: &str, id: &str, urls: [Option<&str>; 3], issuer: Option<&str>) -> String {
    let mut scopes = oauth2.scopes.clone();
    scopes.sort();
    let parameters: Vec<String> = oauth2.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let settings = serde_json::json!({
        "grant": oauth2.grant.name(),
        "client": id,
        "urls": urls,
        "issuer": issuer,
        "scopes": scopes,
        "parameters": parameters,
        "resource": oauth2.resource.as_ref().map(ToString::to_string),
    });
    format!("oauth2/{api}/{}", short_digest(&settings.to_string()))
}

/// The first half of a SHA-256 digest.
pub(super) fn short_digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use cap_compiler::capability::Network;

    use super::found_endpoint;

    #[test]
    fn what_a_public_server_names_is_neither_private_nor_in_the_clear() {
        for url in [
            "http://login.example/token",
            "https://127.0.0.1/token",
            "https://[::1]/token",
            "https://10.0.0.1/token",
            "https://192.168.1.1:8443/token",
            "https://169.254.169.254/latest/meta-data",
            "https://[fd00::1]/token",
            "https://0x7f000001/token",
            "https://user@login.example/token",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "not a URL",
        ] {
            assert!(found_endpoint(url, Network::Public).is_err(), "{url}");
        }
        assert!(found_endpoint("https://login.example/token", Network::Public).is_ok());
        assert!(found_endpoint("http://127.0.0.1/token", Network::Private).is_ok());
        assert!(found_endpoint("http://169.254.169.254/latest", Network::Private).is_err());
    }
}
