//! Requests beside calls whose answers are read while they come: how upstream MCP servers are spoken
//! to over HTTP. Credentials, tokens, proxies, certificates and the check of addresses are those of calls.

use bytes::Bytes;
use cap_compiler::capability::Text;
use futures::StreamExt;
use futures::stream::BoxStream;
use http::HeaderMap;
use serde_json::Map;
use std::collections::BTreeMap;

use super::error::ToolError;
use super::executor::Executor;
use super::plan::{self, RequestPlan, Sealed};
use super::prepared::Prepared;
use super::send::{self, Opened};
use super::wire::{Opener, WireRequest};

/// Where requests go and what each of them carries.
#[derive(Clone, Debug)]
pub struct Door {
    plan: RequestPlan,
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
        Ok(Self { plan: plan::plan(prepared, &Map::new(), Vec::new())? })
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

    async fn open_with(
        &self,
        door: &Door,
        request: &DoorRequest,
        opener: &mut Opener<'_>,
    ) -> Result<Opened, ToolError> {
        let plan = &door.plan;
        self.secrets().fetch(plan.secrets()).await;
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
