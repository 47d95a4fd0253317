//! Logging in with a browser (RFC 6749, section 4.1, with PKCE, RFC 7636, and `iss`, RFC 9207), the
//! state of logins, and logging out (RFC 7009). Who opens the browser and hears the callback is the
//! command's business.

use std::collections::BTreeMap;
use std::sync::Arc;

use cap_compiler::capability::{Grant, Network};
use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded};

use super::chance::{challenge, unguessable};
use super::choose::has;
use super::client::{OAuthClient, Owner};
use super::discover::discover;
use super::discovery::{Wanted, find, metadata};
use super::door::{Look, client_of};
use super::endpoint::{exchange, post};
use super::obtain::{forget, keep, keep_record, load};
use super::record::{Record, record_name};
use super::token::TokenStatus;
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;
use crate::execute::plan::{PlannedOAuth2, PlannedTransport, Sealed, oauth2_credentials, transport_of};
use crate::execute::prepared::Prepared;
use crate::execute::stream::Door;
use crate::execute::wire::Opener;

/// The OAuth 2.0 credential of an api or an upstream: what can be logged in to.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// The api, or the upstream.
    pub api: String,
    how: How,
    /// One of the tools that need it.
    tool: String,
    network: Network,
    transport: Option<Box<PlannedTransport>>,
}

/// Who says how tokens are obtained.
#[derive(Clone, Debug, PartialEq)]
enum How {
    /// The definition.
    Declared(Box<PlannedOAuth2>),
    /// The server.
    Described(Box<Door>),
}

/// What a person asks for who logs in with a browser.
#[derive(Clone, Debug, Default)]
pub struct LoginRequest {
    /// Where the browser comes back to.
    pub redirect_uri: String,
    /// Scopes beside those that the definition or the server names.
    pub scopes: Vec<String>,
    /// Where a document is published that says who this program is.
    pub client_metadata_url: Option<Url>,
}

/// A login that waits for the browser. Holds what the callback is compared with.
pub struct CodeLogin {
    /// Where a person logs in.
    pub url: Url,
    client: Arc<OAuthClient>,
    redirect_uri: String,
    state: SecretString,
    verifier: SecretString,
    names_itself: bool,
    /// What is kept beside the token, and its name.
    record: Option<(String, Record)>,
}

/// What logging out did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The server was told and agreed.
    Revoked,
    /// The server publishes no way to tell it.
    NoEndpoint,
    /// The server could not be told.
    Failed,
    /// There was nothing to remove.
    Nothing,
}

/// The logins of some tools, one for each api and settings.
pub fn logins<'a>(tools: impl IntoIterator<Item = &'a Prepared>) -> Vec<Login> {
    let mut found: BTreeMap<(String, String), Login> = BTreeMap::new();
    for tool in tools {
        let capability = tool.capability();
        let Some(call) = capability.call.http() else { continue };
        for oauth2 in oauth2_credentials(tool) {
            let api = capability.server.to_string();
            found.entry((api.clone(), format!("{oauth2:?}"))).or_insert_with(|| Login {
                api,
                how: How::Declared(Box::new(oauth2)),
                tool: capability.tool.to_string(),
                network: call.network,
                transport: transport_of(tool),
            });
        }
    }
    found.into_values().collect()
}

/// The login of an upstream: as its file says, or else as the server itself will. `None` for one whose file
/// says other credentials.
#[must_use]
pub fn door_logins(door: &Prepared) -> Vec<Login> {
    let declared = logins([door]);
    if !declared.is_empty() {
        return declared;
    }
    let described = Door::of(door).ok().filter(|door| door.login_url().is_some());
    let login = described.map(|it| Login {
        api: it.owner().to_owned(),
        tool: it.plan().tool.clone(),
        network: it.plan().network,
        transport: it.plan().transport.clone(),
        how: How::Described(Box::new(it)),
    });
    login.into_iter().collect()
}

impl Login {
    /// The grant.
    #[must_use]
    pub fn grant(&self) -> Grant {
        match &self.how {
            How::Declared(oauth2) => oauth2.grant,
            How::Described(_) => Grant::AuthorizationCode,
        }
    }

    /// Whether the server says how to log in, if it wants a login at all.
    #[must_use]
    pub fn is_described(&self) -> bool {
        matches!(self.how, How::Described(_))
    }
}

impl From<&str> for LoginRequest {
    fn from(redirect_uri: &str) -> Self {
        Self { redirect_uri: redirect_uri.to_owned(), ..Self::default() }
    }
}

