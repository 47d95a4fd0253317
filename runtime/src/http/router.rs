//! The routes.

use axum::Router;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use super::layers::layered;
use super::{Admission, health};
use crate::mcp::{Gateway, http_endpoint};

/// `/mcp` for requests that `admission` lets in, and `/health`. Open streams end with `token`.
pub fn router(gateway: Gateway, admission: &Admission, token: &CancellationToken) -> Router {
    let endpoint = http_endpoint(gateway.clone(), &admission.hosts, &admission.origins, token);
    let health = Router::new().route("/health", get(health::health)).with_state(gateway);
    layered(health.route_service("/mcp", endpoint))
}
