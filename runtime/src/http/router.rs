//! The routes.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use tokio_util::sync::CancellationToken;

use super::layers::layered;
use super::{Admission, health, metrics};
use crate::mcp::{Admitted, Gateway, SingleEndpoints, http_endpoint};

/// `/mcp` and `/mcp/servers/{name}` for requests that `admission` lets in, `/health`, `/ready` and `/metrics`. Open streams end with `token`.
pub fn router(gateway: Gateway, admission: &Admission, token: &CancellationToken) -> Router {
    let telemetry = gateway.telemetry().clone();
    let admitted =
        Admitted { hosts: admission.hosts.clone(), origins: admission.origins.clone(), token: token.clone() };
    let endpoint = http_endpoint(gateway.clone(), &admitted);
    let single = SingleEndpoints::new(gateway.clone(), admitted);
    let single = Router::new().route("/mcp/servers/{name}", any(serve_single)).with_state(single);
    let health = Router::new().route("/health", get(health::health)).route("/ready", get(health::ready));
    let metrics = Router::new().route("/metrics", get(metrics::metrics));
    let routes = health.merge(metrics).with_state(gateway).route_service("/mcp", endpoint).merge(single);
    layered(routes, telemetry)
}

/// One server alone.
async fn serve_single(State(single): State<SingleEndpoints>, Path(name): Path<String>, request: Request) -> Response {
    match single.of(&name) {
        Ok(endpoint) => endpoint.handle(request).await.into_response(),
        Err(reason) => (StatusCode::NOT_FOUND, reason).into_response(),
    }
}
