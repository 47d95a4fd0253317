//! Requests beside calls whose answers are read while they come: how upstream MCP servers are spoken
//! to over HTTP. Credentials, tokens, proxies, certificates and the check of addresses are those of calls.

use bytes::Bytes;
use cap_compiler::capability::Text;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;
use serde_json::Map;
use std::collections::BTreeMap;

use url::Url;

use super::authorize::{Challenge, Look, bear};
use super::error::ToolError;
use super::executor::Executor;
use super::plan::{self, PlannedCredential, RequestPlan, Sealed};
use super::prepared::Prepared;
use super::send::{self, Opened};
use super::wire::{Opener, WireRequest};

/// Where requests go and what each of them carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Door {
    plan: RequestPlan,
    /// The URL, where the definition says no credentials and the server may ask for a login.
    login: Option<String>,
}

/// What one request has beside that.
#[derive(Clone, Debug, Default)]
pub struct DoorRequest {
    /// In upper case.
    pub method: &'static str,
    /// Headers; they stand in for those of the door with the same names.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// Another address at the same server: its path and query.
    pub target: Option<String>,
}

/// An answer that has begun.
pub struct DoorAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// The body. Whoever reads it bounds it. An error says what broke.
    pub chunks: BoxStream<'static, Result<Bytes, String>>,
}

impl Door {
    /// The door that a definition without arguments describes.
    ///
    /// # Errors
    /// `Definition` when it cannot be carried out.
    pub fn of(prepared: &Prepared) -> Result<Self, ToolError> {
        let plan = plan::plan(prepared, &Map::new(), Vec::new())?;
        let login = login_url(&plan);
        Ok(Self { plan, login })
    }

    /// Whether its credentials are obtained by a login, so that another login may help where they are refused.
    #[must_use]
    pub fn has_login(&self) -> bool {
        let oauth2 = |credential: &PlannedCredential| matches!(credential, PlannedCredential::OAuth2(_));
        self.login.is_some() || self.plan.auth.iter().flatten().any(oauth2)
    }

    /// The URL that a login is for, where the server describes it.
    pub(super) fn login_url(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// The definition's name.
    pub(super) fn owner(&self) -> &str {
        &self.plan.api
    }

    pub(super) fn plan(&self) -> &RequestPlan {
        &self.plan
    }

    /// The URL, with the names of secrets in place of their values.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}{}", self.plan.server, self.plan.path)
    }
}

