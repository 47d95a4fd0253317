//! Outcomes and answers as MCP results.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, ErrorCode, JsonObject, MetaObject, ProtocolVersion,
    ResourceContents, ServerResult,
};
use serde::Serialize;
use serde_json::Value;

use super::error::CallError;
use crate::execute::{Content, ToolOutcome};

/// What an MCP revision lets a structured result be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Structured {
    /// A JSON object.
    ObjectsOnly,
    /// Any JSON.
    Any,
}

impl Structured {
    /// What a client of `version` understands; dates compare as text.
    pub(super) fn of(version: Option<&ProtocolVersion>) -> Self {
        match version {
            Some(version) if version.as_str() >= ProtocolVersion::V_2026_07_28.as_str() => Self::Any,
            _ => Self::ObjectsOnly,
        }
    }

    fn allows(self, value: &Value) -> bool {
        self == Self::Any || value.is_object()
    }
}

/// The answer of one of the gateway's own tools: structured, and the same as text.
pub(super) fn answer(answer: &impl Serialize) -> Result<CallToolResult, serde_json::Error> {
    Ok(CallToolResult::structured(serde_json::to_value(answer)?))
}

/// An error as agents see it.
pub(super) fn failure(error: &CallError) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(error.to_string())])
}

/// The name under which a client called a tool: the next page is asked for accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `gateway_invoke`, which takes a cursor.
    Invoked,
    /// The tool's own. Its arguments are the API's, and a cursor among them could be one of the API's too.
    Direct,
    /// The tool's own at an endpoint where there is nothing else.
    Single,
}

impl Way {
    /// How the next page is reached.
    fn to_next(self, tool: &str, cursor: &str) -> String {
        match self {
            Self::Invoked => format!("there is more: call again with the same arguments and `cursor`: \"{cursor}\""),
            Self::Direct => format!(
                "there is more: call `gateway_invoke` with `tool`: \"{tool}\", the same arguments as `arguments`, and \
                 `cursor`: \"{cursor}\""
            ),
            Self::Single => "there is more, which only the gateway's own endpoint, `/mcp`, gives".to_owned(),
        }
    }
}

/// The outcome of a call.
pub(super) fn outcome(tool: &str, outcome: ToolOutcome, allowed: Structured, way: Way) -> CallToolResult {
    let mut blocks: Vec<ContentBlock> = outcome.content.into_iter().map(|content| block(tool, content)).collect();
    if let (true, Some(value)) = (blocks.is_empty(), &outcome.structured) {
        blocks.push(ContentBlock::text(value.to_string()));
    }
    let next = outcome.next_cursor.as_deref().map(|cursor| way.to_next(tool, cursor));
    blocks.extend(outcome.notes.into_iter().chain(next).map(|note| ContentBlock::text(format!("note: {note}"))));
    let mut result = CallToolResult::success(blocks);
    if let Some(cursor) = outcome.next_cursor {
        let meta = JsonObject::from_iter([("next_cursor".to_owned(), Value::String(cursor))]);
        result.meta = Some(MetaObject(meta));
    }
    result.structured_content = outcome.structured.filter(|value| allowed.allows(value));
    result
}

/// Whether a result is one that a call may have.
pub(super) fn is_of_call(result: &ServerResult) -> bool {
    matches!(
        result,
        ServerResult::CallToolResult(_) | ServerResult::InputRequiredResult(_) | ServerResult::CreateTaskResult(_)
    )
}

/// What an upstream answered to a call, as it is, as far as the client's revision can say it.
///
/// # Errors
/// A result that is none of a call.
pub(super) fn upstream(result: ServerResult, allowed: Structured) -> Result<CallToolResponse, ErrorData> {
    match result {
        ServerResult::CallToolResult(mut result) => {
            result.structured_content = result.structured_content.filter(|value| allowed.allows(value));
            Ok(result.into())
        }
        ServerResult::InputRequiredResult(result) => Ok(result.into()),
        ServerResult::CreateTaskResult(result) => Ok(result.into()),
        _ => Err(ErrorData::internal_error("the upstream answered what is no result of a call", None)),
    }
}

/// Whether an upstream's error tells the client's program what to do, and not the model.
pub(super) fn is_for_client(error: &ErrorData) -> bool {
    error.code == ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY || error.code == URL_ELICITATION_REQUIRED
}

/// The outcome of a call as the MCP result that `gateway_invoke` gives: for who calls without a gateway.
#[must_use]
pub fn result(tool: &str, called: ToolOutcome) -> Value {
    serde_json::to_value(outcome(tool, called, Structured::Any, Way::Invoked)).unwrap_or_default()
}

fn block(tool: &str, content: Content) -> ContentBlock {
    match content {
        Content::Text(text) => ContentBlock::text(text),
        Content::Image { data, media_type } => ContentBlock::image(data, media_type),
        Content::Audio { data, media_type } => ContentBlock::audio(data, media_type),
        Content::Blob { data, media_type } => {
            // MCP asks for an address; the bytes are here and nowhere else.
            let contents = ResourceContents::blob(data, format!("cap://result/{tool}")).with_mime_type(media_type);
            ContentBlock::resource(contents)
        }
    }
}

/// MCP 2025-11-25, "URL mode elicitation": a person has to open an address first.
const URL_ELICITATION_REQUIRED: ErrorCode = ErrorCode(-32042);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn structured_content_fits_the_revision() {
        let list = || ToolOutcome { structured: Some(json!([1])), ..ToolOutcome::default() };
        let old = outcome("t", list(), Structured::of(Some(&ProtocolVersion::V_2025_11_25)), Way::Invoked);
        assert_eq!((old.structured_content, old.content.len()), (None, 1));
        let new = outcome("t", list(), Structured::of(Some(&ProtocolVersion::V_2026_07_28)), Way::Invoked);
        assert_eq!(new.structured_content, Some(json!([1])));
    }

    #[test]
    fn every_content_has_a_block() {
        let bytes = |media_type: &str| ("AAAA".to_owned(), media_type.to_owned());
        let (data, media_type) = bytes("application/pdf");
        let content = vec![Content::Text("one".to_owned()), Content::Blob { data, media_type }];
        let result = outcome(
            "t",
            ToolOutcome { content, notes: vec!["cut".to_owned()], ..ToolOutcome::default() },
            Structured::Any,
            Way::Direct,
        );
        let json = serde_json::to_value(&result.content).unwrap();
        assert_eq!(json[1]["resource"]["mimeType"], "application/pdf");
        assert_eq!(json[2]["text"], "note: cut");
    }
}