impl Executor {
    /// The client of a login; `None` if the server described it and nobody has logged in.
    async fn known_client(&self, login: &Login) -> Result<Option<Arc<OAuthClient>>, ToolError> {
        let How::Described(door) = &login.how else { return self.client(login).await.map(Some) };
        let Some(record) = self.record(door, Look::Stored).await? else { return Ok(None) };
        self.secrets().fetch(door.plan().secrets()).await;
        let mut opener = Opener::new(self.secrets(), &login.tool);
        client_of(&record, door, &mut opener).map(|client| Some(Arc::new(client)))
    }

    /// Looks the login's secrets up.
    pub(super) async fn client(&self, login: &Login) -> Result<Arc<OAuthClient>, ToolError> {
        let How::Declared(oauth2) = &login.how else {
            let reason = "is made in a browser: its server describes no other way".to_owned();
            return Err(ToolError::Login { api: login.api.clone(), reason });
        };
        let way = login.transport.iter().flat_map(|transport| transport.secrets());
        self.secrets().fetch(oauth2.texts().flat_map(Sealed::secrets).chain(way)).await;
        let mut opener = Opener::new(self.secrets(), &login.tool);
        let transport = login.transport.as_deref();
        let owner = Owner { tool: &login.tool, api: &login.api, network: login.network, transport };
        OAuthClient::open(oauth2, owner, &mut opener).map(Arc::new)
    }

    /// Whether the api's ready token is set, which goes before every login.
    #[must_use]
    pub fn has_ready_token(&self, login: &Login) -> bool {
        let How::Declared(oauth2) = &login.how else { return false };
        oauth2.token.as_ref().is_some_and(|token| has(token, self.secrets()))
    }

