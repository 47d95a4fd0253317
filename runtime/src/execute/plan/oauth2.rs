//! Credentials that are obtained or computed when a request is sent, as a plan has them: with secrets
//! by name.

use cap_compiler::capability::{AwsSigV4, ClientAuthentication, Grant, OAuth2, Text};

use super::bind::{Scope, sealed};
use super::sealed::Sealed;
use crate::execute::error::ToolError;

/// How a token is obtained.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedOAuth2 {
    /// The grant.
    pub grant: Grant,
    /// A ready access token, used where its secrets exist.
    pub token: Option<Sealed>,
    /// The token endpoint.
    pub token_url: Option<Sealed>,
    /// The authorization endpoint.
    pub authorization_url: Option<Sealed>,
    /// The device authorization endpoint.
    pub device_authorization_url: Option<Sealed>,
    /// The authorization server.
    pub issuer: Option<Sealed>,
    /// The client.
    pub client_id: Sealed,
    /// The client's password.
    pub client_secret: Option<Sealed>,
    /// The refresh token to begin with.
    pub refresh_token: Option<Sealed>,
    /// How the client shows who it is, if the definition says.
    pub client_authentication: Option<ClientAuthentication>,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// Further parameters.
    pub parameters: Vec<(String, Sealed)>,
    /// The resource that the token is for.
    pub resource: Option<Sealed>,
}

/// An access key of AWS and what it signs for.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedSigV4 {
    /// The region.
    pub region: Sealed,
    /// The service's signing name.
    pub service: Sealed,
    /// The access key's identifier.
    pub access_key_id: Sealed,
    /// The access key's secret.
    pub secret_access_key: Sealed,
    /// The token of temporary credentials.
    pub session_token: Option<Sealed>,
}

impl PlannedOAuth2 {
    /// The texts that it is made of.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &Sealed> {
        let urls = [&self.token_url, &self.authorization_url, &self.device_authorization_url, &self.issuer];
        let secrets = self.token.iter().chain(&self.client_secret).chain(&self.refresh_token);
        let texts = secrets.chain([&self.client_id]).chain(urls.into_iter().flatten());
        texts.chain(self.parameters.iter().map(|(_, value)| value)).chain(&self.resource)
    }
}

impl PlannedSigV4 {
    /// What it cannot do without.
    pub(crate) fn required(&self) -> [&Sealed; 4] {
        [&self.region, &self.service, &self.access_key_id, &self.secret_access_key]
    }
}

/// Seals a text that reads no arguments.
fn seal(text: &Text, scope: &Scope<'_>) -> Result<Sealed, ToolError> {
    sealed(text, scope)?.ok_or_else(|| scope.definition("a credential reads an argument that was not given"))
}

fn optional(text: Option<&Text>, scope: &Scope<'_>) -> Result<Option<Sealed>, ToolError> {
    text.map(|text| seal(text, scope)).transpose()
}

/// Plans how a token is obtained.
pub(crate) fn oauth2(oauth2: &OAuth2, scope: &Scope<'_>) -> Result<PlannedOAuth2, ToolError> {
    let parameters = oauth2.parameters.iter().map(|(name, value)| Ok((name.clone(), seal(value, scope)?)));
    Ok(PlannedOAuth2 {
        grant: oauth2.grant,
        token: optional(oauth2.token.as_ref(), scope)?,
        token_url: optional(oauth2.token_url.as_ref(), scope)?,
        authorization_url: optional(oauth2.authorization_url.as_ref(), scope)?,
        device_authorization_url: optional(oauth2.device_authorization_url.as_ref(), scope)?,
        issuer: optional(oauth2.issuer.as_ref(), scope)?,
        client_id: seal(&oauth2.client_id, scope)?,
        client_secret: optional(oauth2.client_secret.as_ref(), scope)?,
        refresh_token: optional(oauth2.refresh_token.as_ref(), scope)?,
        client_authentication: oauth2.client_authentication,
        scopes: oauth2.scopes.clone(),
        parameters: parameters.collect::<Result<_, ToolError>>()?,
        resource: optional(oauth2.resource.as_ref(), scope)?,
    })
}

/// Plans a signature.
pub(crate) fn aws_sigv4(key: &AwsSigV4, scope: &Scope<'_>) -> Result<PlannedSigV4, ToolError> {
    Ok(PlannedSigV4 {
        region: seal(&key.region, scope)?,
        service: seal(&key.service, scope)?,
        access_key_id: seal(&key.access_key_id, scope)?,
        secret_access_key: seal(&key.secret_access_key, scope)?,
        session_token: optional(key.session_token.as_ref(), scope)?,
    })
}
