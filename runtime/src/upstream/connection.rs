//! One connection to an upstream: how it is made, which revision it speaks, and requests over it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cap_compiler::capability::{Program, Upstream, UpstreamTransport};
use rmcp::model::{ClientConfig, ClientRequest, GetExtensions, ProtocolVersion, RequestMetaObject, ServerPeerInfo};
use rmcp::service::{ClientInitializeError, PeerRequestOptions, RunningService, ServiceError};
use rmcp::transport::Transport;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use tokio::runtime::{Handle, Id};
use tokio::sync::{broadcast, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::fault::ConnectFault;
use super::flight::{Ask, Flights};
use super::running::{Patience, Running};
use super::transport::http::HttpClient;
use super::transport::sse::SseTransport;
use super::transport::stdio::{self, Process};
use super::transport::{LARGEST_MESSAGE, http};
use super::wire::{MOST_NOTES, Notes, Wire};
use crate::execute::{Door, Executor, Prepared};

/// A connection that stands until it is dropped or its other side goes.
pub(crate) struct Connection {
    running: RunningService<RoleClient, Client>,
    pub(super) flights: Arc<Flights>,
    notes: Notes,
    closed: CancellationToken,
    http: Option<HttpClient>,
    process: Mutex<Option<Process>>,
    runtime: Id,
}

/// What a connection is made with.
#[derive(Clone)]
pub(crate) struct Caller {
    /// Who the upstream sees.
    pub(crate) info: ClientConfig,
    /// Who answers what comes with no request.
    pub(crate) home: Option<mpsc::Sender<Ask>>,
}

/// The parts of a connection that is being made.
struct Parts {
    flights: Arc<Flights>,
    notes: Notes,
    closed: CancellationToken,
    client: Client,
}

impl Parts {
    fn new(caller: &Caller) -> Self {
        let flights = Arc::new(Flights::default());
        let (notes, _) = broadcast::channel(MOST_NOTES);
        let client = Client::new(caller.info.clone(), Arc::clone(&flights), caller.home.clone());
        Self { flights, notes, closed: CancellationToken::new(), client }
    }

    async fn over<T>(
        self,
        transport: T,
        lifecycle: ClientLifecycleMode,
        (http, process): (Option<HttpClient>, Option<Process>),
    ) -> Result<Connection, (ClientInitializeError, Option<Process>)>
    where
        T: Transport<RoleClient> + Send + 'static,
        T::Error: Send + Sync + 'static,
    {
        let Self { flights, notes, closed, client } = self;
        let wire = Wire::new(transport, Arc::clone(&flights), notes.clone(), closed.clone());
        match Box::pin(client.serve_with_lifecycle(wire, lifecycle)).await {
            Ok(running) => {
                let process = Mutex::new(process);
                let runtime = Handle::current().id();
                Ok(Connection { running, flights, notes, closed, http, process, runtime })
            }
            Err(error) => Err((error, process)),
        }
    }
}

/// Connects to an upstream, in the newest revision that it speaks.
///
/// # Errors
/// Why there is no connection.
pub(super) async fn connect(
    upstream: &Upstream,
    executor: &Executor,
    caller: &Caller,
) -> Result<Connection, ConnectFault> {
    let limit = upstream.limits.max_response.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(LARGEST_MESSAGE);
    // On the heap, part by part: they are large, and a call may have to wait for them, deep in its own.
    let connecting = async {
        match &upstream.transport {
            UpstreamTransport::Http(door) => {
                let door = Door::of(&Prepared::new(Arc::clone(door))).map_err(ConnectFault::call)?;
                Box::pin(over_http(&door, executor, caller, limit)).await
            }
            UpstreamTransport::Sse(door) => {
                let door = Door::of(&Prepared::new(Arc::clone(door))).map_err(ConnectFault::call)?;
                let transport =
                    SseTransport::connect(executor.clone(), door, limit).await.map_err(ConnectFault::http)?;
                let made = Box::pin(Parts::new(caller).over(transport, ClientLifecycleMode::Initialize, (None, None)));
                made.await.map_err(|(error, _)| ConnectFault::of(&error))
            }
            UpstreamTransport::Stdio(program) => Box::pin(over_stdio(upstream, program, executor, caller, limit)).await,
        }
    };
    let longest = upstream.limits.connect_timeout.unwrap_or(LONGEST_CONNECT);
    let connected = timeout(longest, connecting)
        .await
        .unwrap_or_else(|_| Err(ConnectFault::Failed(format!("it did not answer within {} s", longest.as_secs()))));
    connected.map_err(|fault| match &fault {
        ConnectFault::Login(reason) if !has_login(upstream) => ConnectFault::Failed(format!("{reason}{REFUSED}")),
        ConnectFault::Login(_) | ConnectFault::Failed(_) => fault,
    })
}

/// Whether a login can help where an upstream refuses credentials: its file says no others.
pub(super) fn has_login(upstream: &Upstream) -> bool {
    let door = upstream.door().and_then(|door| Door::of(&Prepared::new(Arc::clone(door))).ok());
    door.is_some_and(|door| door.has_login())
}

/// What follows where no login can help.
pub(super) const REFUSED: &str = ": it does not take the credentials that its file says";

async fn over_http(
    door: &Door,
    executor: &Executor,
    caller: &Caller,
    limit: usize,
) -> Result<Connection, ConnectFault> {
    let attempt = |lifecycle| async {
        let (transport, client) = http::transport(executor.clone(), door.clone(), limit);
        Parts::new(caller).over(transport, lifecycle, (Some(client), None)).await
    };
    let error = match attempt(newest()).await {
        Ok(connection) => return Ok(connection),
        Err((error, _)) => error,
    };
    match ConnectFault::of(&error) {
        // What was asked first may have confused it: an older server is asked as older clients do.
        ConnectFault::Failed(_) => {
            attempt(ClientLifecycleMode::Initialize).await.map_err(|(error, _)| ConnectFault::of(&error))
        }
        fault @ ConnectFault::Login(_) => Err(fault),
    }
}

async fn over_stdio(
    upstream: &Upstream,
    program: &Program,
    executor: &Executor,
    caller: &Caller,
    limit: usize,
) -> Result<Connection, ConnectFault> {
    let environment: BTreeMap<String, String> =
        executor.opened(upstream.name().as_str(), &program.environment).await.map_err(ConnectFault::call)?;
    let folder = Path::new(upstream.source.folder());
    let directory = program.directory.as_ref().map(|directory| folder.join(directory));
    let attempt = |lifecycle| async {
        let name = upstream.name().as_str();
        let started = stdio::start(name, &program.command, &environment, directory.as_deref(), limit);
        let (transport, process) = started.map_err(|error| ConnectFault::unstarted(&program.command, &error))?;
        match Parts::new(caller).over(transport, lifecycle, (None, Some(process))).await {
            Ok(connection) => Ok(connection),
            Err((error, process)) => {
                let ended = match process {
                    Some(mut process) if ConnectFault::is_of_the_way(&error) => process.ended().await,
                    Some(_) | None => None,
                };
                Err(ended.map_or_else(|| ConnectFault::of(&error), ConnectFault::Failed))
            }
        }
    };
    match attempt(newest()).await {
        Ok(connection) => Ok(connection),
        Err(first) => attempt(ClientLifecycleMode::Initialize).await.map_err(|_| first),
    }
}

/// Asks for the newest revision first, and takes any.
fn newest() -> ClientLifecycleMode {
    ClientLifecycleMode::Auto {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
        legacy_version: Some(ProtocolVersion::LATEST_WITH_INITIALIZE),
    }
}

impl Connection {
    /// What the upstream says of itself.
    pub(crate) fn info(&self) -> Option<Arc<ServerPeerInfo>> {
        self.running.peer().peer_info()
    }

    /// Whether it speaks 2026-07-28 or later, which has no sessions.
    pub(crate) fn is_modern(&self) -> bool {
        self.info().is_some_and(|info| !info.protocol_version.has_initialize())
    }

    /// Whether another connection would be as good for any single request: over HTTP, without sessions.
    pub(super) fn is_stateless(&self) -> bool {
        self.http.is_some() && self.is_modern()
    }

    /// The runtime that it belongs to.
    pub(super) fn runtime(&self) -> Id {
        self.runtime
    }

    /// Whether it has named a session.
    pub(super) fn has_sessions(&self) -> bool {
        self.http.as_ref().is_some_and(HttpClient::has_sessions)
    }

    /// The SDK's side of it.
    pub(crate) fn peer(&self) -> &rmcp::Peer<RoleClient> {
        self.running.peer()
    }

    /// Notes that belong to no request.
    pub(crate) fn notes(&self) -> broadcast::Receiver<rmcp::model::ServerNotification> {
        self.notes.subscribe()
    }

    /// Comes when it stands no more.
    pub(super) async fn closed(&self) {
        let lost = async {
            match &self.http {
                Some(http) => http.lost().cancelled().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.closed.cancelled() => {}
            () = lost => {}
        }
    }

    /// Cancelled when it stands no more.
    pub(crate) fn end(&self) -> CancellationToken {
        self.closed.clone()
    }

    /// Whether it stands no more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.http.as_ref().is_some_and(|http| http.lost().is_cancelled())
    }

    /// Why it stands no more, as far as that can be seen.
    pub(super) async fn ending(&self) -> String {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = match process {
            Some(mut process) => process.ended().await,
            None => None,
        };
        ended.unwrap_or_else(|| "the connection ended".to_owned())
    }

    /// Sends a request.
    ///
    /// # Errors
    /// When the connection stands no more.
    pub(super) async fn send(
        self: &Arc<Self>,
        mut request: ClientRequest,
        meta: RequestMetaObject,
        patience: Patience,
    ) -> Result<Running, ServiceError> {
        let flight = self.flights.begin();
        request.extensions_mut().insert(flight.key);
        let options = PeerRequestOptions::no_options().with_meta(meta);
        let handle = self.running.peer().send_request_with_option(request, options).await?;
        Ok(Running::new(handle, flight, Arc::clone(self), patience))
    }

    /// Ends it in good order, within a bounded time.
    pub(super) async fn close(self: Arc<Self>) {
        self.running.cancellation_token().cancel();
        let _ = timeout(CLOSING, self.closed.cancelled()).await;
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(process) = process {
            process.finish().await;
        }
    }
}

/// For a connection to stand, where the definition does not say: some programs are installed when they are first started.
const LONGEST_CONNECT: Duration = Duration::from_secs(60);
/// For a connection to end.
const CLOSING: Duration = Duration::from_secs(2);
