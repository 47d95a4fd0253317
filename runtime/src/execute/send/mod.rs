//! Sends a request within the limits of its api: circuit, admission, tries, redirects, deadlines.
//!
//! Only this folder knows the HTTP client, and only `client.rs` and `client/` in it.

mod budget;
mod by_runtime;
mod circuit;
mod client;
mod egress;
mod health;
mod limit;
mod redirect;
mod resolve;
mod retry;
mod tries;

use std::sync::Arc;
use std::time::Duration;

use super::error::ToolError;
use super::plan::RequestPlan;
use super::progress::Progress;
use super::wire::WireRequest;
use by_runtime::ClientsByRuntime;
use cap_compiler::capability::Limits;
use client::{Bounds, SendError};
use health::Apis;
use limit::ApiLimits;

pub(crate) use client::{Answer, Opened};
pub(crate) use egress::{check_found, check_url};
pub use resolve::{Resolver, Resolving, SystemResolver};
pub(super) use tries::Job;

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

/// Sends requests; shares connections, limits and what is known of servers between calls.
pub(super) struct Sender {
    defaults: Defaults,
    clients: ClientsByRuntime,
    limits: ApiLimits,
    apis: Apis,
}

impl Sender {
    /// Sets up clients; nothing is sent.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(super) fn new(
        defaults: Defaults,
        resolver: Arc<dyn Resolver>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let clients = ClientsByRuntime::new(defaults.connect_timeout, resolver)?;
        Ok(Self { defaults, clients, limits: ApiLimits::default(), apis: Apis::default() })
    }

    /// The answer to a planned request, within the call's deadline.
    ///
    /// # Errors
    /// When there is none, why.
    pub(super) async fn answer(
        &self,
        plan: &RequestPlan,
        request: &WireRequest,
        max_response: u64,
        progress: &dyn Progress,
    ) -> Result<Answer, ToolError> {
        let (tool, api, limits, repeats) = (&plan.tool, &plan.api, &plan.limits, plan.repeats);
        self.carry(&Job { tool, api, request, limits, repeats, max_response, progress }).await
    }

    /// The answer to a request, as soon as it begins: one try, without the limits of an api.
    ///
    /// # Errors
    /// When there is none, why.
    pub(super) async fn open(&self, owner: &str, request: &WireRequest, limits: &Limits) -> Result<Opened, ToolError> {
        let (connect_timeout, read_timeout) = (limits.connect_timeout, limits.read_timeout);
        let bounds = Bounds { max_response: u64::MAX, connect_timeout, read_timeout, stream_until: None };
        let opened = self.clients.here().open(request, &bounds).await;
        opened.map_err(|error| tries::unsent(error, owner, request))
    }
}

/// What breaks while an answer is read.
pub(super) fn broken(error: &SendError) -> String {
    error.to_string()
}
