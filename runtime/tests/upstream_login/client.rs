//! Files of an upstream, its login, and a gateway that serves it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::pin::Policy;
use cap_runtime::execute::{Executor, ExecutorSettings, Login, Prepared, TokenStatus, ToolError, door_logins};
use cap_runtime::http::{self, Admission};
use cap_runtime::load::{Loaded, Loader};
use cap_runtime::secret::{SecretStore, Secrets};
use cap_runtime::start::{StartSettings, Started, start};
use cap_runtime::telemetry::Telemetry;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::server::Server;

/// Where a browser comes back to.
pub(crate) const BACK: &str = "http://127.0.0.1:7777/callback";

/// A folder with the upstream `notes` at a URL, with more lines in its file.
#[expect(clippy::disallowed_methods, reason = "a file in a temporary folder")]
pub(crate) fn folder(url: &str, lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("version: 1\nkind: upstream\nname: notes\ntransport:\n  http: {url}\n{lines}");
    std::fs::create_dir(folder.path().join("notes")).unwrap();
    std::fs::write(folder.path().join("notes/upstream.yaml"), text).unwrap();
    folder
}

pub(crate) fn load(folder: &Path) -> Loaded {
    let loaded = Loader::new(&[folder.to_owned()], Policy::AllowUnlisted).load().unwrap();
    assert_eq!(loaded.diagnostics, Vec::new());
    loaded
}

/// The login of an upstream at a URL.
pub(crate) fn login_at(url: &str, lines: &str) -> Option<Login> {
    let loaded = load(folder(url, lines).path());
    let door = loaded.upstreams[0].upstream.door().unwrap();
    let mut logins = door_logins(&Prepared::new(Arc::clone(door)));
    assert!(logins.len() <= 1, "{logins:?}");
    logins.pop()
}

/// The login of a server on this machine.
pub(crate) fn login(server: &Server) -> Login {
    login_at(&server.url(), "network: private\n").unwrap()
}

pub(crate) fn executor(store: &Arc<dyn SecretStore>) -> Executor {
    let (secrets, tokens) = (Secrets::none(), Arc::clone(store));
    Executor::new(ExecutorSettings { secrets, tokens, ..ExecutorSettings::default() }).unwrap()
}

/// Logs in from the beginning to the end.
pub(crate) async fn log_in(server: &Server, executor: &Executor) -> Result<TokenStatus, ToolError> {
    let begun = executor.begin_code_login(&login(server), &BACK.into()).await?;
    let query = server.log_in(&begun.url);
    executor.finish_code_login(begun, &query).await
}

/// A gateway in this process that serves a folder.
pub(crate) struct Gateway {
    pub(crate) url: String,
    _started: Started,
    stop: CancellationToken,
    _folder: TempDir,
}

impl Gateway {
    pub(crate) async fn start(server: &Server, store: &Arc<dyn SecretStore>) -> Self {
        let folder = folder(&server.url(), "network: private\n");
        let stop = CancellationToken::new();
        let settings = StartSettings {
            folders: vec![folder.path().to_owned()],
            policy: Policy::AllowUnlisted,
            signatures: None,
            secrets: Secrets::none(),
            tokens: Arc::clone(store),
            expose: Vec::new(),
            telemetry: Telemetry::default(),
        };
        let ready = start(settings, &stop).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let started = ready.serve().await;
        let router = http::router(started.gateway.clone(), &Admission::local(address), &stop);
        tokio::spawn(http::serve(listener, router, stop.clone()));
        Self { url: format!("http://{address}/mcp"), _started: started, stop, _folder: folder }
    }

    /// A client with this header in all of its requests.
    pub(crate) async fn connect(&self, authorization: &str) -> Agent {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let headers = [("authorization".parse().unwrap(), authorization.parse().unwrap())].into_iter().collect();
        let http = reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap();
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(http, config);
        Agent(().serve_with_lifecycle(transport, ClientLifecycleMode::Initialize).await.unwrap())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) struct Agent(RunningService<RoleClient, ()>);

impl Agent {
    /// What an agent reads of a call.
    pub(crate) async fn call(&self, tool: &str) -> String {
        let Value::Object(arguments) = json!({"tool": tool, "arguments": {}}) else { unreachable!() };
        let result = self.0.call_tool(CallToolRequestParams::new("gateway_invoke").with_arguments(arguments)).await;
        result.map_or_else(|error| error.to_string(), |result| serde_json::to_string(&result).unwrap())
    }

    /// Calls until the answer has these words.
    pub(crate) async fn until(&self, tool: &str, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let answer = self.call(tool).await;
            if answer.contains(words) {
                return answer;
            }
            assert!(begun.elapsed() < Duration::from_secs(40), "no `{words}`: {answer}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
