//! OAuth 2.0 as it is written in `auth` and `schemes`: who asks which authorization server for a
//! token, and how. Which keys a grant needs is asked in [`crate::check`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::fields::{Fields, Node};
use super::read;
use super::template::Template;

/// A token that is obtained for the api, kept, and renewed before it expires.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OAuth2Definition {
    /// How tokens are obtained.
    pub grant: GrantDefinition,
    /// A ready access token, which is used as it is where its secret exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Template>,
    /// The token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<Template>,
    /// The authorization endpoint, for `authorization_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<Template>,
    /// The device authorization endpoint, for `device_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_authorization_url: Option<Template>,
    /// The authorization server; its metadata says the URLs that are not said here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Template>,
    /// Who asks.
    pub client_id: Template,
    /// The client's password; public clients have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Template>,
    /// The token to begin with, for `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<Template>,
    /// How the client shows who it is; `basic` where there is a `client_secret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_authentication: Option<ClientAuthenticationDefinition>,
    /// What the token is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub scopes: Vec<String>,
    /// Further parameters of the requests to the authorization server, such as `audience`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub parameters: BTreeMap<String, Template>,
    /// The resource that the token is for (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Template>,
}

/// The grants of OAuth 2.0 that a gateway can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantDefinition {
    /// The client for itself (RFC 6749, section 4.4).
    ClientCredentials,
    /// A person in a browser (RFC 6749, section 4.1, with RFC 7636).
    AuthorizationCode,
    /// A refresh token from elsewhere (RFC 6749, section 6).
    RefreshToken,
    /// A person on another device (RFC 8628).
    DeviceCode,
}

/// How a client shows who it is (RFC 6749, section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthenticationDefinition {
    /// `Authorization: Basic …`
    Basic,
    /// `client_id` and `client_secret` in the body.
    Post,
    /// `client_id` in the body alone.
    None,
}

impl OAuth2Definition {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let grant = fields.required("grant", GrantDefinition::read);
        let token = fields.optional("token", read::template);
        let token_url = fields.optional("token_url", read::template);
        let authorization_url = fields.optional("authorization_url", read::template);
        let device_authorization_url = fields.optional("device_authorization_url", read::template);
        let issuer = fields.optional("issuer", read::template);
        let client_id = fields.required("client_id", read::template);
        let client_secret = fields.optional("client_secret", read::template);
        let refresh_token = fields.optional("refresh_token", read::template);
        let client_authentication = fields.optional("client_authentication", ClientAuthenticationDefinition::read);
        let scopes = fields.optional("scopes", read::texts).unwrap_or_default();
        let parameters = fields.entries("parameters", read::template).into_iter().collect();
        let resource = fields.optional("resource", read::template);
        Some(Self {
            grant: grant?,
            token,
            token_url,
            authorization_url,
            device_authorization_url,
            issuer,
            client_id: client_id?,
            client_secret,
            refresh_token,
            client_authentication,
            scopes,
            parameters,
            resource,
        })
    }

    /// Every template with its key.
    pub fn templates(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        [
            ("token", self.token.as_ref()),
            ("token_url", self.token_url.as_ref()),
            ("authorization_url", self.authorization_url.as_ref()),
            ("device_authorization_url", self.device_authorization_url.as_ref()),
            ("issuer", self.issuer.as_ref()),
            ("client_id", Some(&self.client_id)),
            ("client_secret", self.client_secret.as_ref()),
            ("refresh_token", self.refresh_token.as_ref()),
            ("resource", self.resource.as_ref()),
        ]
        .into_iter()
        .filter_map(|(key, template)| Some((key, template?)))
    }
}

impl GrantDefinition {
    /// Every grant with the word for it.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("client_credentials", Self::ClientCredentials),
        ("authorization_code", Self::AuthorizationCode),
        ("refresh_token", Self::RefreshToken),
        ("device_code", Self::DeviceCode),
    ];

    fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&Self::NAMES)
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, grant)| *grant == self).map_or("", |(name, _)| name)
    }
}

impl ClientAuthenticationDefinition {
    fn read(node: Node<'_>) -> Option<Self> {
        node.choice(&[("basic", Self::Basic), ("post", Self::Post), ("none", Self::None)])
    }
}
