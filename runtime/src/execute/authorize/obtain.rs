//! Obtains one token: the one in the store if it is good, or else by refreshing, or else by the grant.
//! What a server issued is stored before anybody uses it, so that no rotated refresh token is lost.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use cap_compiler::capability::Grant;

use super::client::{OAuthClient, short_digest};
use super::discovery::{Wanted, find};
use super::endpoint::{EndpointError, exchange};
use super::record::Record;
use super::source::Entry;
use super::token::{Token, now_ms};
use crate::execute::error::ToolError;
use crate::execute::executor::Executor;
use crate::secret::StoreError;

/// A token that is good now and is not the one that the api refused.
///
/// # Errors
/// `Login` when a person has to log in, `Token` when the server or the store fails.
pub(super) async fn obtain(
    executor: &Executor,
    client: &OAuthClient,
    entry: &Entry,
    refused: Option<&Token>,
) -> Result<Token, ToolError> {
    let mut tried: Option<SecretString> = None;
    loop {
        let stored = load(executor, client).await?;
        let accepted = stored.as_ref().filter(|token| refused.is_none_or(|refused| !token.is(refused)));
        if let Some(token) = accepted.filter(|token| token.is_fresh(now_ms())) {
            return Ok(token.clone());
        }
        if let Some(token) = accepted.filter(|token| token.is_usable(now_ms())) {
            entry.adopt(token);
        }
        let Some(refresh) = refresh_token(client, stored.as_ref()) else { return begin(executor, client).await };
        match renew(executor, client, &refresh).await {
            Ok(token) => return keep(executor, client, token, Some(refresh)).await,
            Err(error) if error.is("invalid_grant") => {
                // Another process may have renewed it meanwhile; then its token is in the store.
                let again = tried.as_ref().is_some_and(|tried| tried.expose_secret() == refresh.expose_secret());
                let stored_now = load(executor, client).await?;
                let moved = refresh_token(client, stored_now.as_ref())
                    .is_some_and(|other| other.expose_secret() != refresh.expose_secret());
                if moved && !again {
                    tried = Some(refresh);
                    continue;
                }
                return ended(executor, client, error).await;
            }
            Err(error) if error.is("invalid_client") && client.record.is_some() => {
                return unknown(executor, client, error).await;
            }
            Err(error) => return Err(error.shown()),
        }
    }
}

/// After the server forgot a client that it had registered: the next login registers another.
async fn unknown(executor: &Executor, client: &OAuthClient, error: EndpointError) -> Result<Token, ToolError> {
    if let Some(record) = &client.record {
        executor.tokens().records.put(record, None);
        remove(executor, record).await?;
    }
    forget(executor, client).await?;
    Err(client.login_needed(format!("has ended: its client was refused ({})", error.shown())))
}

/// After the server ended what a refresh token stood for.
async fn ended(executor: &Executor, client: &OAuthClient, error: EndpointError) -> Result<Token, ToolError> {
    match client.grant {
        Grant::ClientCredentials => begin(executor, client).await,
        Grant::RefreshToken => {
            forget(executor, client).await?;
            Err(client.login_needed(format!("has ended: its refresh token was refused ({})", error.shown())))
        }
        Grant::AuthorizationCode | Grant::DeviceCode => {
            forget(executor, client).await?;
            Err(client.login_needed("has ended: the authorization server does not renew it"))
        }
    }
}

/// By the grant itself, where no person is needed.
async fn begin(executor: &Executor, client: &OAuthClient) -> Result<Token, ToolError> {
    if client.grant != Grant::ClientCredentials {
        return Err(client.login_needed("is needed: nobody has logged in, or the login has expired"));
    }
    let url = find(executor, client, Wanted::Token).await?;
    let scope = client.scopes.join(" ");
    let mut fields = vec![("grant_type", "client_credentials")];
    push_shared(&mut fields, client, &scope);
    let token = exchange(executor, client, &url, &fields).await.map_err(EndpointError::shown)?;
    keep(executor, client, token, None).await
}

