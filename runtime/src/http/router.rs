//! The routes.

use axum::Router;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use super::layers::layered;
use super::{Admission, health, metrics};
use crate::mcp::{Gateway, http_endpoint};

/// `/mcp` for requests that `admission` lets in, `/health`, `/ready` and `/metrics`. Open streams end with `token`.
pub fn router(gateway: Gateway, admission: &Admission, token: &CancellationToken) -> Router {
    let telemetry = gateway.telemetry().clone();
    let endpoint = http_endpoint(gateway.clone(), &admission.hosts, &admission.origins, token);
    let health = Router::new().route("/health", get(health::health)).route("/ready", get(health::ready));
    let metrics = Router::new().route("/metrics", get(metrics::metrics));
    let routes = health.merge(metrics).with_state(gateway).route_service("/mcp", endpoint);
    layered(routes, telemetry)
}
