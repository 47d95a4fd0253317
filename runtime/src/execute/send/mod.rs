//! Sends a request within the limits of its api: admission, tries, redirects, deadlines.
//!
//! Only this folder knows the HTTP client, and only `client.rs` in it.

mod client;
mod egress;
mod limit;
mod redirect;
mod retry;

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::error::ToolError;
use super::plan::RequestPlan;
use super::wire::WireRequest;
use crate::telemetry::facts;
use client::{Clients, SendError};
use limit::ApiLimits;

pub(crate) use client::Answer;
pub(crate) use egress::check_url;

/// Bounds for calls whose definitions do not say.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    /// For a whole call.
    pub(super) timeout: Duration,
    /// How often a request that may be repeated is tried again.
    pub(super) retries: u32,
    /// For a connection to stand.
    pub(super) connect_timeout: Duration,
}

/// Sends requests; shares connections and limits between calls.
pub(super) struct Sender {
    defaults: Defaults,
    clients: Clients,
    limits: ApiLimits,
}

impl Sender {
    /// Sets up clients; nothing is sent.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(super) fn new(defaults: Defaults) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let clients = Clients::new(defaults.connect_timeout)?;
        Ok(Self { defaults, clients, limits: ApiLimits::default() })
    }

    /// The answer, within the call's deadline.
    pub(super) async fn answer(
        &self,
        plan: &RequestPlan,
        request: &WireRequest,
        limit: u64,
    ) -> Result<Answer, ToolError> {
        let timeout = plan.limits.timeout.unwrap_or(self.defaults.timeout);
        let start = Instant::now();
        let deadline = start + timeout;
        let admission = self.limits.admit(&plan.api, &plan.limits, deadline).await;
        if plan.limits.rate.is_some() || plan.limits.concurrency.is_some() {
            facts::waited(start.elapsed());
        }
        let _admission = admission?;
        let retries = plan.limits.retries.unwrap_or(self.defaults.retries);
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
            facts::attempted(request.body.as_ref().map_or(0, Vec::len));
            let (result, redirected) = self.follow(request, limit).await;
            made += 1;
            if let Some(error) = redirected {
                return Err(error);
            }
            let remaining = deadline.saturating_duration_since(Instant::now());
            let left = retries.saturating_sub(made - 1);
            match retry::pause(&request.method, left, made, &result, remaining) {
                Some(wait) => {
                    facts::waited(wait);
                    sleep(wait).await;
                }
                None => return result.map_err(|error| unsent(error, tool, request)),
            }
        }
    }

    /// One try, with the redirects that may be followed. The second part is a redirect that may not.
    async fn follow(&self, request: &WireRequest, limit: u64) -> (Result<Answer, SendError>, Option<ToolError>) {
        let mut url = request.url.clone();
        for followed in 0.. {
            let answer = match self.clients.send(request, &url, limit).await {
                Ok(answer) => answer,
                Err(error) => return (Err(error), None),
            };
            facts::answered(answer.status, answer.body.len());
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
