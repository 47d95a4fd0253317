//! One call at its server: as many tries as it needs and may have, each with its redirects.

use std::time::Duration;

use cap_compiler::capability::Limits;
use tokio::time::{Instant, sleep, timeout_at};

use super::circuit::{Change, Trial};
use super::client::Bounds;
use super::health::ApiHealth;
use super::limit::Waiting;
use super::redirect::Next;
use super::{Answer, SendError, Sender, redirect, retry};
use crate::execute::error::ToolError;
use crate::execute::plan::Repeats;
use crate::execute::progress::{Progress, Step};
use crate::execute::wire::WireRequest;
use crate::telemetry::facts;

/// A request and the rules of its call.
pub(in crate::execute) struct Job<'a> {
    pub(in crate::execute) tool: &'a str,
    pub(in crate::execute) api: &'a str,
    pub(in crate::execute) request: &'a WireRequest,
    pub(in crate::execute) limits: &'a Limits,
    pub(in crate::execute) repeats: Repeats,
    pub(in crate::execute) max_response: u64,
    pub(in crate::execute) progress: &'a dyn Progress,
}

/// How long before its deadline a call stops reading a stream, so that what came is answered.
const STREAM_MARGIN: Duration = Duration::from_millis(100);

/// What became of one try.
enum Tried {
    /// The server answered, or there is a reason why not.
    Done(Result<Answer, SendError>),
    /// It points to a place that must not be followed.
    Redirected(ToolError),
    /// The time was over.
    TimedOut,
}

impl Sender {
    /// The answer after as many tries as the rules allow.
    ///
    /// # Errors
    /// When there is none, why.
    pub(in crate::execute) async fn carry(&self, job: &Job<'_>) -> Result<Answer, ToolError> {
        let timeout = job.limits.timeout.unwrap_or(self.defaults.timeout);
        let deadline = Instant::now() + timeout;
        let waiting = Waiting { api: job.api, limits: job.limits, deadline, progress: job.progress };
        let health = self.apis.of(job.api, &job.request.url);
        health.budget.earn();
        let _place = self.limits.place(&waiting).await?;
        let retries = job.limits.retries.unwrap_or(self.defaults.retries);
        let mut last: Option<Result<Answer, SendError>> = None;
        for attempt in 1.. {
            let trial = match self.admitted(&waiting, &health, job).await {
                Ok(trial) => trial,
                // What came of the tries before says more than that there is no further one.
                Err(error) => return last.map_or(Err(error), |result| finished(result, job)),
            };
            facts::attempted(job.request.body.as_ref().map_or(0, Vec::len));
            job.progress.step(&Step::Sending { attempt });
            let result = match self.attempt(job, trial, timeout, deadline).await {
                Tried::Done(result) => result,
                Tried::Redirected(error) => return Err(error),
                Tried::TimedOut => return Err(timed_out(job, timeout)),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let wanted = if attempt > retries { None } else { retry::pause(job.repeats, attempt, &result) };
            let Some(pause) = wanted.filter(|pause| *pause < left && health.budget.spend()) else {
                return finished(result, job);
            };
            job.progress.step(&Step::Pausing { attempt, reason: reason(&result), pause });
            last = Some(result);
            facts::waited(pause);
            sleep(pause).await;
        }
        Err(timed_out(job, timeout))
    }

    /// Waits for the turn of a try, unless the server is left alone at present.
    async fn admitted<'h>(
        &self,
        waiting: &Waiting<'_>,
        health: &'h ApiHealth,
        job: &Job<'_>,
    ) -> Result<Trial<'h>, ToolError> {
        self.limits.turn(waiting).await?;
        let admitted = health.circuit.admit(job.limits.circuit_breaker, Instant::now());
        admitted.map_err(|wait| ToolError::Unavailable { host: job.request.host(), wait })
    }

    /// One try, and what it says of the server.
    async fn attempt(&self, job: &Job<'_>, trial: Trial<'_>, timeout: Duration, deadline: Instant) -> Tried {
        let began = Instant::now();
        let tried = timeout_at(deadline, self.follow(job, deadline)).await.unwrap_or(Tried::TimedOut);
        let failed = match &tried {
            // A try that began late says nothing: its server had hardly a chance.
            Tried::TimedOut => (began.elapsed() >= timeout / 2).then_some(true),
            Tried::Done(Err(SendError::Unreachable(_) | SendError::Broken(_) | SendError::Silent(_))) => Some(true),
            // What a server does not offer at all says nothing of how it is.
            Tried::Done(Ok(answer)) => Some(answer.status >= 500 && answer.status != 501),
            Tried::Redirected(_) => Some(false),
            Tried::Done(Err(_)) => None,
        };
        let change = match failed {
            Some(true) => trial.failed(Instant::now()),
            Some(false) => trial.succeeded(),
            None => Change::None,
        };
        log(change, job);
        tried
    }

    /// A request, with the redirects that may be followed.
    async fn follow(&self, job: &Job<'_>, deadline: Instant) -> Tried {
        let bounds = Bounds {
            max_response: job.max_response,
            connect_timeout: job.limits.connect_timeout,
            read_timeout: job.limits.read_timeout,
            stream_until: deadline.checked_sub(STREAM_MARGIN),
        };
        let clients = self.clients.here();
        let mut elsewhere: Option<WireRequest> = None;
        for followed in 0.. {
            let request = elsewhere.as_ref().unwrap_or(job.request);
            let answer = match clients.send(request, &bounds).await {
                Ok(answer) => answer,
                Err(error) => return Tried::Done(Err(error)),
            };
            facts::answered(answer.status, answer.body.len());
            elsewhere = match redirect::next(request, &answer, followed) {
                Ok(Next::Here) => return Tried::Done(Ok(answer)),
                Ok(Next::Same(url)) => Some(WireRequest { url, ..request.clone() }),
                Ok(Next::Other(url)) => Some(redirect::stripped(request, url)),
                Err(error) => return Tried::Redirected(error),
            };
        }
        Tried::TimedOut
    }
}

