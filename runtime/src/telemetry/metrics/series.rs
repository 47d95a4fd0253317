//! What is counted of calls, by api.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::telemetry::CallRecord;

/// All counts of calls.
#[derive(Debug, Default)]
pub(super) struct CallSeries {
    families: Families,
    /// By the api's name. Calls of tools that do not exist have the empty one.
    apis: RwLock<BTreeMap<String, Arc<ApiSeries>>>,
}

#[derive(Debug)]
struct Families {
    calls: Family<CallLabels, Counter>,
    duration: Family<ApiLabels, Histogram, fn() -> Histogram>,
    waited: Family<ApiLabels, Counter<f64, std::sync::atomic::AtomicU64>>,
    attempts: Family<ApiLabels, Counter>,
    statuses: Family<StatusLabels, Counter>,
    in_flight: Family<ApiLabels, Gauge>,
    sent: Family<ApiLabels, Counter>,
    received: Family<ApiLabels, Counter>,
    cached: Family<ApiLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ApiLabels {
    api: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    api: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    api: String,
    class: &'static str,
}

/// What the calls of one api count into, found once.
#[derive(Debug)]
struct ApiSeries {
    outcomes: RwLock<BTreeMap<&'static str, Counter>>,
    duration: Histogram,
    waited: Counter<f64, std::sync::atomic::AtomicU64>,
    attempts: Counter,
    statuses: [Counter; 5],
    in_flight: Gauge,
    sent: Counter,
    received: Counter,
    cached: Counter,
}

impl CallSeries {
    pub(super) fn register(to: &mut Registry) -> Self {
        let series = Self::default();
        let families = &series.families;
        to.register("cap_calls", "Calls of tools that ended, by what they came to", families.calls.clone());
        let text = "Time of a call from request to answer, in seconds";
        to.register("cap_call_duration_seconds", text, families.duration.clone());
        let text = "Time that calls waited for limits and between tries, in seconds";
        to.register("cap_call_wait_seconds", text, families.waited.clone());
        to.register("cap_call_attempts", "Requests sent to servers, tries again included", families.attempts.clone());
        to.register("cap_upstream_status", "Answers of servers, by class of status", families.statuses.clone());
        to.register("cap_calls_in_flight", "Calls that are under way", families.in_flight.clone());
        to.register("cap_request_bytes", "Bytes of bodies sent to servers", families.sent.clone());
        let text = "Bytes of bodies that servers answered, decompressed";
        to.register("cap_response_bytes", text, families.received.clone());
        let text = "Calls answered from an earlier answer";
        to.register("cap_calls_cached", text, families.cached.clone());
        series
    }

    pub(super) fn began(&self, api: Option<&str>) {
        self.of(api.unwrap_or_default()).in_flight.inc();
    }

    pub(super) fn ended(&self, record: &CallRecord<'_>) {
        let api = record.api.unwrap_or_default();
        let series = self.of(api);
        series.in_flight.dec();
        series.duration.observe(record.duration.as_secs_f64());
        series.attempts.inc_by(u64::from(record.attempts));
        for (counter, count) in series.statuses.iter().zip(record.classes) {
            if count > 0 {
                counter.inc_by(u64::from(count));
            }
        }
        series.sent.inc_by(record.sent);
        series.received.inc_by(record.received);
        if !record.waited.is_zero() {
            series.waited.inc_by(record.waited.as_secs_f64());
        }
        if record.cached {
            series.cached.inc();
        }
        self.count_outcome(&series, api, record.ending.name());
    }

    fn count_outcome(&self, series: &ApiSeries, api: &str, outcome: &'static str) {
        let known = series.outcomes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(outcome) {
            counter.inc();
            return;
        }
        drop(known);
        let counter = self.families.calls.get_or_create_owned(&CallLabels { api: api.to_owned(), outcome });
        counter.inc();
        series.outcomes.write().unwrap_or_else(PoisonError::into_inner).insert(outcome, counter);
    }

    fn of(&self, api: &str) -> Arc<ApiSeries> {
        if let Some(series) = self.apis.read().unwrap_or_else(PoisonError::into_inner).get(api) {
            return Arc::clone(series);
        }
        let mut apis = self.apis.write().unwrap_or_else(PoisonError::into_inner);
        let series = apis.entry(api.to_owned()).or_insert_with(|| Arc::new(self.families.series(api)));
        Arc::clone(series)
    }
}

impl Families {
    fn series(&self, api: &str) -> ApiSeries {
        let labels = ApiLabels { api: api.to_owned() };
        let status = |class| self.statuses.get_or_create_owned(&StatusLabels { api: api.to_owned(), class });
        ApiSeries {
            outcomes: RwLock::default(),
            duration: self.duration.get_or_create_owned(&labels),
            waited: self.waited.get_or_create_owned(&labels),
            attempts: self.attempts.get_or_create_owned(&labels),
            statuses: CLASSES.map(status),
            in_flight: self.in_flight.get_or_create_owned(&labels),
            sent: self.sent.get_or_create_owned(&labels),
            received: self.received.get_or_create_owned(&labels),
            cached: self.cached.get_or_create_owned(&labels),
        }
    }
}

impl Default for Families {
    fn default() -> Self {
        Self {
            calls: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(CALL_BUCKETS)),
            waited: Family::default(),
            attempts: Family::default(),
            statuses: Family::default(),
            in_flight: Family::default(),
            sent: Family::default(),
            received: Family::default(),
            cached: Family::default(),
        }
    }
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// In seconds.
const CALL_BUCKETS: [f64; 14] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
