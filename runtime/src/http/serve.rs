//! Accepting connections until told to stop, then finishing what is under way.
//!
//! A connection is given to one of several threads and stays there: each has a runtime of its own,
//! so that a call, its tasks and its connection to a server never move between threads. Moving them
//! costs a small call a quarter of its CPU time, in wake-ups alone.

use std::io;
use std::net::{SocketAddr, TcpStream as Accepted};
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Serves until `token` is cancelled, then waits a bounded time for the requests under way.
///
/// # Errors
/// The listener or a thread cannot be set up.
pub async fn serve(mut listener: TcpListener, router: Router, token: CancellationToken) -> io::Result<()> {
    let address = listener.local_addr()?;
    let lanes = (0..lanes()).map(|number| Lane::start(number, address, router.clone(), &token));
    let mut lanes: Vec<Lane> = lanes.collect::<io::Result<_>>()?;
    let mut next = 0;
    loop {
        let (stream, _) = tokio::select! {
            accepted = Listener::accept(&mut listener) => accepted,
            () = token.cancelled() => break,
        };
        next = (next + 1) % lanes.len();
        let handed = stream.into_std().map(|stream| lanes.get(next).map(|lane| lane.streams.send(stream)));
        if let Err(error) = handed {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
    }
    drop(listener);
    for lane in &mut lanes {
        // A lane that is gone has nothing under way.
        let _ = (&mut lane.ended).await;
    }
    Ok(())
}

/// A thread that serves the connections it is given.
struct Lane {
    streams: mpsc::UnboundedSender<Accepted>,
    ended: oneshot::Receiver<()>,
}

impl Lane {
    fn start(number: usize, address: SocketAddr, router: Router, token: &CancellationToken) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (streams, given) = mpsc::unbounded_channel();
        let (done, ended) = oneshot::channel();
        let token = token.clone();
        thread::Builder::new().name(format!("serve-{number}")).stack_size(STACK).spawn(move || {
            runtime.block_on(serve_lane(Given { streams: given, address }, router, &token));
            let _ = done.send(());
            // Blocking work, such as looking up a name, is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { streams, ended })
    }
}

/// Bytes of a lane's stack: a call that first has to connect to an upstream is deep. Only what is used takes memory.
const STACK: usize = 8 << 20;

async fn serve_lane(given: Given, router: Router, token: &CancellationToken) {
    let stop = token.clone();
    let serving = axum::serve(given, router).with_graceful_shutdown(async move { stop.cancelled().await });
    tokio::select! {
        served = serving.into_future() => if let Err(error) = served {
            tracing::error!(%error, "connections are not served any more");
        },
        () = drained(token) => tracing::warn!(after = ?DRAIN, "requests were still under way and are cut off"),
    }
}

/// The end of the time that requests have after `token` was cancelled.
async fn drained(token: &CancellationToken) {
    token.cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

/// The connections that a lane is given, as a listener.
struct Given {
    streams: mpsc::UnboundedReceiver<Accepted>,
    address: SocketAddr,
}

impl Listener for Given {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let Some(stream) = self.streams.recv().await else {
                // Nobody accepts any more; what is under way goes on.
                std::future::pending::<()>().await;
                continue;
            };
            let registered = stream.peer_addr().and_then(|peer| Ok((TcpStream::from_std(stream)?, peer)));
            match registered.and_then(|(stream, peer)| stream.set_nodelay(true).map(|()| (stream, peer))) {
                // Small answers must not wait for more to send.
                Ok(accepted) => return accepted,
                Err(error) => tracing::debug!(%error, "a connection was gone before it was served"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// One for each processor.
fn lanes() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

const DRAIN: Duration = Duration::from_secs(10);
