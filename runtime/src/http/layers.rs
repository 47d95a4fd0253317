//! What every request passes, outermost first. A new layer gets its line here, with its reason.

use std::time::Instant;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;

/// Puts the layers round `routes`.
pub(super) fn layered(routes: Router) -> Router {
    // axum runs the layer that is added last first, so this list reads from the inside out.
    routes
        // Answers are for the one who asked, and are what their type says.
        .layer(from_fn(headers))
        // One line for each request, around everything, so that it has the final status and time.
        .layer(from_fn(log))
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

async fn log(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    tracing::debug!(%method, path, status, elapsed = ?start.elapsed(), "answered");
    response
}

const NO_SNIFF: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
