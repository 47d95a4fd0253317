//! A gateway on a free port, and clients of both eras.

#![allow(dead_code, reason = "each test file uses its part")]

#[path = "sample.rs"]
mod sample;

use std::net::SocketAddr;
use std::sync::Arc;

use cap_compiler::capability::{Call, Capability, Server as ServerInfo, ServerName, Text, ToolName};
use cap_compiler::pin::{Digest, Pins, Policy, Problem, Quarantined, Verdict, admit};
use cap_compiler::source::SourceId;
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared};
use cap_runtime::http::{self, Admission};
use cap_runtime::mcp::{Exposure, Gateway};
use cap_runtime::registry::{Contents, FileDigests, RegisteredTool, Registry, Snapshot};
use cap_runtime::telemetry::Telemetry;
use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ProtocolVersion};
use rmcp::service::{NotificationContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running gateway.
pub(crate) struct Server {
    pub(crate) registry: Arc<Registry>,
    pub(crate) address: SocketAddr,
    token: CancellationToken,
    serving: JoinHandle<std::io::Result<()>>,
}

/// The revisions that a client speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Era {
    /// With `initialize` and sessions.
    Legacy,
    /// 2026-07-28.
    Modern,
}

pub(crate) type Client = RunningService<RoleClient, Handler>;

#[derive(Clone, Default)]
pub(crate) struct Handler {
    pub(crate) changed: Arc<Notify>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("test", "0"))
    }

    async fn on_tool_list_changed(&self, _context: NotificationContext<RoleClient>) {
        self.changed.notify_one();
    }
}

impl Server {
    pub(crate) async fn start(snapshot: Snapshot, expose: &[&str]) -> Self {
        Self::start_with(snapshot, expose, Telemetry::default()).await
    }

    pub(crate) async fn start_with(snapshot: Snapshot, expose: &[&str], telemetry: Telemetry) -> Self {
        let registry = Arc::new(Registry::new(snapshot));
        let exposure = Exposure::parse(expose.iter().copied()).unwrap();
        let gateway = Gateway::new(
            Arc::clone(&registry),
            Arc::new(Executor::new(ExecutorSettings::default()).unwrap()),
            exposure,
            telemetry,
        );
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = CancellationToken::new();
        let router = http::router(gateway, &Admission::local(address), &token);
        let serving = tokio::spawn(http::serve(listener, router, token.clone()));
        Self { registry, address, token, serving }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Stops and checks that it does so at once, whatever streams clients hold open.
    pub(crate) async fn stop(self) {
        self.token.cancel();
        let stopped = tokio::time::timeout(std::time::Duration::from_secs(5), self.serving).await;
        stopped.expect("open streams must not delay the end").unwrap().unwrap();
    }
}

pub(crate) fn http() -> reqwest::Client {
    // A second installation is refused, which is as good as the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn connect(server: &Server, era: Era) -> Client {
    connect_through(server, era, http()).await
}

pub(crate) async fn connect_through(server: &Server, era: Era, http: reqwest::Client) -> Client {
    let mode = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    let config = StreamableHttpClientTransportConfig::with_uri(server.url());
    let transport = StreamableHttpClientTransport::with_client(http, config);
    Handler::default().serve_with_lifecycle(transport, mode).await.unwrap()
}

pub(crate) fn snapshot(generation: u64, contents: Contents) -> Snapshot {
    Snapshot::build(generation, contents).unwrap()
}

/// Two tools of GitHub and one that is held back, and sixty others.
pub(crate) fn contents() -> Contents {
    let mut tools = vec![
        registered("github", "issues_create", "Creates an issue: opens a new issue in a repository."),
        registered("github", "issues_list", "Lists the issues of a repository."),
    ];
    tools.extend((0..60).map(|number| registered("many", &format!("tool_{number}"), "One of many.")));
    let server = |name: &str, title: &str| ServerInfo {
        name: ServerName(name.to_owned()),
        title: Some(title.to_owned()),
        description: None,
    };
    let held = Quarantined {
        tool: ToolName("github__held".to_owned()),
        server: ServerName("github".to_owned()),
        problems: vec![Problem::Unlisted { file: SourceId::new("github/held.yaml"), found: Digest::of(b"") }],
    };
    Contents {
        servers: vec![Arc::new(server("github", "GitHub"))],
        tools,
        quarantined: vec![held],
        ..Contents::default()
    }
}

/// One tool whose api is at `address`.
pub(crate) fn contents_of(address: SocketAddr) -> Contents {
    let mut capability = capability("api", "read", "Reads.");
    let Call::Http(call) = &mut capability.call else { unreachable!("only requests are tried here") };
    call.server = Text::literal(format!("http://{address}"));
    Contents { tools: vec![admitted(capability)], ..Contents::default() }
}

/// An api that answers every request with a list.
pub(crate) async fn api() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = axum::Router::new().fallback(|| async { axum::Json(json!([{"number": 1}])) });
    tokio::spawn(async move { axum::serve(listener, answer).await });
    address
}

/// A server that answers each path as it is told.
pub(crate) async fn answering(answer: fn(&str) -> (u16, &'static str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(move |uri: axum::http::Uri| async move {
        let (status, body) = answer(uri.path());
        (axum::http::StatusCode::from_u16(status).unwrap(), body)
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The same tool under another name, of another api.
pub(crate) fn renamed(tool: &RegisteredTool, api: &str, name: &str) -> RegisteredTool {
    let mut capability = tool.capability().clone();
    capability.server = ServerName(api.to_owned());
    capability.tool = ToolName(name.to_owned());
    admitted(capability)
}

fn registered(server: &str, name: &str, description: &str) -> RegisteredTool {
    admitted(capability(server, name, description))
}

fn admitted(capability: Capability) -> RegisteredTool {
    let Verdict::Admitted(pinned) = admit(Arc::new(capability), &Pins::default(), Policy::AllowUnlisted) else {
        unreachable!("unlisted files are allowed")
    };
    let pin = pinned.pin();
    RegisteredTool { prepared: Arc::new(Prepared::new(pinned.into_inner())), pin, files: FileDigests::default() }
}

fn capability(server: &str, name: &str, description: &str) -> Capability {
    let call = sample::get("http://127.0.0.1:1", "/issues");
    let input = json!({
        "type": "object",
        "properties": {"state": {"enum": ["open", "closed"]}, "owner": {"type": "string"}},
        "required": ["owner"],
    });
    Capability {
        description: description.to_owned(),
        input: (&input).into(),
        ..sample::capability(server, &format!("{server}__{name}"), call)
    }
}