fn log(change: Change, job: &Job<'_>) {
    let api = job.api;
    match change {
        Change::None => {}
        Change::Opened(pause) => tracing::warn!(api, ?pause, "a server fails again and again and is left alone"),
        Change::Closed => tracing::info!(api, "a server that failed is well again"),
    }
}

fn finished(result: Result<Answer, SendError>, job: &Job<'_>) -> Result<Answer, ToolError> {
    result.map_err(|error| unsent(error, job.tool, job.request))
}

pub(super) fn unsent(error: SendError, tool: &str, request: &WireRequest) -> ToolError {
    let host = request.host();
    match error {
        SendError::Refused(reason) => ToolError::Refused { host, reason },
        SendError::Unreachable(reason) | SendError::Broken(reason) | SendError::Unusable(reason) => {
            ToolError::Network { host, reason }
        }
        SendError::Silent(timeout) => {
            ToolError::Timeout { host, timeout, hint: timeout_hint(&request.method).to_owned() }
        }
        SendError::Invalid(reason) => ToolError::Definition { tool: tool.to_owned(), reason },
    }
}

fn timed_out(job: &Job<'_>, timeout: Duration) -> ToolError {
    let hint = timeout_hint(&job.request.method).to_owned();
    ToolError::Timeout { host: job.request.host(), timeout, hint }
}

/// What happened, in words that no server chose.
fn reason(result: &Result<Answer, SendError>) -> String {
    match result {
        Ok(answer) => format!("the server answered {}", answer.status),
        Err(SendError::Silent(_)) => "the server was silent".to_owned(),
        Err(SendError::Unreachable(_)) => "no connection".to_owned(),
        Err(SendError::Broken(_)) => "the connection broke".to_owned(),
        Err(SendError::Refused(_) | SendError::Unusable(_) | SendError::Invalid(_)) => "it was not sent".to_owned(),
    }
}

fn timeout_hint(method: &str) -> &'static str {
    match method {
        "GET" | "HEAD" | "OPTIONS" => "trying again, or asking for less, may help",
        _ => "it may have taken effect all the same; look before calling again",
    }
}
