//! Credentials of a call: what is sent, and what is obtained or computed first.

use super::Text;

/// One credential of a set.
#[derive(Clone, Debug, PartialEq)]
pub enum Credential {
    /// `Authorization: Bearer …`
    Bearer(Text),
    /// `Authorization: Basic …`
    Basic {
        /// The user name.
        username: Text,
        /// The password.
        password: Text,
    },
    /// A header of its own.
    Header {
        /// Header name.
        name: String,
        /// Header value.
        value: Text,
    },
    /// A query parameter.
    Query {
        /// Parameter name.
        name: String,
        /// Parameter value.
        value: Text,
    },
    /// A cookie.
    Cookie {
        /// Cookie name.
        name: String,
        /// Cookie value.
        value: Text,
    },
    /// `Authorization: Bearer …` with a token of an authorization server.
    OAuth2(Box<OAuth2>),
    /// `Authorization: AWS4-HMAC-SHA256 …`
    AwsSigV4(Box<AwsSigV4>),
}

/// How a token is obtained. No argument reaches into it.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2 {
    /// The grant.
    pub grant: Grant,
    /// A ready access token, used as it is where its secrets exist.
    pub token: Option<Text>,
    /// The token endpoint, if the issuer's metadata does not say it.
    pub token_url: Option<Text>,
    /// The authorization endpoint.
    pub authorization_url: Option<Text>,
    /// The device authorization endpoint.
    pub device_authorization_url: Option<Text>,
    /// The authorization server.
    pub issuer: Option<Text>,
    /// The client.
    pub client_id: Text,
    /// The client's password.
    pub client_secret: Option<Text>,
    /// The refresh token to begin with.
    pub refresh_token: Option<Text>,
    /// How the client shows who it is; `None` is: by what it has.
    pub client_authentication: Option<ClientAuthentication>,
    /// What the token is for.
    pub scopes: Vec<String>,
    /// Further parameters of requests to the authorization server.
    pub parameters: Vec<(String, Text)>,
    /// The resource that the token is for (RFC 8707).
    pub resource: Option<Text>,
}

/// The grants of OAuth 2.0 that a gateway can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The client for itself.
    ClientCredentials,
    /// A person in a browser.
    AuthorizationCode,
    /// A refresh token from elsewhere.
    RefreshToken,
    /// A person on another device.
    DeviceCode,
}

/// How a client shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `Authorization: Basic …`
    Basic,
    /// In the body.
    Post,
    /// Only by its name.
    None,
}

/// An access key of AWS and what it signs for.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsSigV4 {
    /// Such as `eu-central-1`.
    pub region: Text,
    /// The signing name of the service.
    pub service: Text,
    /// The access key's identifier.
    pub access_key_id: Text,
    /// The access key's secret.
    pub secret_access_key: Text,
    /// The token of temporary credentials, sent where its secrets exist.
    pub session_token: Option<Text>,
}

impl Grant {
    /// The word for it in definitions, which is OAuth's own but for the device's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::DeviceCode => "device_code",
        }
    }

    /// Whether a person has to log in before calls can be made.
    #[must_use]
    pub const fn needs_login(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::DeviceCode)
    }
}

impl Credential {
    /// The texts that it is made of.
    #[must_use]
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Bearer(text) => vec![text],
            Self::Basic { username, password } => vec![username, password],
            Self::Header { value, .. } | Self::Query { value, .. } | Self::Cookie { value, .. } => vec![value],
            Self::OAuth2(oauth2) => oauth2.texts().collect(),
            Self::AwsSigV4(key) => [&key.region, &key.service, &key.access_key_id, &key.secret_access_key]
                .into_iter()
                .chain(&key.session_token)
                .collect(),
        }
    }
}

impl OAuth2 {
    fn texts(&self) -> impl Iterator<Item = &Text> {
        let urls = [&self.token_url, &self.authorization_url, &self.device_authorization_url, &self.issuer];
        let texts = self.token.iter().chain([&self.client_id]);
        let texts = texts.chain(urls.into_iter().flatten()).chain(&self.client_secret).chain(&self.refresh_token);
        texts.chain(self.parameters.iter().map(|(_, text)| text)).chain(&self.resource)
    }
}
