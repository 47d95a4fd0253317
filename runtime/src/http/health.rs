//! `/health`: what is served and what is held back. `/ready`: whether calls are taken.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cap_compiler::pin::Pin;
use serde::Serialize;

use crate::mcp::Gateway;
use crate::registry::{Snapshot, reasons};

/// The answer of `/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether someone should look.
    pub status: HealthStatus,
    /// The version of the gateway.
    pub version: &'static str,
    /// The number of the snapshot that is served.
    pub generation: u64,
    /// How many tools are served.
    pub tools: usize,
    /// How many of them no lock file vouches for.
    pub unpinned: usize,
    /// The tools that are not.
    pub quarantined: Vec<HeldBack>,
    /// What went wrong while files were loaded.
    pub problems: Vec<String>,
}

/// Whether someone should look. Either way the gateway serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthStatus {
    /// All that is in the folders is served.
    Ok,
    /// Some of it is not.
    Degraded,
}

/// A tool that is not served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldBack {
    /// Its name.
    pub tool: String,
    /// A sentence for each file that is not as it should be.
    pub reasons: Vec<String>,
}

impl Health {
    /// The health of what a snapshot serves; `fault` is what keeps the folders from being loaded again.
    #[must_use]
    pub fn of(snapshot: &Snapshot, fault: Option<&str>) -> Self {
        let quarantined: Vec<HeldBack> = snapshot
            .quarantined()
            .iter()
            .map(|held| HeldBack { tool: held.tool.as_str().to_owned(), reasons: reasons(held) })
            .collect();
        let problems: Vec<String> =
            fault.into_iter().map(str::to_owned).chain(snapshot.problems().iter().cloned()).collect();
        let well = quarantined.is_empty() && problems.is_empty();
        Self {
            status: if well { HealthStatus::Ok } else { HealthStatus::Degraded },
            version: env!("CARGO_PKG_VERSION"),
            generation: snapshot.generation(),
            tools: snapshot.tools().len(),
            unpinned: snapshot.tools().iter().filter(|tool| tool.pin == Pin::Unlisted).count(),
            quarantined,
            problems,
        }
    }
}

/// Answers from the snapshot that is served now.
pub(super) async fn health(State(gateway): State<Gateway>) -> Json<Health> {
    Json(Health::of(&gateway.snapshot(), gateway.fault().as_deref().map(String::as_str)))
}

/// Answers 503 from when the gateway was told to stop until it does, so that a load balancer sends
/// calls elsewhere while those under way are finished.
pub(super) async fn ready(State(gateway): State<Gateway>) -> (StatusCode, &'static str) {
    if gateway.is_stopping() { (StatusCode::SERVICE_UNAVAILABLE, "stopping\n") } else { (StatusCode::OK, "ready\n") }
}