impl Executor {
    /// Sends a request through a door. A token that is refused is renewed once.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn open(&self, door: &Door, request: &DoorRequest) -> Result<DoorAnswer, ToolError> {
        let mut opener = Opener::new(self.secrets(), &door.plan.tool);
        let opened = self.open_with(door, request, &mut opener).await;
        let opened = opened.map_err(|error| opener.mask.error(error))?;
        let chunks = opened.chunks.map(|chunk| chunk.map_err(|error| send::broken(&error))).boxed();
        Ok(DoorAnswer { status: opened.status, headers: opened.headers, chunks })
    }

    /// Texts with the values of their secrets: the environment of a program.
    ///
    /// # Errors
    /// `MissingSecret`, or `Definition` when an expression fails.
    pub async fn opened(
        &self,
        owner: &str,
        texts: &BTreeMap<String, Text>,
    ) -> Result<BTreeMap<String, String>, ToolError> {
        self.secrets().fetch(texts.values().flat_map(Text::secrets)).await;
        let mut opener = Opener::new(self.secrets(), owner);
        let open = |(name, text): (&String, &Text)| Ok((name.clone(), opener.open(&Sealed::of_secrets(text))?));
        texts.iter().map(open).collect()
    }

    /// Sends a request with what the definition says alone, and no token.
    pub(super) async fn open_bare(
        &self,
        door: &Door,
        request: &DoorRequest,
        opener: &mut Opener<'_>,
    ) -> Result<Opened, ToolError> {
        let (mut wire, _) = self.assemble(&door.plan, opener).await?;
        complete(&mut wire, request, opener)?;
        self.sender().open(&door.plan.tool, &wire, &door.plan.limits).await
    }

    async fn open_with(
        &self,
        door: &Door,
        request: &DoorRequest,
        opener: &mut Opener<'_>,
    ) -> Result<Opened, ToolError> {
        self.secrets().fetch(door.plan.secrets()).await;
        let opened = match &door.login {
            Some(_) => self.open_described(door, request, opener).await?,
            None => self.open_declared(door, request, opener).await?,
        };
        match lacking(door, &opened) {
            Some(error) => Err(error),
            None => Ok(opened),
        }
    }

    async fn open_declared(
        &self,
        door: &Door,
        request: &DoorRequest,
        opener: &mut Opener<'_>,
    ) -> Result<Opened, ToolError> {
        let plan = &door.plan;
        let (mut wire, tokens) = self.assemble(plan, opener).await?;
        complete(&mut wire, request, opener)?;
        let opened = self.sender().open(&plan.tool, &wire, &plan.limits).await?;
        if opened.status != 401 || tokens.is_empty() {
            return Ok(opened);
        }
        let Some(mut again) = self.assemble_again(plan, opener, &tokens).await? else { return Ok(opened) };
        complete(&mut again, request, opener)?;
        self.sender().open(&plan.tool, &again, &plan.limits).await
    }

    /// With the token of whoever logged in. Where it is refused, or there is none and the server asks for
    /// one, somebody may have logged in meanwhile.
    async fn open_described(
        &self,
        door: &Door,
        request: &DoorRequest,
        opener: &mut Opener<'_>,
    ) -> Result<Opened, ToolError> {
        let plan = &door.plan;
        let token = self.door_token(door, Look::Known, None, opener).await?;
        let (mut wire, _) = self.assemble(plan, opener).await?;
        complete(&mut wire, request, opener)?;
        bear(&mut wire, token.as_ref(), opener);
        let opened = self.sender().open(&plan.tool, &wire, &plan.limits).await?;
        let other = match opened.status {
            401 => self.door_token(door, Look::Stored, token.as_ref(), opener).await?,
            403 if lacking(door, &opened).is_some() => self.newer_token(door, token.as_ref(), opener).await?,
            _ => None,
        };
        let Some(other) = other else { return Ok(opened) };
        if token.is_some_and(|(_, token)| token.is(&other.1)) {
            return Ok(opened);
        }
        bear(&mut wire, Some(&other), opener);
        self.sender().open(&plan.tool, &wire, &plan.limits).await
    }
}

/// That whoever is logged in may not do this (RFC 6750, section 3.1).
fn lacking(door: &Door, opened: &Opened) -> Option<ToolError> {
    if opened.status != 403 || !door.has_login() {
        return None;
    }
    let headers = opened.headers.get_all(http::header::WWW_AUTHENTICATE);
    let challenge = Challenge::of(headers.iter().map(http::HeaderValue::as_bytes))?;
    let insufficient = challenge.error.as_deref() == Some("insufficient_scope") && !challenge.scopes.is_empty();
    let (api, scopes) = (door.owner().to_owned(), challenge.scopes);
    let fix = match &door.login {
        Some(_) => {
            let flags: String = scopes.iter().map(|scope| format!(" --scope {scope}")).collect();
            format!("whoever runs the gateway has to run `cap auth login {api}{flags}`")
        }
        None => format!("add it to `scopes` in the file of `{api}`, and run `cap auth login {api}`"),
    };
    insufficient.then_some(ToolError::Scope { api, scopes, fix })
}

/// The URL of a door without credentials, as tokens are asked for it (RFC 8707; MCP, "Canonical Server URI").
/// There is none where the URL holds a secret, which no authorization server is told.
fn login_url(plan: &RequestPlan) -> Option<String> {
    let said = plan.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if said || !plan.auth.is_empty() || plan.server.secrets().next().is_some() {
        return None;
    }
    let mut url = Url::parse(&format!("{}{}", plan.server, plan.path)).ok()?;
    url.set_fragment(None);
    let text = url.to_string();
    let is_root = url.path() == "/" && url.query().is_none();
    Some(if is_root { text.trim_end_matches('/').to_owned() } else { text })
}

/// Adds to a request what is its own.
fn complete(wire: &mut WireRequest, request: &DoorRequest, opener: &Opener<'_>) -> Result<(), ToolError> {
    request.method.clone_into(&mut wire.method);
    for (name, value) in &request.headers {
        wire.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        wire.headers.push((name.clone(), value.clone()));
    }
    wire.body.clone_from(&request.body);
    let Some(target) = &request.target else { return Ok(()) };
    let url = wire.url.join(target).ok().filter(|url| url.origin() == wire.url.origin());
    wire.url = url.ok_or_else(|| opener.definition("its server points to another server".to_owned()))?;
    Ok(())
}