async fn renew(executor: &Executor, client: &OAuthClient, refresh: &SecretString) -> Result<Token, EndpointError> {
    let url = find(executor, client, Wanted::Token).await.map_err(EndpointError::Failed)?;
    // Without `scope` the token is for the same as before (RFC 6749, section 6).
    let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
    push_shared(&mut fields, client, "");
    exchange(executor, client, &url, &fields).await
}

/// What every token request may have.
pub(super) fn push_shared<'a>(fields: &mut Vec<(&'a str, &'a str)>, client: &'a OAuthClient, scope: &'a str) {
    if !scope.is_empty() {
        fields.push(("scope", scope));
    }
    fields.extend(client.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
}

/// The refresh token of the stored token, or else the one that a person gave. A stored one that
/// descends from another than is given now is out of date.
fn refresh_token(client: &OAuthClient, stored: Option<&Token>) -> Option<SecretString> {
    let seed = client.seed.as_ref();
    let given = seed.map(|seed| short_digest(seed.expose_secret()));
    let kept = stored.filter(|token| given.is_none() || token.seed == given).and_then(|token| token.refresh.clone());
    kept.or_else(|| seed.cloned())
}

/// Stores a token; a refresh token that was not replaced goes on.
pub(super) async fn keep(
    executor: &Executor,
    client: &OAuthClient,
    mut token: Token,
    refresh: Option<SecretString>,
) -> Result<Token, ToolError> {
    token.refresh = token.refresh.or(refresh);
    token.seed = client.seed.as_ref().map(|seed| short_digest(seed.expose_secret()));
    let (store, name, value) = (executor.tokens().store.clone(), client.name.clone(), token.to_stored());
    let stored = blocking(move || store.set(&name, &value)).await;
    if let Err(error) = stored {
        // The token works; only a restart will not find it.
        tracing::warn!(api = client.api, %error, "the token cannot be stored");
    }
    Ok(token)
}

/// The stored token.
///
/// # Errors
/// `Token` when the store cannot be read.
pub(super) async fn load(executor: &Executor, client: &OAuthClient) -> Result<Option<Token>, ToolError> {
    let (store, name) = (executor.tokens().store.clone(), client.name.clone());
    let stored = blocking(move || store.get(&name)).await.map_err(|error| broken(&error))?;
    Ok(stored.as_ref().and_then(Token::from_stored))
}

/// Removes the stored token, and says whether there was one.
///
/// # Errors
/// `Token` when the store cannot be written.
pub(super) async fn forget(executor: &Executor, client: &OAuthClient) -> Result<bool, ToolError> {
    remove(executor, &client.name).await
}

/// Removes what is stored under a name, and says whether there was something.
///
/// # Errors
/// As [`forget`].
pub(super) async fn remove(executor: &Executor, name: &str) -> Result<bool, ToolError> {
    let (store, name) = (executor.tokens().store.clone(), name.to_owned());
    blocking(move || store.remove(&name)).await.map_err(|error| broken(&error))
}

/// What a login found out.
///
/// # Errors
/// `Token` when the store cannot be read.
pub(super) async fn load_record(executor: &Executor, name: &str) -> Result<Option<Record>, ToolError> {
    let (store, name) = (executor.tokens().store.clone(), name.to_owned());
    let stored = blocking(move || store.get(&name)).await.map_err(|error| broken(&error))?;
    Ok(stored.as_ref().and_then(Record::from_stored))
}

/// Stores what a login found out.
///
/// # Errors
/// `Token` when the store cannot be written.
pub(super) async fn keep_record(executor: &Executor, name: &str, record: Record) -> Result<(), ToolError> {
    let (store, key, value) = (executor.tokens().store.clone(), name.to_owned(), record.to_stored());
    blocking(move || store.set(&key, &value)).await.map_err(|error| broken(&error))?;
    executor.tokens().records.put(name, Some(Arc::new(record)));
    Ok(())
}

fn broken(error: &StoreError) -> ToolError {
    ToolError::Token { host: "the store of tokens".to_owned(), reason: error.to_string() }
}

/// Stores may write files and derive keys.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError(error.to_string())))
}
