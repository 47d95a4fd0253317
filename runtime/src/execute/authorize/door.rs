//! Tokens of upstreams that describe their login themselves: what a login found out is looked up in the
//! store, and its token goes with requests to that upstream and to nobody else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cap_compiler::capability::Grant;
use secrecy::ExposeSecret;

use super::client::{OAuthClient, endpoint};
use super::obtain::{load, load_record, remove};
use super::record::{Record, record_name};
use super::token::{Token, now_ms};
use crate::execute::connection::{self, Connection};
use crate::execute::error::{ErrorKind, ToolError};
use crate::execute::executor::Executor;
use crate::execute::stream::Door;
use crate::execute::wire::{Opener, WireRequest};

/// Records by name. What was not found is known as well: it is looked up again when a server asks.
#[derive(Default)]
pub(super) struct Records {
    known: Mutex<BTreeMap<String, Option<Arc<Record>>>>,
}

/// A token and whose it is.
pub(in crate::execute) type DoorToken = (Arc<OAuthClient>, Arc<Token>);

/// Where a record is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::execute) enum Look {
    /// Where it was found before.
    Known,
    /// In the store: somebody may have logged in or out.
    Stored,
}

impl Records {
    fn get(&self, name: &str) -> Option<Option<Arc<Record>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    pub(super) fn put(&self, name: &str, record: Option<Arc<Record>>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), record);
    }
}

impl Executor {
    /// The token of whoever logged in to an upstream; with `refused`, another one than that. `None` if nobody did.
    ///
    /// # Errors
    /// `Login` when the login has ended, `Token` when the authorization server fails.
    pub(in crate::execute) async fn door_token(
        &self,
        door: &Door,
        look: Look,
        refused: Option<&DoorToken>,
        opener: &mut Opener<'_>,
    ) -> Result<Option<DoorToken>, ToolError> {
        let mut record = self.record(door, look).await?;
        let mut looked = look;
        loop {
            let Some(found) = record else { return Ok(None) };
            let client = Arc::new(client_of(&found, door, opener)?);
            let refused = refused.filter(|(before, _)| before.name == client.name).map(|(_, token)| token);
            match self.in_time(door.plan(), &client, refused).await {
                Ok(token) => return Ok(Some((client, token))),
                // Somebody may have logged in as another client, or logged out.
                Err(error) if error.kind() == ErrorKind::Login && looked == Look::Known => {
                    looked = Look::Stored;
                    record = self.record(door, looked).await?;
                    if record.as_ref().is_some_and(|other| other.is(&found)) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The token of a login that somebody made since `known` was obtained: it may be for more. Nothing is asked
    /// of the authorization server.
    ///
    /// # Errors
    /// `Token` when the store cannot be read.
    pub(in crate::execute) async fn newer_token(
        &self,
        door: &Door,
        known: Option<&DoorToken>,
        opener: &mut Opener<'_>,
    ) -> Result<Option<DoorToken>, ToolError> {
        let Some((_, known)) = known else { return Ok(None) };
        let Some(record) = self.record(door, Look::Stored).await? else { return Ok(None) };
        let client = Arc::new(client_of(&record, door, opener)?);
        let stored = load(self, &client).await?;
        let newer = stored.filter(|token| token.obtained_at > known.obtained_at && token.is_usable(now_ms()));
        Ok(newer.map(|token| {
            self.tokens().entry(&client.name).adopt(&token);
            (client, Arc::new(token))
        }))
    }

    pub(super) async fn record(&self, door: &Door, look: Look) -> Result<Option<Arc<Record>>, ToolError> {
        let Some(url) = door.login_url() else { return Ok(None) };
        let name = record_name(door.owner(), url);
        let records = &self.tokens().records;
        if let Some(known) = records.get(&name).filter(|_| look == Look::Known) {
            return Ok(known);
        }
        let record = load_record(self, &name).await?.map(Arc::new);
        records.put(&name, record.clone());
        Ok(record)
    }

    /// Forgets the record of a door's login.
    pub(super) async fn forget_record(&self, door: &Door) -> Result<bool, ToolError> {
        let Some(url) = door.login_url() else { return Ok(false) };
        let name = record_name(door.owner(), url);
        self.tokens().records.put(&name, None);
        remove(self, &name).await
    }
}

/// The token is all that goes with a request where no credentials are declared.
pub(in crate::execute) fn bear(request: &mut WireRequest, token: Option<&DoorToken>, opener: &mut Opener<'_>) {
    let Some((client, token)) = token else { return };
    let access = token.access.expose_secret();
    opener.mask.add(client.token_name(), access);
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    request.headers.push(("Authorization".to_owned(), format!("Bearer {access}")));
}

/// A client that knows nothing yet but its way: for what is read before there is a client.
///
/// # Errors
/// When a secret of the door's proxy or certificates is missing.
pub(super) fn stranger(door: &Door, opener: &mut Opener<'_>) -> Result<OAuthClient, ToolError> {
    let plan = door.plan();
    let whole = connection::open(plan.transport.as_deref(), opener)?;
    let home = whole.zip(door.login_url()).and_then(|(connection, url)| Some((origin(url)?, connection)));
    let connection = home.as_ref().map(|(_, connection)| Box::new(Connection::abroad(connection)));
    Ok(OAuthClient {
        tool: plan.tool.clone(),
        api: plan.api.clone(),
        network: plan.network,
        connection,
        home,
        grant: Grant::AuthorizationCode,
        token_url: None,
        authorization_url: None,
        device_authorization_url: None,
        issuer: None,
        id: String::new(),
        secret: None,
        seed: None,
        authentication: cap_compiler::capability::ClientAuthentication::None,
        scopes: Vec::new(),
        parameters: Vec::new(),
        name: String::new(),
        record: None,
    })
}

/// The client of a record.
///
/// # Errors
/// `Refused` when an endpoint must not be used, or as [`stranger`].
pub(super) fn client_of(record: &Record, door: &Door, opener: &mut Opener<'_>) -> Result<OAuthClient, ToolError> {
    let plain = stranger(door, opener)?;
    Ok(OAuthClient {
        token_url: Some(endpoint(&record.token_url, plain.network)?),
        issuer: Some(record.issuer.clone()),
        id: record.client.id.clone(),
        secret: record.client.secret.clone(),
        authentication: record.client.authentication,
        scopes: record.scopes.clone(),
        parameters: vec![("resource".to_owned(), record.resource.clone())],
        name: record.token_name(door.owner()),
        record: door.login_url().map(|url| record_name(door.owner(), url)),
        ..plain
    })
}

fn origin(url: &str) -> Option<url::Origin> {
    url::Url::parse(url).ok().map(|url| url.origin())
}
