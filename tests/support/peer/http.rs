//! The peer over Streamable HTTP, on loopback.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use crate::options::Options;
use crate::server::PeerServer;
use crate::shared::Shared;

/// Serves until the process ends.
///
/// # Errors
/// When the port cannot be had.
pub(crate) async fn serve(shared: Arc<Shared>, options: &Options, port: u16) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let config = StreamableHttpServerConfig::default()
        .with_allowed_origins(["http://localhost:*", "http://127.0.0.1:*"])
        .with_legacy_session_mode(!options.stateless)
        .with_json_response(options.json);
    let sessions = Arc::clone(&shared.sessions);
    let service = StreamableHttpService::new(move || Ok(PeerServer::new(Arc::clone(&shared))), sessions, config);
    let mut router = Router::new().nest_service("/mcp", service);
    if let Some(token) = &options.require_bearer {
        router = router.layer(middleware::from_fn_with_state(Arc::from(token.as_str()), authorized));
    }
    let mut out = io::stdout();
    writeln!(out, "Listening http://{address}/mcp")?;
    out.flush()?;
    // Small messages would wait for each other otherwise.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    axum::serve(listener, router).await
}

async fn authorized(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent.and_then(|value| value.strip_prefix("Bearer ")) == Some(&token) {
        return next.run(request).await;
    }
    let challenge =
        if sent.is_some() { r#"Bearer realm="peer", error="invalid_token""# } else { r#"Bearer realm="peer""# };
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)], "a bearer token is wanted").into_response()
}
