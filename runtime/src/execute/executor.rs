//! The executor: one call from arguments to outcome.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use thiserror::Error;
use tracing::{Instrument, Span, field};

use super::authorize::Tokens;
use super::cache::{AnswerCache, Said};
use super::error::ToolError;
use super::idempotency;
use super::mask::{self, Mask};
use super::outcome::{self, Reading, ToolOutcome};
use super::pages::{self, CursorSeal, PageRequest, Paged};
use super::plan::{self, RequestPlan};
use super::prepared::Prepared;
use super::progress::{Progress, Unheard};
use super::send::{Answer, Defaults, Resolver, Sender, SystemResolver};
use super::wire::Opener;
use crate::secret::{MemoryStore, SecretStore, Secrets};
use crate::telemetry::facts;

/// What the executor is told once.
#[derive(Debug)]
pub struct ExecutorSettings {
    /// Where secrets come from.
    pub secrets: Secrets,
    /// Where tokens of OAuth 2.0 are kept, so that they outlive the process.
    pub tokens: Arc<dyn SecretStore>,
    /// For a whole call, where a definition does not say.
    pub default_timeout: Duration,
    /// Bytes of an answer, where a definition does not say.
    pub default_max_response: u64,
    /// How often a request that may be repeated is tried again, where a definition does not say.
    pub default_retries: u32,
    /// For a connection to stand.
    pub connect_timeout: Duration,
    /// Turns the names of servers into addresses.
    pub resolver: Arc<dyn Resolver>,
    /// What the cursors of pages are sealed with.
    pub cursor_seal: CursorSeal,
}

