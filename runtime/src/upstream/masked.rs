//! What an upstream says, without values of secrets: it was given some, and may say them again.

use std::borrow::Cow;

use rmcp::model::{ErrorData, GetExtensions, JsonRpcMessage};
use rmcp::service::{InboundStreamOrigin, RxJsonRpcMessage};
use rmcp::{RoleClient, model::RequestId};

use crate::secret::net;

type Message = RxJsonRpcMessage<RoleClient>;

/// The message, in which every secret that was ever seen is masked.
pub(super) fn masked(message: Message) -> Message {
    if net::is_empty() {
        return message;
    }
    let Ok(text) = serde_json::to_string(&message) else { return message };
    let Cow::Owned(text) = net::masked(&text) else { return message };
    match (serde_json::from_str::<Message>(&text), message) {
        (Ok(JsonRpcMessage::Request(mut masked)), JsonRpcMessage::Request(asked)) => {
            // Which stream it came on is not part of its text.
            if let Some(origin) = asked.request.extensions().get::<InboundStreamOrigin>() {
                masked.request.extensions_mut().insert(origin.clone());
            }
            JsonRpcMessage::Request(masked)
        }
        (Ok(masked), _) => masked,
        (Err(_), message) => JsonRpcMessage::error(withheld(), id(&message)),
    }
}

fn id(message: &Message) -> Option<RequestId> {
    match message {
        JsonRpcMessage::Response(response) => Some(response.id.clone()),
        JsonRpcMessage::Error(error) => error.id.clone(),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
    }
}

fn withheld() -> ErrorData {
    ErrorData::internal_error("its answer has a secret in it, and makes no sense without", None)
}
