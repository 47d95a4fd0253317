//! Questions to the client's person, model and roots, in the way of the client's revision: a request
//! of the server before 2026-07-28, and a result that wants input from then on.

#![expect(deprecated, reason = "sampling and roots are deprecated, and still spoken")]

use rmcp::model::{
    ClientCapabilities, ContentBlock, CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult,
    ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationCapability, ElicitationSchema, InputRequest,
    InputRequests, InputRequiredResult, InputResponses, ListRootsRequest, ListRootsResult, RootsCapabilities,
    SamplingCapability, SamplingMessage, ServerRequest,
};
use rmcp::service::{RequestContext, ServiceError};
use rmcp::{ErrorData, RoleServer};
use serde_json::Value;

/// One round of a request: who asks, and what the client has answered already.
pub(crate) struct Round<'a> {
    pub(crate) cx: &'a RequestContext<RoleServer>,
    pub(crate) responses: InputResponses,
}

/// What came of a question.
pub(crate) enum Asked {
    /// The client's result, as it came.
    Answered(Value),
    /// The client has to ask again with its answer.
    Wanted(Box<InputRequiredResult>),
}

/// A question to the person, with the form to fill in.
///
/// # Errors
/// When the form is none that the protocol knows.
pub(crate) fn person(message: &str, form: Value) -> Result<InputRequest, ErrorData> {
    let schema: ElicitationSchema = serde_json::from_value(form).map_err(|error| internal(&error))?;
    let params = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message.to_owned(),
        requested_schema: schema,
    };
    Ok(InputRequest::Elicitation(ElicitRequest::new(params)))
}

/// A question to the model.
pub(crate) fn model(prompt: &str, max_tokens: u32) -> InputRequest {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], max_tokens);
    InputRequest::CreateMessage(CreateMessageRequest::new(params))
}

/// A question for the client's roots.
pub(crate) fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

/// Whether the client speaks a revision without `initialize`.
pub(crate) fn is_modern(cx: &RequestContext<RoleServer>) -> bool {
    cx.protocol_version().is_some_and(|version| !version.has_initialize())
}

/// Whether the client said that it can be asked this.
pub(crate) fn supports(cx: &RequestContext<RoleServer>, request: &InputRequest) -> bool {
    let Some(has) = cx.client_capabilities() else { return false };
    match request {
        InputRequest::Elicitation(_) => has.elicitation.is_some(),
        InputRequest::CreateMessage(_) => has.sampling.is_some(),
        InputRequest::ListRoots(_) => has.roots.is_some(),
        _ => false,
    }
}

/// The error that says which capability a client would need.
pub(crate) fn unsupported(request: &InputRequest) -> ErrorData {
    let mut needed = ClientCapabilities::default();
    match request {
        InputRequest::Elicitation(_) => needed.elicitation = Some(ElicitationCapability::default()),
        InputRequest::CreateMessage(_) => needed.sampling = Some(SamplingCapability::default()),
        InputRequest::ListRoots(_) => needed.roots = Some(RootsCapabilities::default()),
        _ => {}
    }
    ErrorData::missing_required_client_capability(needed)
}

impl Round<'_> {
    /// Asks one question.
    ///
    /// # Errors
    /// When the client cannot be asked, or failed to answer.
    pub(crate) async fn ask(&self, key: &str, request: InputRequest) -> Result<Asked, ErrorData> {
        if !supports(self.cx, &request) {
            return Err(unsupported(&request));
        }
        if !is_modern(self.cx) {
            return self.send(request).await.map(Asked::Answered);
        }
        if let Some(answer) = self.answer(key, &request) {
            return Ok(Asked::Answered(answer.clone()));
        }
        let wanted = InputRequests::from([(key.to_owned(), request)]);
        Ok(Asked::Wanted(Box::new(InputRequiredResult::from_input_requests(wanted))))
    }

    /// The client's answer to a question, if it has the shape of one.
    pub(crate) fn answer(&self, key: &str, request: &InputRequest) -> Option<&Value> {
        let answer = self.responses.get(key)?;
        let shaped = match request {
            InputRequest::Elicitation(_) => serde_json::from_value::<ElicitResult>(answer.clone()).is_ok(),
            InputRequest::CreateMessage(_) => serde_json::from_value::<CreateMessageResult>(answer.clone()).is_ok(),
            InputRequest::ListRoots(_) => serde_json::from_value::<ListRootsResult>(answer.clone()).is_ok(),
            _ => false,
        };
        shaped.then_some(answer)
    }

    async fn send(&self, request: InputRequest) -> Result<Value, ErrorData> {
        let request = match request {
            InputRequest::Elicitation(request) => ServerRequest::ElicitRequest(request),
            InputRequest::CreateMessage(request) => ServerRequest::CreateMessageRequest(request),
            InputRequest::ListRoots(request) => ServerRequest::ListRootsRequest(request),
            _ => return Err(ErrorData::internal_error("internal error: a question of an unknown kind", None)),
        };
        let answer = self.cx.peer.send_request(request).await.map_err(failed)?;
        serde_json::to_value(answer).map_err(|error| internal(&error))
    }
}

/// The text of what a model answered.
pub(crate) fn said(answer: &Value) -> String {
    let content = answer.get("content");
    let block = content.and_then(|content| content.get(0)).or(content);
    let block = block.and_then(|block| serde_json::from_value::<ContentBlock>(block.clone()).ok());
    block.and_then(|block| block.as_text().map(|text| text.text.clone())).unwrap_or_default()
}

fn failed(error: ServiceError) -> ErrorData {
    if let ServiceError::McpError(error) = error {
        return error;
    }
    ErrorData::internal_error(error.to_string(), None)
}

fn internal(error: &serde_json::Error) -> ErrorData {
    ErrorData::internal_error(format!("internal error: {error}"), None)
}
