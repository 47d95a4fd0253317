//! Where a call came from: the request that carried it, and the trace that its caller is in.

use http::request::Parts;
use rmcp::RoleServer;
use rmcp::service::RequestContext;

use crate::telemetry::{RequestId, Telemetry, TraceParent};

/// The request behind a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The identifier that the HTTP layer gave it; over standard input a new one.
    pub(super) id: RequestId,
    /// The caller's trace, if it sent one and anybody wants it.
    pub(super) parent: Option<TraceParent>,
}

/// Reads the origin of a call. The `traceparent` of the message counts before the one of the HTTP
/// request, which may carry several messages.
pub(super) fn origin(context: &RequestContext<RoleServer>, telemetry: &Telemetry) -> Origin {
    let parts = context.extensions.get::<Parts>();
    let id = parts.and_then(|parts| parts.extensions.get::<RequestId>().copied());
    let parent = telemetry.wants_parents().then(|| {
        let of_message = context.meta.get(TRACEPARENT).and_then(serde_json::Value::as_str);
        let of_request = || parts?.headers.get(TRACEPARENT)?.to_str().ok();
        of_message.or_else(of_request).and_then(TraceParent::parse)
    });
    Origin { id: id.unwrap_or_else(|| telemetry.next_id()), parent: parent.flatten() }
}

const TRACEPARENT: &str = "traceparent";
