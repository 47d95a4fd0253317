//! `/health`: what is served and what is held back. `/ready`: whether calls are taken.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cap_compiler::pin::Pin;
use serde::Serialize;

use crate::mcp::Gateway;
use crate::registry::{Snapshot, reasons};
use crate::upstream::{Remote, StateName};

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
    /// The MCP servers behind the gateway.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<UpstreamHealth>,
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

/// An MCP server behind the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamHealth {
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: StateName,
    /// Why, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many of its tools are served.
    pub tools: usize,
}

impl UpstreamHealth {
    fn of(remote: &Remote) -> Self {
        let state = remote.state();
        Self {
            name: remote.name().to_owned(),
            status: state.name(),
            reason: state.reason().map(str::to_owned),
            tools: remote.catalog().tools.len(),
        }
    }

    /// Whether nobody has to look: what is paused is so because a person wanted it.
    fn is_well(&self) -> bool {
        !matches!(self.status, StateName::NeedsLogin | StateName::Unavailable | StateName::Quarantined)
    }
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
        let upstreams: Vec<UpstreamHealth> = snapshot.upstreams().map(|remote| UpstreamHealth::of(remote)).collect();
        let well = quarantined.is_empty() && problems.is_empty() && upstreams.iter().all(UpstreamHealth::is_well);
        Self {
            status: if well { HealthStatus::Ok } else { HealthStatus::Degraded },
            version: env!("CARGO_PKG_VERSION"),
            generation: snapshot.generation(),
            tools: snapshot.tools().len(),
            unpinned: snapshot.tools().iter().filter(|tool| tool.pin == Pin::Unlisted).count(),
            quarantined,
            upstreams,
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
