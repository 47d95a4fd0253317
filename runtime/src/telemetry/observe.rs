//! Observing a call: from before it begins until it ended, however it does.

use std::time::Instant;

use serde_json::{Map, Value};

use super::facts::{Facts, noted};
use super::{CallRecord, Ending, RequestId, Telemetry, TraceParent};
use crate::registry::RegisteredTool;

/// What is known of a call before it is made.
#[derive(Clone, Copy, Debug)]
pub struct ObservedCall<'a> {
    /// The request that it belongs to.
    pub id: RequestId,
    /// The caller's trace, if it sent one.
    pub parent: Option<TraceParent>,
    /// Who calls.
    pub principal: &'a str,
    /// The name that is called, as the caller wrote it.
    pub name: &'a str,
    /// The api, also of a tool that is held back.
    pub api: Option<&'a str>,
    /// What is served under the name.
    pub tool: Option<&'a RegisteredTool>,
    /// As the caller wrote them. Only a digest of them is made, if anybody wants it.
    pub arguments: &'a Map<String, Value>,
}

/// An error that says what a call came to.
pub trait Outcome {
    /// What the call came to.
    fn ending(&self) -> Ending;
}

impl Telemetry {
    /// Carries out `work` and records it once: when it ended, or when it is dropped before.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn observe<T, E: Outcome>(
        &self,
        call: ObservedCall<'_>,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let parent = call.parent.map(|parent| (self.clone(), parent));
        let observed = async {
            let mut observation = Observation::begin(self, call);
            let result = work.await;
            observation.ending = result.as_ref().map_or_else(Outcome::ending, |_| Ending::Done);
            result
        };
        Facts::new(call.id, parent).during(observed).await
    }
}

/// A call that is under way. Dropping it ends it.
struct Observation<'a> {
    telemetry: &'a Telemetry,
    call: ObservedCall<'a>,
    start: Instant,
    ending: Ending,
}

impl<'a> Observation<'a> {
    fn begin(telemetry: &'a Telemetry, call: ObservedCall<'a>) -> Self {
        for sink in &telemetry.inner.sinks {
            sink.began(call.api);
        }
        // Until it is known better: dropped before its end, a call was cancelled.
        Self { telemetry, call, start: Instant::now(), ending: Ending::Cancelled }
    }

    fn record(&self) -> CallRecord<'a> {
        let (call, noted) = (self.call, noted());
        let key = self.telemetry.audit().map(super::AuditLog::key);
        CallRecord {
            id: call.id,
            principal: call.principal,
            tool: Some(call.name).filter(|name| call.tool.is_some() || could_be_a_tool(name)),
            api: call.api,
            capability: call.tool.map(RegisteredTool::capability),
            definition: key.and(call.tool).and_then(|tool| tool.files.digest()),
            arguments: key.map(|key| key.digest(call.arguments)),
            ending: self.ending,
            status: noted.status,
            classes: noted.classes,
            attempts: noted.attempts,
            sent: noted.sent,
            received: noted.received,
            duration: self.start.elapsed(),
            waited: noted.waited,
            cached: noted.cached,
        }
    }
}

impl Drop for Observation<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.ending = Ending::Failed("panic");
        }
        let sinks = &self.telemetry.inner.sinks;
        if sinks.is_empty() {
            return;
        }
        let record = self.record();
        for sink in sinks {
            sink.ended(&record);
        }
    }
}

/// Whether a name that nothing is served under has the form of one. Others are text of the caller's
/// making, which may be anything.
fn could_be_a_tool(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
