//! Questions of an upstream, put to a client.

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

use futures::future::join_all;
use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ClientResult, ErrorCode, GetExtensions, GetMeta, InputRequest, InputRequests, InputResponses,
    ServerRequest,
};
use rmcp::service::ServiceError;
use rmcp::{Peer, RoleServer};
use serde_json::Value;

use super::Relay;
use crate::upstream::Ask;

impl Relay<'_> {
    /// Puts a question to the client, and gives the upstream the answer.
    pub(super) async fn put(&self, ask: Ask) {
        let can = self.context.client_capabilities().unwrap_or_default();
        let answer = put(&self.context.peer, &can, ask.request.clone()).await;
        ask.answer(answer);
    }

    /// Whether a newer client can be asked this by a result.
    pub(super) fn can_be_parked(&self, ask: &Ask) -> bool {
        let can = self.context.client_capabilities().unwrap_or_default();
        is_offered(&can, &ask.request) && input(&ask.request).is_some()
    }

    /// Puts all questions of an `input_required` to the client.
    ///
    /// # Errors
    /// What the client could not answer.
    pub(super) async fn fulfil(&self, requests: InputRequests) -> Result<InputResponses, String> {
        let can = self.context.client_capabilities().unwrap_or_default();
        let put_one = |(key, request): (String, InputRequest)| {
            let can = can.clone();
            async move {
                let question = question(request).ok_or("it asks for something of an unknown kind")?;
                let answer = put(&self.context.peer, &can, question).await;
                let answer = answer.map_err(|error| format!("the client has no answer: {}", error.message))?;
                Ok((key, value(&answer)))
            }
        };
        let answers = join_all(requests.into_iter().map(put_one)).await;
        answers.into_iter().collect()
    }
}

/// Asks a client, if it said that it can be asked.
pub(super) async fn put(
    peer: &Peer<RoleServer>,
    can: &ClientCapabilities,
    mut request: ServerRequest,
) -> Result<ClientResult, ErrorData> {
    if !is_offered(can, &request) {
        return Err(not_offered());
    }
    let mut meta = request.get_meta().clone();
    meta.0.0.shift_remove("progressToken");
    *request.extensions_mut() = rmcp::model::Extensions::default();
    *request.get_meta_mut() = meta;
    peer.send_request(request).await.map_err(|error| match error {
        ServiceError::McpError(error) => error,
        error => ErrorData::internal_error(format!("the client did not answer: {error}"), None),
    })
}

/// A question of an `input_required`; `None` for one of a kind that is not known yet.
/// Whether a client said that it answers this.
fn is_offered(can: &ClientCapabilities, request: &ServerRequest) -> bool {
    match request {
        ServerRequest::ElicitRequest(_) => can.elicitation.is_some(),
        ServerRequest::CreateMessageRequest(_) => can.sampling.is_some(),
        ServerRequest::ListRootsRequest(_) => can.roots.is_some(),
        ServerRequest::PingRequest(_) | ServerRequest::CustomRequest(_) | _ => true,
    }
}

/// The client cannot be asked this.
pub(super) fn not_offered() -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "the client does not offer this", None)
}

fn question(request: InputRequest) -> Option<ServerRequest> {
    match request {
        InputRequest::CreateMessage(request) => Some(ServerRequest::CreateMessageRequest(request)),
        InputRequest::Elicitation(request) => Some(ServerRequest::ElicitRequest(request)),
        InputRequest::ListRoots(request) => Some(ServerRequest::ListRootsRequest(request)),
        _ => None,
    }
}

/// A question as it stands in an `input_required`; `None` for one that cannot.
pub(super) fn input(request: &ServerRequest) -> Option<InputRequest> {
    match request {
        ServerRequest::CreateMessageRequest(request) => Some(InputRequest::CreateMessage(request.clone())),
        ServerRequest::ElicitRequest(request) => Some(InputRequest::Elicitation(request.clone())),
        ServerRequest::ListRootsRequest(request) => Some(InputRequest::ListRoots(request.clone())),
        ServerRequest::PingRequest(_) | ServerRequest::CustomRequest(_) | _ => None,
    }
}

/// The answer to a question, as a retry carries it.
pub(super) fn answer(request: &ServerRequest, response: Value) -> Result<ClientResult, ErrorData> {
    let read = match request {
        ServerRequest::CreateMessageRequest(_) => {
            serde_json::from_value(response).map(|result| ClientResult::CreateMessageResult(Box::new(result)))
        }
        ServerRequest::ElicitRequest(_) => serde_json::from_value(response).map(ClientResult::ElicitResult),
        ServerRequest::ListRootsRequest(_) => serde_json::from_value(response).map(ClientResult::ListRootsResult),
        ServerRequest::PingRequest(_) | ServerRequest::CustomRequest(_) | _ => serde_json::from_value(response),
    };
    read.map_err(|error| ErrorData::invalid_params(format!("the client's answer cannot be read: {error}"), None))
}

fn value(result: &ClientResult) -> Value {
    serde_json::to_value(result).unwrap_or_default()
}