impl Default for ExecutorSettings {
    fn default() -> Self {
        Self {
            secrets: Secrets::from_environment(),
            tokens: Arc::new(MemoryStore::default()),
            default_timeout: Duration::from_secs(30),
            default_max_response: 4 << 20,
            default_retries: 2,
            connect_timeout: Duration::from_secs(10),
            resolver: Arc::new(SystemResolver),
            cursor_seal: CursorSeal::default(),
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
    secrets: Secrets,
    max_response: u64,
    sender: Sender,
    cache: AnswerCache,
    tokens: Tokens,
    timeout: Duration,
    cursor_seal: CursorSeal,
}

impl Executor {
    /// Sets up what calls share; nothing is sent.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(settings: ExecutorSettings) -> Result<Self, ExecutorError> {
        let defaults = Defaults {
            timeout: settings.default_timeout,
            retries: settings.default_retries,
            connect_timeout: settings.connect_timeout,
        };
        let sender = Sender::new(defaults, settings.resolver).map_err(ExecutorError::Client)?;
        let shared = Shared {
            secrets: settings.secrets,
            max_response: settings.default_max_response,
            sender,
            cache: AnswerCache::default(),
            tokens: Tokens::new(settings.tokens),
            timeout: settings.default_timeout,
            cursor_seal: settings.cursor_seal,
        };
        Ok(Self { shared: Arc::new(shared) })
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
        self.call_heard(tool, arguments, &PageRequest::default(), &Unheard).await
    }

    /// Makes the call for a page, and tells `progress` what it does meanwhile. Dropping the future ends it.
    ///
    /// # Errors
    /// A [`ToolError`] that says what the caller can do.
    pub async fn call_heard(
        &self,
        tool: &Prepared,
        arguments: &Map<String, Value>,
        page: &PageRequest,
        progress: &dyn Progress,
    ) -> Result<ToolOutcome, ToolError> {
        let capability = tool.capability();
        // Never arguments, bodies or secrets.
        let span = tracing::info_span!(
            "call",
            tool = %capability.tool,
            api = %capability.server,
            id = facts::id().map(field::display),
            status = field::Empty,
            bytes = field::Empty,
            attempts = field::Empty,
            error = field::Empty,
            otel.status_code = field::Empty,
        );
        facts::span_made(&span);
        async {
            let result = self.carry_out(tool, arguments, page, progress).await;
            if let Err(error) = &result {
                Span::current().record("error", error.kind().name()).record("otel.status_code", "ERROR");
            }
            result
        }
        .instrument(span)
        .await
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.shared.secrets
    }

    pub(super) fn tokens(&self) -> &Tokens {
        &self.shared.tokens
    }

    pub(super) fn cursor_seal(&self) -> CursorSeal {
        self.shared.cursor_seal
    }

    pub(super) fn default_timeout(&self) -> Duration {
        self.shared.timeout
    }

    pub(super) fn sender(&self) -> &Sender {
        &self.shared.sender
    }

    async fn carry_out(
        &self,
        tool: &Prepared,
        arguments: &Map<String, Value>,
        page: &PageRequest,
        progress: &dyn Progress,
    ) -> Result<ToolOutcome, ToolError> {
        let mut opener = Opener::new(&self.shared.secrets, tool.capability().tool.as_str());
        let outcome = match &tool.capability().answer.pagination {
            Some(pagination) => {
                let paged = Paged { executor: self, tool, pagination, arguments, progress };
                paged.run(page, &mut opener).await
            }
            None => match pages::refuse(tool, page) {
                Ok(()) => self.single(tool, arguments, &mut opener, progress).await,
                Err(error) => Err(error),
            },
        };
        let mut outcome = outcome.map_err(|error| opener.mask.error(error))?;
        mask::net(&mut outcome);
        Ok(outcome)
    }

    /// One call that is one request.
    async fn single(
        &self,
        tool: &Prepared,
        arguments: &Map<String, Value>,
        opener: &mut Opener<'_>,
        progress: &dyn Progress,
    ) -> Result<ToolOutcome, ToolError> {
        let mut plan = self.plan(tool, arguments)?;
        idempotency::stamp(&mut plan);
        let answer = self.exchange(&plan, opener, progress).await?;
        let mut outcome = outcome::read(&answer, &self.reading(tool, &plan, &opener.mask))?;
        outcome.notes.splice(0..0, plan.notes);
        Ok(outcome)
    }

    /// One request with its credentials, and its answer. Where a token is refused, once more with
    /// another one.
    pub(super) async fn exchange(
        &self,
        plan: &RequestPlan,
        opener: &mut Opener<'_>,
        progress: &dyn Progress,
    ) -> Result<Answer, ToolError> {
        self.shared.secrets.fetch(plan.secrets()).await;
        let (mut request, tokens) = self.assemble(plan, opener).await?;
        let (_, limit) = self.output_limits(plan);
        let question = match self.shared.cache.look(plan, &mut request, plan.cache) {
            Said::Answer(answer) => {
                facts::cached();
                return Ok(answer);
            }
            Said::Ask(question) => Some(question),
            Said::Nothing => None,
        };
        let answer = self.shared.sender.answer(plan, &request, limit, progress).await?;
        if answer.status != 401 || tokens.is_empty() {
            return Ok(match question {
                Some(question) => self.shared.cache.learn(&question, answer),
                None => answer,
            });
        }
        match self.assemble_again(plan, opener, &tokens).await? {
            Some(request) => self.shared.sender.answer(plan, &request, limit, progress).await,
            None => Ok(answer),
        }
    }

    /// What an answer to a request is read with.
    pub(super) fn reading<'r>(&self, tool: &'r Prepared, plan: &'r RequestPlan, mask: &'r Mask) -> Reading<'r> {
        let (max_output, max_response) = self.output_limits(plan);
        Reading { tool, method: &plan.method, mask, max_response, max_output }
    }

    /// Bytes that are shown of an answer, and bytes that are read of it.
    pub(super) fn output_limits(&self, plan: &RequestPlan) -> (usize, u64) {
        let shown = plan.limits.max_output.unwrap_or(DEFAULT_MAX_OUTPUT);
        let read = plan.limits.max_response.unwrap_or(self.shared.max_response);
        (usize::try_from(shown).unwrap_or(usize::MAX), read)
    }
}

/// Bytes that an agent is shown of an answer, where a definition does not say.
const DEFAULT_MAX_OUTPUT: u64 = 256 << 10;
