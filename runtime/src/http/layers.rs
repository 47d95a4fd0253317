//! What every request passes, outermost first. A new layer gets its line here, with its reason.

use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;

use crate::telemetry::Telemetry;

/// Puts the layers round `routes`.
pub(super) fn layered(routes: Router, telemetry: Telemetry) -> Router {
    // axum runs the layer that is added last first, so this list reads from the inside out.
    routes
        // Answers are for the one who asked, and are what their type says.
        .layer(from_fn(headers))
        // A name, one line and one count for each request, around everything, so that they have the
        // final status and time.
        .layer(from_fn_with_state(telemetry, told))
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(NO_SNIFF.0, NO_SNIFF.1);
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn told(State(telemetry): State<Telemetry>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = telemetry.next_id();
    request.extensions_mut().insert(id);
    let (method, route) = (request.method().clone(), route(request.uri().path()));
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(%id, %method, route, status, elapsed = ?start.elapsed(), "answered");
    if let Some(metrics) = telemetry.metrics() {
        metrics.requested(route, status);
    }
    response
}

/// The routes that there are, and one name for all others: paths are text of a client's making.
fn route(path: &str) -> &'static str {
    let known = ["/mcp", "/health", "/ready", "/metrics"].into_iter().find(|known| *known == path);
    let single = path.starts_with("/mcp/servers/").then_some("/mcp/servers");
    known.or(single).unwrap_or("other")
}

const NO_SNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
