//! `_meta` and what rides with messages inside of the SDK: what goes on to the other side, and what is
//! one side's own.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

use rmcp::RoleServer;
use rmcp::model::{
    ClientRequest, Extensions, GetExtensions, GetMeta, RequestMetaObject, ResultType, ServerNotification, ServerResult,
};
use rmcp::service::RequestContext;
use serde_json::Value;

/// Whether a request is of a client that speaks 2026-07-28 or later: it holds no session, and cannot be asked.
pub(in crate::mcp) fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context.protocol_version().is_some_and(|version| !version.has_initialize())
}

/// The `_meta` of a request on its way to an upstream: the client's, but for what belongs to its own
/// connection. A newer upstream learns from it what the client can do.
pub(super) fn upstream(
    context: &RequestContext<RoleServer>,
    modern_upstream: bool,
    level: Option<Value>,
) -> RequestMetaObject {
    let mut meta = context.meta.clone();
    meta.0.0.shift_remove(PROGRESS_TOKEN);
    meta.0.0.shift_remove(PROTOCOL_VERSION);
    if !modern_upstream {
        meta.0.0.retain(|key, _| !key.starts_with(RESERVED));
        return meta;
    }
    if let (Some(capabilities), None) = (context.client_capabilities(), meta.client_capabilities()) {
        meta.set_client_capabilities(capabilities);
    }
    if let (Some(level), false) = (level, meta.0.0.contains_key(LOG_LEVEL)) {
        meta.0.0.insert(LOG_LEVEL.to_owned(), level);
    }
    if let (Some(info), None) = (context.client_info(), meta.client_info()) {
        meta.set_client_info(info);
    }
    meta
}

/// Takes from a request what rode with it on the client's side: `_meta` travels on its own.
pub(super) fn strip(request: &mut ClientRequest) {
    *request.extensions_mut() = Extensions::default();
    match request {
        ClientRequest::CallToolRequest(request) => request.params.meta = None,
        ClientRequest::GetPromptRequest(request) => request.params.meta = None,
        ClientRequest::ReadResourceRequest(request) => request.params.meta = None,
        _ => {}
    }
}

/// Says of a result that it is complete, where an upstream of a revision before 2026-07-28 says nothing of it:
/// that one demands it, and means the same.
pub(super) fn completed(mut result: ServerResult) -> ServerResult {
    let said = match &mut result {
        ServerResult::CallToolResult(result) => &mut result.result_type,
        ServerResult::CompleteResult(result) => &mut result.result_type,
        ServerResult::GetPromptResult(result) => &mut result.result_type,
        ServerResult::ListPromptsResult(result) => &mut result.result_type,
        ServerResult::ListResourcesResult(result) => &mut result.result_type,
        ServerResult::ListResourceTemplatesResult(result) => &mut result.result_type,
        ServerResult::ReadResourceResult(result) => &mut result.result_type,
        _ => return result,
    };
    said.get_or_insert(ResultType::COMPLETE);
    result
}

/// A note with its own `_meta` and nothing else.
pub(super) fn bare(mut note: ServerNotification) -> ServerNotification {
    let meta = note.get_meta().clone();
    *note.extensions_mut() = Extensions::default();
    *note.get_meta_mut() = meta;
    note
}

/// A note of a subscription as a session without subscriptions gets it.
pub(super) fn unsubscribed(note: ServerNotification) -> ServerNotification {
    let mut note = note;
    *note.extensions_mut() = Extensions::default();
    note
}

const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
const PROGRESS_TOKEN: &str = "progressToken";
const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// What the revision says goes with every request of a newer client.
const RESERVED: &str = "io.modelcontextprotocol/";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_older_upstream_answers_says_that_it_is_complete() {
        for old in [
            json!({"content": []}),
            json!({"contents": []}),
            json!({"messages": []}),
            json!({"prompts": []}),
            json!({"resources": []}),
            json!({"resourceTemplates": []}),
            json!({"completion": {"values": []}}),
        ] {
            let old: ServerResult = serde_json::from_value(old).unwrap();
            assert_eq!(serde_json::to_value(completed(old)).unwrap()["resultType"], "complete");
        }
    }
}
