//! `/metrics`: what is counted, for Prometheus and those who read its format.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::mcp::Gateway;
use crate::telemetry::METRICS_CONTENT_TYPE;

/// Answers with all counts; 404 where nothing is counted.
pub(super) async fn metrics(State(gateway): State<Gateway>) -> Response {
    let telemetry = gateway.telemetry();
    let Some(metrics) = telemetry.metrics() else { return StatusCode::NOT_FOUND.into_response() };
    let fault = gateway.fault();
    let text = metrics.render(&gateway.snapshot(), fault.as_deref().map(String::as_str), telemetry.audit());
    ([(header::CONTENT_TYPE, METRICS_CONTENT_TYPE)], text).into_response()
}
