//! Counts for Prometheus. Only this folder knows its library.
//!
//! Labels have few values: names of apis, words of fixed sets, status codes. Never a tool's name, a
//! host or anything that a caller or a server said, so that no one can make the counts grow. What an
//! api counts into is found once and kept, so that a call costs a few additions.

mod series;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::{AuditLog, CallRecord, CallSink};
use crate::registry::Snapshot;
use crate::upstream::StateName;
use series::CallSeries;

/// The media type of what [`Metrics::render`] writes.
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the gateway counts.
#[derive(Debug)]
pub struct Metrics {
    /// Locked while it is written, not while something is counted.
    registry: Mutex<Registry>,
    calls: CallSeries,
    searches: Counter,
    search_duration: Histogram,
    requests: Family<RequestLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    served: ServedGauges,
    audit_lost: Counter,
}

/// How an attempt to load the folders ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadResult {
    /// Something changed and is served.
    Loaded,
    /// Nothing had changed.
    Unchanged,
    /// What was served before is served on.
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    result: &'static str,
}

/// What is served now; set when somebody asks.
#[derive(Clone, Debug, Default)]
struct ServedGauges {
    generation: Gauge,
    tools: Gauge,
    quarantined: Gauge,
    problems: Gauge,
    upstreams: Family<UpstreamLabels, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabels {
    upstream: String,
    state: &'static str,
}

impl Metrics {
    /// Nothing counted yet. The process counts as started now.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let calls = CallSeries::register(&mut registry);
        let metrics = Self {
            calls,
            searches: Counter::default(),
            search_duration: Histogram::new(SEARCH_BUCKETS),
            requests: Family::default(),
            reloads: Family::default(),
            served: ServedGauges::default(),
            audit_lost: Counter::default(),
            registry: Mutex::default(),
        };
        metrics.register(&mut registry);
        *metrics.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        metrics
    }

    fn register(&self, to: &mut Registry) {
        to.register("cap_searches", "Searches of agents", self.searches.clone());
        let text = "Time of a search, in seconds";
        to.register("cap_search_duration_seconds", text, self.search_duration.clone());
        to.register("cap_requests", "HTTP requests answered, by route and status", self.requests.clone());
        to.register("cap_reloads", "Attempts to load the capabilities folders", self.reloads.clone());
        self.served.register(to);
        to.register("cap_audit_lost", "Calls that the audit log has no line of", self.audit_lost.clone());
        let started: Gauge<f64, std::sync::atomic::AtomicU64> = Gauge::default();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        started.set(since.as_secs_f64());
        to.register("process_start_time_seconds", "When the process started, in seconds since 1970", started);
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        to.register("cap_build", "The version that runs", build);
    }

    /// Counts a search.
    pub fn searched(&self, duration: Duration) {
        self.searches.inc();
        self.search_duration.observe(duration.as_secs_f64());
    }

    /// Counts an HTTP request to one of the routes.
    pub fn requested(&self, route: &'static str, status: u16) {
        self.requests.get_or_create(&RequestLabels { route, status }).inc();
    }

    /// Counts an attempt to load the folders.
    pub fn reloaded(&self, result: ReloadResult) {
        let result = match result {
            ReloadResult::Loaded => "loaded",
            ReloadResult::Unchanged => "unchanged",
            ReloadResult::Failed => "failed",
        };
        self.reloads.get_or_create(&ReloadLabels { result }).inc();
    }

    /// All counts in the OpenMetrics text format. `fault` is what keeps the folders from being loaded.
    #[must_use]
    pub fn render(&self, snapshot: &Snapshot, fault: Option<&str>, audit: Option<&AuditLog>) -> String {
        self.served.set(snapshot, fault);
        // The log counts by itself, so that it need not know who reads its count.
        self.audit_lost.inner().store(audit.map_or(0, AuditLog::lost), Ordering::Relaxed);
        let mut written = String::with_capacity(4096);
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        _ = text::encode(&mut written, &registry);
        written
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl CallSink for Metrics {
    fn began(&self, api: Option<&str>) {
        self.calls.began(api);
    }

    fn ended(&self, record: &CallRecord<'_>) {
        self.calls.ended(record);
    }
}

impl ServedGauges {
    fn register(&self, to: &mut Registry) {
        to.register("cap_generation", "Counts the loads that changed something", self.generation.clone());
        to.register("cap_tools", "Tools that are served", self.tools.clone());
        to.register("cap_tools_quarantined", "Tools that are held back", self.quarantined.clone());
        let text = "Upstream MCP servers: 1 for the state that each is in";
        to.register("cap_upstream_state", text, self.upstreams.clone());
        to.register("cap_problems", "Faults of the files, as `/health` lists them", self.problems.clone());
    }

    fn set(&self, snapshot: &Snapshot, fault: Option<&str>) {
        let set = |gauge: &Gauge, value: usize| _ = gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        self.generation.set(i64::try_from(snapshot.generation()).unwrap_or(i64::MAX));
        set(&self.tools, snapshot.tools().len());
        self.upstreams.clear();
        for remote in snapshot.upstreams() {
            let now = remote.state().name();
            for state in StateName::ALL {
                let labels = UpstreamLabels { upstream: remote.name().to_owned(), state: state.as_str() };
                self.upstreams.get_or_create(&labels).set(i64::from(state == now));
            }
        }
        set(&self.quarantined, snapshot.quarantined().len());
        set(&self.problems, snapshot.problems().len() + usize::from(fault.is_some()));
    }
}

/// In seconds.
const SEARCH_BUCKETS: [f64; 9] = [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25];
