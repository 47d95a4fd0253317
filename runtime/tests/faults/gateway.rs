//! A gateway whose tools are written as definitions, and an MCP client that calls them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cap_compiler::capability::Capability;
use cap_compiler::compile::{compile, parse_file};
use cap_compiler::pin::{Pins, Policy, Verdict, admit};
use cap_compiler::source::SourceId;
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared, Resolver, Resolving};
use cap_runtime::http::{self, Admission};
use cap_runtime::mcp::{Exposure, Gateway};
use cap_runtime::registry::{Contents, FileDigests, RegisteredTool, Registry, Snapshot};
use cap_runtime::secret::Secrets;
use cap_runtime::telemetry::Telemetry;
use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, Implementation, ProgressNotificationParam,
    ProtocolVersion,
};
use rmcp::service::{NotificationContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The revisions that a client speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

pub(crate) type Client = RunningService<RoleClient, Handler>;

/// A client that remembers what it was told of progress.
#[derive(Clone, Default)]
pub(crate) struct Handler {
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
}

impl ClientHandler for Handler {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(ClientCapabilities::default(), Implementation::new("test", "0"))
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        self.heard.lock().unwrap().push(params.message.unwrap_or_default());
    }
}

/// A running gateway and a client of it.
pub(crate) struct Running {
    pub(crate) client: Client,
    pub(crate) gateway: Gateway,
    pub(crate) registry: Arc<Registry>,
    address: SocketAddr,
    token: CancellationToken,
}

/// Settings of tests: no secret of this machine is seen.
pub(crate) fn settings() -> ExecutorSettings {
    ExecutorSettings { secrets: Secrets::none(), ..ExecutorSettings::default() }
}

/// The tools of definition texts; each text is a file.
pub(crate) fn compiled(texts: &[String]) -> Vec<Capability> {
    let name = |number: usize| SourceId::new(&format!("file{number}.yaml"));
    let files: Vec<_> =
        texts.iter().enumerate().map(|(number, text)| Arc::new(parse_file(&name(number), text.as_bytes()))).collect();
    let compilation = compile(&files, &Pins::default());
    assert_eq!(compilation.diagnostics, Vec::new(), "{texts:#?}");
    compilation.capabilities().map(|it| (**it).clone()).collect()
}

/// A stand-alone tool named `name` that sends GET `path` to a private server, with more lines of YAML.
pub(crate) fn tool(name: &str, server: &str, path: &str, more: &str) -> String {
    written(name, server, "private", &format!("{{method: GET, path: \"{path}\"}}"), more)
}

/// A stand-alone tool with a request of its own.
pub(crate) fn written(name: &str, server: &str, network: &str, request: &str, more: &str) -> String {
    let input =
        match (request.contains("{{ v }}"), request.contains("path: \"/{{ v }}") || request.contains("/{{ v }}/")) {
            (false, _) => "{type: object}",
            (true, false) => "{type: object, properties: {v: {type: string}}}",
            (true, true) => "{type: object, required: [v], properties: {v: {type: string}}}",
        };
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: \"{server}\"\nnetwork: {network}\ndescription: A test.\n\
         input: {input}\nrequest: {request}\n{more}\n"
    )
}

pub(crate) fn snapshot(generation: u64, capabilities: Vec<Capability>) -> Snapshot {
    let tools = capabilities.into_iter().map(|capability| {
        let Verdict::Admitted(pinned) = admit(Arc::new(capability), &Pins::default(), Policy::AllowUnlisted) else {
            unreachable!("unlisted files are allowed")
        };
        let pin = pinned.pin();
        let prepared = Arc::new(Prepared::new(pinned.into_inner()));
        RegisteredTool { prepared, pin, files: FileDigests::default() }
    });
    Snapshot::build(generation, Contents { tools: tools.collect(), ..Contents::default() }).unwrap()
}

impl Running {
    /// Serves the tools of definitions.
    pub(crate) async fn of(texts: &[String]) -> Self {
        Self::with(compiled(texts), settings()).await
    }

    pub(crate) async fn with(capabilities: Vec<Capability>, settings: ExecutorSettings) -> Self {
        let registry = Arc::new(Registry::new(snapshot(1, capabilities)));
        let executor = Arc::new(Executor::new(settings).unwrap());
        let exposure = Exposure::parse([]).unwrap();
        let gateway = Gateway::new(Arc::clone(&registry), executor, exposure, Telemetry::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = CancellationToken::new();
        let router = http::router(gateway.clone(), &Admission::local(address), &token);
        tokio::spawn(http::serve(listener, router, token.clone()));
        let client = connect(address, Era::Modern).await;
        Self { client, gateway, registry, address, token }
    }

    pub(crate) async fn another(&self, era: Era) -> Client {
        connect(self.address, era).await
    }

    /// The text of an answer, or of the error that the agent sees.
    pub(crate) async fn invoke(&self, tool: &str, arguments: Value) -> Result<String, String> {
        read(&invoke(&self.client, tool, arguments).await)
    }

    /// The error that the agent sees.
    pub(crate) async fn refusal(&self, tool: &str, arguments: Value) -> String {
        self.invoke(tool, arguments).await.expect_err("the call went through")
    }

    pub(crate) fn stop(&self) {
        self.token.cancel();
    }
}

pub(crate) async fn invoke(client: &Client, tool: &str, arguments: Value) -> CallToolResult {
    let all = json!({"tool": tool, "arguments": arguments}).as_object().cloned().unwrap();
    client.call_tool(CallToolRequestParams::new("gateway_invoke").with_arguments(all)).await.unwrap()
}

pub(crate) fn read(result: &CallToolResult) -> Result<String, String> {
    let texts = result.content.iter().filter_map(|block| block.as_text()).map(|text| text.text.clone());
    let text = texts.collect::<Vec<_>>().join("\n");
    if result.is_error == Some(true) { Err(text) } else { Ok(text) }
}

pub(crate) async fn connect(address: SocketAddr, era: Era) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mode = match era {
        Era::Legacy => ClientLifecycleMode::Initialize,
        Era::Modern => ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] },
    };
    let config = StreamableHttpClientTransportConfig::with_uri(format!("http://{address}/mcp"));
    let transport = StreamableHttpClientTransport::with_client(http, config);
    Handler::default().serve_with_lifecycle(transport, mode).await.unwrap()
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..500 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not come");
}

/// Gives the addresses that tests say, one answer after another, the last one for ever.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    answers: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    pub(crate) fn of(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers: Vec<Vec<IpAddr>> = answers.iter().map(parse).collect();
        Self { answers: Arc::new(Mutex::new(answers)), asked: Arc::default() }
    }

    pub(crate) fn settings(&self) -> ExecutorSettings {
        ExecutorSettings { resolver: Arc::new(self.clone()), ..settings() }
    }
}

impl Resolver for Names {
    fn resolve(&self, name: &str) -> Resolving {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers.first().cloned().unwrap_or_default() };
        drop(answers);
        Box::pin(async move { if answer.is_empty() { Err(io::Error::other("no such name")) } else { Ok(answer) } })
    }
}

/// Megabytes that this process holds in memory.
pub(crate) fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}

/// The material that is not part of the project, if this machine has it.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    let Some(root) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set, `vectors/{name}.jsonl` is not read");
        return Vec::new();
    };
    let path = std::path::PathBuf::from(root).join("vectors").join(format!("{name}.jsonl"));
    std::fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
