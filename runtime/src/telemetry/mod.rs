//! What is seen of calls from outside: each call leaves one [`CallRecord`], which is handed to whoever
//! counts or writes calls down.
//!
//! ```text
//! call -> facts (noted on the way) -> record -> metrics | audit log | other sinks
//! ```
//!
//! What makes calls knows only the facts; it knows nothing of Prometheus or of files. Nothing here
//! holds an argument, a body or a secret: a record has sizes, names, times and digests.

mod arguments;
mod audit;
pub(crate) mod facts;
mod metrics;
mod observe;
mod record;
mod request_id;
mod trace_parent;

use std::fmt;
use std::sync::Arc;

pub use arguments::{DigestKey, canonical};
pub use audit::{AuditError, AuditLog, AuditTarget, audit_schema};
pub use metrics::{METRICS_CONTENT_TYPE, Metrics, ReloadResult};
pub use observe::{ObservedCall, Outcome};
pub use record::{CallRecord, Ending};
pub use request_id::RequestId;
pub use trace_parent::{RemoteParent, TraceParent};

use request_id::RequestIds;

/// Receives what there is to say about calls. It is called where the call runs, so it must neither
/// block nor fail.
pub trait CallSink: fmt::Debug + Send + Sync {
    /// A call of an api began; each is followed by one [`Self::ended`].
    fn began(&self, _api: Option<&str>) {}

    /// A call ended: it was answered, it failed, or whoever wanted it went away.
    fn ended(&self, record: &CallRecord<'_>);
}

/// Who is told about calls. Everything is off by default.
#[derive(Debug, Default)]
pub struct TelemetrySettings {
    /// Counts for `/metrics`.
    pub metrics: Option<Arc<Metrics>>,
    /// The file that has a line for each call.
    pub audit: Option<Arc<AuditLog>>,
    /// Further sinks.
    pub sinks: Vec<Arc<dyn CallSink>>,
    /// Makes a caller's trace the parent of a call's span, where spans are exported.
    pub parents: Option<Arc<dyn RemoteParent>>,
}

/// The one place where finished calls are recorded. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    metrics: Option<Arc<Metrics>>,
    audit: Option<Arc<AuditLog>>,
    sinks: Vec<Arc<dyn CallSink>>,
    parents: Option<Arc<dyn RemoteParent>>,
    ids: RequestIds,
}

impl Telemetry {
    /// Tells whom the settings name.
    #[must_use]
    pub fn new(settings: TelemetrySettings) -> Self {
        let TelemetrySettings { metrics, audit, mut sinks, parents } = settings;
        sinks.extend(metrics.clone().map(|metrics| metrics as Arc<dyn CallSink>));
        sinks.extend(audit.clone().map(|audit| audit as Arc<dyn CallSink>));
        Self { inner: Arc::new(Inner { metrics, audit, sinks, parents, ids: RequestIds::default() }) }
    }

    /// The counts, if they are on.
    #[must_use]
    pub fn metrics(&self) -> Option<&Metrics> {
        self.inner.metrics.as_deref()
    }

    /// The audit log, if it is on.
    #[must_use]
    pub fn audit(&self) -> Option<&AuditLog> {
        self.inner.audit.as_deref()
    }

    /// Whether a caller's trace is of use to anyone.
    #[must_use]
    pub fn wants_parents(&self) -> bool {
        self.inner.parents.is_some()
    }

    /// An identifier for a request, different from all others of this process.
    #[must_use]
    pub fn next_id(&self) -> RequestId {
        self.inner.ids.next()
    }
}
