//! The gateway as the client of one upstream: questions of the upstream are handed to whoever's request
//! they came with. Notes never come here: [`Wire`](super::wire::Wire) takes them out.

use std::sync::Arc;

use rmcp::model::{
    ClientConfig, ClientResult, EmptyResult, ErrorCode, GetExtensions, ServerNotification, ServerRequest,
};
use rmcp::service::{InboundStreamOrigin, NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleClient, Service};
use tokio::sync::mpsc;

use super::flight::{Ask, Flights};

/// Answers an upstream.
pub(super) struct Client {
    info: ClientConfig,
    flights: Arc<Flights>,
    /// Who answers what came with no request: the one client whose connection this is.
    home: Option<mpsc::Sender<Ask>>,
}

impl Client {
    pub(super) fn new(info: ClientConfig, flights: Arc<Flights>, home: Option<mpsc::Sender<Ask>>) -> Self {
        Self { info, flights, home }
    }
}

impl Service<RoleClient> for Client {
    async fn handle_request(
        &self,
        request: ServerRequest,
        context: RequestContext<RoleClient>,
    ) -> Result<ClientResult, ErrorData> {
        if let ServerRequest::PingRequest(_) = request {
            return Ok(ClientResult::EmptyResult(EmptyResult {}));
        }
        let origin = match request.extensions().get::<InboundStreamOrigin>().or(context.extensions.get()) {
            Some(InboundStreamOrigin::OutboundRequest(id)) => Some(id.clone()),
            Some(InboundStreamOrigin::Unassociated) | None => None,
        };
        let (ask, answer) = Ask::new(request);
        if let Some(ask) = self.flights.asked(origin.as_ref(), ask) {
            let Some(home) = &self.home else { return Err(nobody()) };
            home.try_send(ask).map_err(|_| nobody())?;
        }
        tokio::select! {
            answer = answer => answer.unwrap_or_else(|_| Err(nobody())),
            () = context.ct.cancelled() => Err(ErrorData::internal_error("the question was withdrawn", None)),
        }
    }

    async fn handle_notification(
        &self,
        _note: ServerNotification,
        _context: NotificationContext<RoleClient>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    fn get_info(&self) -> ClientConfig {
        self.info.clone()
    }
}

/// There is no client that this could be asked.
fn nobody() -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "no client of the gateway can answer this now", None)
}
