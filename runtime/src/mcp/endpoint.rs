//! The gateway behind a transport.

use std::sync::Arc;

use rmcp::ServiceExt;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService, stdio};
use tokio_util::sync::CancellationToken;

use super::{ClientSession, Gateway};

/// The gateway as a service that answers HTTP requests.
pub type HttpEndpoint = StreamableHttpService<ClientSession, LocalSessionManager>;

/// Standard input and output could not be served to their end.
#[derive(Debug, thiserror::Error)]
#[error("the session on standard input failed: {0}")]
pub struct StdioError(String);

/// Which requests are taken, and until when.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// The hosts that a request may name.
    pub hosts: Vec<String>,
    /// The origins of pages that may send one.
    pub origins: Vec<String>,
    /// Open streams end with it.
    pub token: CancellationToken,
}

/// Streamable HTTP in every revision, for requests that are admitted.
pub(super) fn config(admitted: &Admitted) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .with_allowed_hosts(admitted.hosts.clone())
        .with_allowed_origins(admitted.origins.clone())
        .enforce_origin_validation()
        .with_max_request_body_bytes(LARGEST_REQUEST)
        .with_cancellation_token(admitted.token.child_token())
}

/// The gateway behind Streamable HTTP.
#[must_use]
pub fn http_endpoint(gateway: Gateway, admitted: &Admitted) -> HttpEndpoint {
    let config = config(admitted);
    StreamableHttpService::new(move || Ok(gateway.session()), Arc::new(LocalSessionManager::default()), config)
}

/// Serves one client on standard input and output until it leaves or `token` is cancelled.
///
/// # Errors
/// What came was not MCP, or the stream broke.
pub async fn serve_stdio(gateway: Gateway, token: CancellationToken) -> Result<(), StdioError> {
    let failed = |error: &dyn std::fmt::Display| StdioError(error.to_string());
    let service = gateway.session().serve_with_ct(stdio(), token).await.map_err(|error| failed(&error))?;
    service.waiting().await.map_err(|error| failed(&error))?;
    Ok(())
}

/// In bytes.
const LARGEST_REQUEST: usize = 4 << 20;
