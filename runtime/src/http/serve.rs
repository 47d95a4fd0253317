//! Accepting connections until told to stop, then finishing what is under way.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `token` is cancelled, then waits a bounded time for the requests under way.
///
/// # Errors
/// The listener failed.
pub async fn serve(listener: TcpListener, router: Router, token: CancellationToken) -> io::Result<()> {
    let listener = listener.tap_io(|stream| {
        // Small answers must not wait for more to send. It fails only on a connection that is gone.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
    });
    let stop = token.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await });
    tokio::select! {
        served = serving.into_future() => served,
        () = drained(&token) => {
            tracing::warn!(after = ?DRAIN, "requests were still under way and are cut off");
            Ok(())
        }
    }
}

/// The end of the time that requests have after `token` was cancelled.
async fn drained(token: &CancellationToken) {
    token.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

const DRAIN: Duration = Duration::from_secs(10);