    /// The callback that the login of before was registered with: another would be another client.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn registered_callback(&self, login: &Login) -> Result<Option<Url>, ToolError> {
        let How::Described(door) = &login.how else { return Ok(None) };
        let record = self.record(door, Look::Stored).await?;
        Ok(record.and_then(|record| Url::parse(record.client.redirect_uri.as_deref()?).ok()))
    }

    /// Begins a login in a browser, which will come back.
    ///
    /// # Errors
    /// When a secret or an endpoint is missing.
    pub async fn begin_code_login(&self, login: &Login, request: &LoginRequest) -> Result<CodeLogin, ToolError> {
        let (client, record) = match &login.how {
            How::Declared(_) => {
                let mut client = self.client(login).await?.as_ref().clone();
                let known = client.scopes.clone();
                client.scopes.extend(request.scopes.iter().filter(|scope| !known.contains(scope)).cloned());
                (client, None)
            }
            How::Described(door) => {
                let (client, record) = self.described(door, request).await?;
                (client, Some((record_name(door.owner(), door.login_url().unwrap_or_default()), record)))
            }
        };
        let mut url = find(self, &client, Wanted::Authorization).await?;
        // Known before anybody logs in, so that nobody logs in for nothing.
        find(self, &client, Wanted::Token).await?;
        let chance =
            || unguessable().ok_or_else(|| client.login_needed("is not possible: the system has no randomness"));
        let (state, verifier) = (chance()?, chance()?);
        let scope = client.scopes.join(" ");
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code").append_pair("client_id", &client.id);
        query.append_pair("redirect_uri", &request.redirect_uri).append_pair("state", state.expose_secret());
        query.append_pair("code_challenge", &challenge(verifier.expose_secret()));
        query.append_pair("code_challenge_method", "S256");
        if !scope.is_empty() {
            query.append_pair("scope", &scope);
        }
        query.extend_pairs(client.parameters.iter());
        drop(query);
        let names_itself = metadata(self, &client).await?.names_itself;
        let redirect_uri = request.redirect_uri.clone();
        Ok(CodeLogin { url, client: Arc::new(client), redirect_uri, state, verifier, names_itself, record })
    }

    async fn described(&self, door: &Door, request: &LoginRequest) -> Result<(OAuthClient, Record), ToolError> {
        self.secrets().fetch(door.plan().secrets()).await;
        let mut opener = Opener::new(self.secrets(), &door.plan().tool);
        let discovered = discover(self, door, request, &mut opener).await;
        discovered.map_err(|error| opener.mask.error(error))
    }

    /// Ends a login with the query of the callback.
    ///
    /// # Errors
    /// `Login` when the callback is not this login's or says no, `Token` when the code gets no token.
    pub async fn finish_code_login(&self, login: CodeLogin, query: &str) -> Result<TokenStatus, ToolError> {
        let code = login.code(query)?;
        let client = &login.client;
        let url = find(self, client, Wanted::Token).await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", login.redirect_uri.as_str()),
            ("code_verifier", login.verifier.expose_secret()),
        ];
        let resource = client.parameters.iter().find(|(name, _)| name == "resource");
        fields.extend(resource.map(|(name, value)| (name.as_str(), value.as_str())));
        let token = exchange(self, client, &url, &fields).await.map_err(super::endpoint::EndpointError::shown)?;
        let token = keep(self, client, token, None).await?;
        if let Some((name, record)) = login.record {
            keep_record(self, &name, record).await?;
        }
        self.tokens().entry(&client.name).forget();
        Ok(token.status())
    }

    /// What is stored for a login.
    ///
    /// # Errors
    /// When a secret is missing or the store cannot be read.
    pub async fn login_status(&self, login: &Login) -> Result<Option<TokenStatus>, ToolError> {
        let Some(client) = self.known_client(login).await? else { return Ok(None) };
        Ok(load(self, &client).await?.map(|token| token.status()))
    }

    /// Tells the server that the tokens are not needed any more, and removes them.
    ///
    /// # Errors
    /// When a secret is missing or the store cannot be written.
    pub async fn logout(&self, login: &Login) -> Result<Revoked, ToolError> {
        let Some(client) = self.known_client(login).await? else { return Ok(Revoked::Nothing) };
        if let How::Described(door) = &login.how {
            self.forget_record(door).await?;
        }
        let Some(token) = load(self, &client).await? else { return Ok(Revoked::Nothing) };
        let endpoint = metadata(self, &client).await.map(|metadata| metadata.revocation.clone());
        let revoked = match endpoint {
            Err(_) => Revoked::Failed,
            Ok(None) => Revoked::NoEndpoint,
            Ok(Some(url)) => {
                // The refresh token first: with it the server ends the access token as well.
                let (kind, value) = match &token.refresh {
                    Some(refresh) => ("refresh_token", refresh),
                    None => ("access_token", &token.access),
                };
                let fields = [("token", value.expose_secret()), ("token_type_hint", kind)];
                self.revoke(&client, &url, &fields).await
            }
        };
        forget(self, &client).await?;
        self.tokens().entry(&client.name).forget();
        Ok(revoked)
    }

    async fn revoke(&self, client: &OAuthClient, url: &Url, fields: &[(&str, &str)]) -> Revoked {
        match post(self, client, url, fields).await {
            Ok(_) => Revoked::Revoked,
            // RFC 7009 answers 200 without a body.
            Err(error) if error.is_silent_success() => Revoked::Revoked,
            Err(_) => Revoked::Failed,
        }
    }
}

impl CodeLogin {
    /// The code of a callback that is this login's.
    fn code(&self, query: &str) -> Result<SecretCode, ToolError> {
        let refuse = |reason: &str| Err(self.client.login_needed(format!("was not finished: {reason}")));
        let pairs: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let said = |name: &str| pairs.get(name).map(String::as_str);
        // First of all, because anybody can make a browser call back.
        if said("state") != Some(self.state.expose_secret()) {
            return refuse("the callback's `state` is not the one that was sent, so it answers another login");
        }
        match (said("iss"), &self.client.issuer) {
            (Some(iss), Some(issuer)) if iss != issuer => {
                return refuse("the callback's `iss` is not the authorization server's `issuer`");
            }
            (None, Some(_)) if self.names_itself => {
                return refuse("the callback has no `iss`, which this authorization server always sends");
            }
            _ => {}
        }
        if let Some(error) = said("error") {
            let shown = format!("{error} {}", said("error_description").unwrap_or_default());
            let shown: String = shown.chars().filter(|c| !c.is_control()).take(300).collect();
            return refuse(&format!("the authorization server says {}", shown.trim()));
        }
        match said("code").filter(|code| !code.is_empty()) {
            Some(code) => Ok(SecretCode(SecretString::from(code))),
            None => refuse("the callback has no `code`"),
        }
    }
}

/// An authorization code.
struct SecretCode(SecretString);

impl SecretCode {
    fn as_str(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for CodeLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeLogin").field("redirect_uri", &self.redirect_uri).finish_non_exhaustive()
    }
}
