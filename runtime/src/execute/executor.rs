//! The executor: one call from arguments to outcome.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, Span, field};

use super::credential::Secrets;
use super::error::ToolError;
use super::limit::ApiLimits;
use super::outcome::{self, ToolOutcome};
use super::plan::{self, RequestPlan};
use super::prepared::Prepared;
use super::send::{Answer, Clients, SendError};
use super::wire::{self, Opener, WireRequest};
use super::{redirect, retry};

/// What the executor is told once.
#[derive(Debug)]
pub struct ExecutorSettings {
    /// Where secrets come from.
    pub secrets: Secrets,
    /// For a whole call, where a definition does not say.
    pub default_timeout: Duration,
    /// Bytes of an answer, where a definition does not say.
    pub default_max_response: u64,
    /// How often a request that may be repeated is tried again, where a definition does not say.
    pub default_retries: u32,
    /// For a connection to stand.
    pub connect_timeout: Duration,
}

impl Default for ExecutorSettings {
    fn default() -> Self {
        Self {
            secrets: Secrets::from_environment(),
            default_timeout: Duration::from_secs(30),
            default_max_response: 4 << 20,
            default_retries: 2,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// Why there is no executor.
#[derive(Debug, Error)]
pub enum ExecutorError {
    /// The HTTP client cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Carries out calls. Cheap to clone; clones share connections, secrets and limits.
#[derive(Clone)]
pub struct Executor {
    shared: Arc<Shared>,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Clients and secrets have nothing to show.
        f.debug_struct("Executor").finish_non_exhaustive()
    }
}

struct Shared {
    settings: ExecutorSettings,
    clients: Clients,
    limits: ApiLimits,
}

impl Executor {
    /// Sets up clients and limits; nothing is sent.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(settings: ExecutorSettings) -> Result<Self, ExecutorError> {
        let clients = Clients::new(settings.connect_timeout).map_err(|error| ExecutorError::Client(error.into()))?;
        Ok(Self { shared: Arc::new(Shared { settings, clients, limits: ApiLimits::default() }) })
    }

    /// What would be sent. Reads no secret and sends nothing.
    ///
    /// # Errors
    /// `Arguments` when they do not fit, `Definition` when the capability cannot be carried out.
    pub fn plan(&self, tool: &Prepared, arguments: &Map<String, Value>) -> Result<RequestPlan, ToolError> {
        let checked = tool.checker().check(tool.capability().tool.as_str(), arguments)?;
        plan::plan(tool, &checked.arguments, checked.notes)
    }

    /// Makes the call. Dropping the future ends it.
    ///
    /// # Errors
    /// A [`ToolError`] that says what the caller can do.
    pub async fn call(&self, tool: &Prepared, arguments: &Map<String, Value>) -> Result<ToolOutcome, ToolError> {
        let capability = tool.capability();
        // Never arguments, bodies or secrets.
        let span = tracing::info_span!(
            "call",
            tool = %capability.tool,
            api = %capability.server,
            status = field::Empty,
            bytes = field::Empty,
            attempts = field::Empty,
            error = field::Empty,
        );
        async {
            let result = self.carry_out(tool, arguments).await;
            if let Err(error) = &result {
                Span::current().record("error", error.kind().name());
            }
            result
        }
        .instrument(span)
        .await
    }

    async fn carry_out(&self, tool: &Prepared, arguments: &Map<String, Value>) -> Result<ToolOutcome, ToolError> {
        let plan = self.plan(tool, arguments)?;
        let mut opener = Opener::new(&self.shared.settings.secrets, &plan.tool);
        let request = wire::assemble(&plan, &mut opener);
        let mask = opener.mask;
        let limit = plan.limits.max_response.unwrap_or(self.shared.settings.default_max_response);
        let outcome = async {
            let answer = self.answer(&plan, &request?, limit).await?;
            outcome::read(&answer, &mask, limit)
        };
        let mut outcome = outcome.await.map_err(|error| mask.error(error))?;
        outcome.notes.splice(0..0, plan.notes);
        Ok(outcome)
    }

    /// The answer, within the call's deadline.
    async fn answer(&self, plan: &RequestPlan, request: &WireRequest, limit: u64) -> Result<Answer, ToolError> {
        let timeout = plan.limits.timeout.unwrap_or(self.shared.settings.default_timeout);
        let deadline = Instant::now() + timeout;
        let _admission = self.shared.limits.admit(&plan.api, &plan.limits, deadline).await?;
        let retries = plan.limits.retries.unwrap_or(self.shared.settings.default_retries);
        match timeout_at(deadline, self.tries(&plan.tool, request, retries, limit, deadline)).await {
            Ok(result) => result,
            Err(_) => Err(ToolError::Timeout {
                host: request.host(),
                timeout,
                hint: timeout_hint(&request.method).to_owned(),
            }),
        }
    }

    /// The answer after as many tries as the rules allow.
    pub(super) async fn tries(
        &self,
        tool: &str,
        request: &WireRequest,
        retries: u32,
        limit: u64,
        deadline: Instant,
    ) -> Result<Answer, ToolError> {
        let mut made = 0;
        loop {
            let (result, redirected) = self.follow(request, limit).await;
            made += 1;
            Span::current().record("attempts", made);
            if let Some(error) = redirected {
                return Err(error);
            }
            let remaining = deadline.saturating_duration_since(Instant::now());
            let left = retries.saturating_sub(made - 1);
            match retry::pause(&request.method, left, made, &result, remaining) {
                Some(wait) => sleep(wait).await,
                None => return result.map_err(|error| unsent(error, tool, request)),
            }
        }
    }

    /// One try, with the redirects that may be followed. The second part is a redirect that may not.
    async fn follow(&self, request: &WireRequest, limit: u64) -> (Result<Answer, SendError>, Option<ToolError>) {
        let mut url = request.url.clone();
        for followed in 0.. {
            let answer = match self.shared.clients.send(request, &url, limit).await {
                Ok(answer) => answer,
                Err(error) => return (Err(error), None),
            };
            Span::current().record("status", answer.status).record("bytes", answer.body.len());
            match redirect::next(&request.method, &url, &answer, followed) {
                Ok(Some(next)) => url = next,
                Ok(None) => return (Ok(answer), None),
                Err(error) => return (Ok(answer), Some(error)),
            }
        }
        (Err(SendError::Broken("too many redirects".to_owned())), None)
    }
}

fn unsent(error: SendError, tool: &str, request: &WireRequest) -> ToolError {
    let host = request.host();
    match error {
        SendError::Refused(reason) => ToolError::Refused { host, reason },
        SendError::Unreachable(reason) | SendError::Broken(reason) => ToolError::Network { host, reason },
        SendError::Invalid(reason) => ToolError::Definition { tool: tool.to_owned(), reason },
    }
}

fn timeout_hint(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" | "OPTIONS" => "trying again, or asking for less, may help",
        _ => "it may have taken effect all the same; look before calling again",
    }
}
