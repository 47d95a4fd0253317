//! The peer that upstreams are tested with does what its tools say, so that tests may rely on it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says what it saw"
)]
#![allow(deprecated, reason = "sampling and logging are deprecated, and still spoken")]

#[path = "support/upstream.rs"]
mod upstream;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientCapabilities, ClientConfig, ClientRequest,
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult, ElicitationAction,
    Implementation, LoggingMessageNotificationParam, ProtocolVersion, SamplingMessage, SetLevelRequestParams,
    SubscriptionFilter,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt, ErrorData, RoleClient};
use serde_json::{Value, json};
use upstream::{Peer, program};

const SOON: Duration = Duration::from_secs(5);

/// A client that answers what it is asked, and counts what it is told.
#[derive(Clone, Default)]
struct Person {
    changes: Arc<AtomicUsize>,
    messages: Arc<AtomicUsize>,
}

impl ClientHandler for Person {
    fn get_info(&self) -> ClientConfig {
        let can = ClientCapabilities::builder().enable_elicitation().enable_sampling().build();
        ClientConfig::new(can, Implementation::new("test", "1"))
    }

    async fn create_elicitation(
        &self,
        _: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        Ok(ElicitResult::new(ElicitationAction::Accept).with_content(json!({"name": "Ada"})))
    }

    async fn create_message(
        &self,
        _: CreateMessageRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        Ok(CreateMessageResult::new(SamplingMessage::assistant_text("Paris"), "a model".to_owned()))
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    async fn on_logging_message(&self, _: LoggingMessageNotificationParam, _: NotificationContext<RoleClient>) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }
}

type Client = RunningService<RoleClient, Person>;

fn legacy() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

fn modern() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

async fn connected(peer: &Peer, mode: ClientLifecycleMode, token: Option<&str>) -> Result<Client, String> {
    // A second installation is refused, which is as good as the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    let mut config = StreamableHttpClientTransportConfig::with_uri(peer.url.as_str());
    if let Some(token) = token {
        config = config.auth_header(token);
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let connecting = Person::default().serve_with_lifecycle(transport, mode);
    tokio::time::timeout(SOON, connecting).await.unwrap().map_err(|error| format!("{error:?}"))
}

async fn client(peer: &Peer, mode: ClientLifecycleMode) -> Client {
    connected(peer, mode, None).await.unwrap()
}

async fn call(client: &Client, tool: &'static str, arguments: Value) -> Value {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let calling = client.call_tool(CallToolRequestParams::new(tool).with_arguments(arguments));
    serde_json::to_value(tokio::time::timeout(SOON, calling).await.unwrap().unwrap()).unwrap()
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{result}"))
}

async fn until(what: &str, mut seen: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !seen().await {
        assert!(start.elapsed() < SOON, "not seen: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn whoami(client: &Client) -> (String, String, u64) {
    let said = call(client, "whoami", json!({})).await["structuredContent"].take();
    let part = |name: &str| said[name].as_str().unwrap().to_owned();
    (part("process"), part("session"), said["calls"].as_u64().unwrap())
}

#[tokio::test]
async fn sessions_are_told_apart() {
    let peer = Peer::start(&[]);
    let (one, other) = (client(&peer, legacy()).await, client(&peer, legacy()).await);
    let (first, again, elsewhere) = (whoami(&one).await, whoami(&one).await, whoami(&other).await);
    assert_eq!((&first.0, &first.1, first.2), (&again.0, &again.1, 1));
    assert_eq!(again.2, 2);
    assert_eq!(first.0, elsewhere.0);
    assert_ne!(first.1, elsewhere.1);

    let stateless = Peer::start(&["--stateless"]);
    let one = client(&stateless, legacy()).await;
    let (first, again) = (whoami(&one).await, whoami(&one).await);
    assert_ne!(first.1, again.1, "a server without sessions has one");
    let one = client(&peer, modern()).await;
    assert_ne!(whoami(&one).await.1, whoami(&one).await.1, "2026-07-28 has no sessions over HTTP");
}

#[tokio::test]
async fn a_cancelled_sleep_is_counted() {
    for mode in [legacy(), modern()] {
        let peer = Peer::start(&[]);
        let client = client(&peer, mode).await;
        let counts = async || call(&client, "cancelled_count", json!({})).await["structuredContent"].take();
        let arguments = json!({"ms": 60_000}).as_object().cloned().unwrap();
        let request = CallToolRequest::new(CallToolRequestParams::new("sleep").with_arguments(arguments));
        let options = PeerRequestOptions::no_options();
        let sent = client.send_cancellable_request(ClientRequest::CallToolRequest(request), options).await.unwrap();
        until("a call that sleeps", async || counts().await["sleeping"] == 1).await;
        sent.cancel(None).await.unwrap();
        until("the cancellation", async || counts().await == json!({"cancelled": 1, "sleeping": 0})).await;
        assert_eq!(text(&call(&client, "sleep", json!({"ms": 1})).await), "slept 1 ms");
        assert_eq!(counts().await["cancelled"], 1);
    }
}

#[tokio::test]
async fn lists_change_and_clients_are_told() {
    let peer = Peer::start(&[]);
    let (old, new) = (client(&peer, legacy()).await, client(&peer, modern()).await);
    let mut listening = new.listen(SubscriptionFilter::builder().tools_list_changed().build()).await.unwrap();
    let described = async |name: &str| {
        let tools = old.list_all_tools().await.unwrap();
        tools.into_iter().find(|tool| tool.name == name).map(|tool| tool.description.unwrap_or_default())
    };
    let steps = [
        ("add_tool", json!({"name": "fresh", "description": "Is new."}), Some("Is new.")),
        ("change_tool", json!({"name": "fresh"}), Some("Is new. Changed.")),
        ("remove_tool", json!({"name": "fresh"}), None),
    ];
    for (told, (tool, arguments, wanted)) in (1..).zip(steps) {
        call(&new, tool, arguments).await;
        until(tool, async || old.service().changes.load(Ordering::Relaxed) == told).await;
        assert!(tokio::time::timeout(SOON, listening.next()).await.unwrap().unwrap().is_some());
        assert_eq!(described("fresh").await.as_deref(), wanted, "{tool}");
    }
}

#[tokio::test]
async fn a_token_can_be_wanted() {
    let peer = Peer::start(&["--require-bearer", "t0ken"]);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = http.post(&peer.url).bearer_auth("wrong").body("{}").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains("invalid_token"));
    for mode in [legacy(), modern()] {
        assert!(connected(&peer, mode.clone(), None).await.is_err());
        let client = connected(&peer, mode, Some("t0ken")).await.unwrap();
        assert_eq!(text(&call(&client, "header", json!({"name": "Authorization"})).await), "Bearer t0ken");
    }
}

#[tokio::test]
async fn it_dies_when_asked() {
    let mut peer = Peer::start(&[]);
    let client = client(&peer, modern()).await;
    let died = tokio::time::timeout(SOON, client.call_tool(CallToolRequestParams::new("die"))).await.unwrap();
    assert!(died.is_err(), "{died:?}");
    assert_eq!(peer.child.wait().unwrap().code(), Some(70));
    assert_eq!(Peer::start(&["--die-after", "100"]).child.wait().unwrap().code(), Some(70));
}

#[tokio::test]
async fn there_can_be_many_tools_in_pages() {
    let peer = Peer::start(&["--tools", "250", "--page-size", "40"]);
    let client = client(&peer, modern()).await;
    assert_eq!(client.list_tools(None).await.unwrap().tools.len(), 40);
    let tools = client.list_all_tools().await.unwrap();
    let generated = tools.iter().filter(|tool| tool.name.starts_with("generated_")).count();
    assert_eq!(generated, 250);
    assert!(text(&call(&client, "generated_0250", json!({"text": "hi"})).await).contains("generated_0250"));
    let beyond = rmcp::model::PaginatedRequestParams::default().with_cursor(Some("elsewhere".to_owned()));
    assert!(client.list_tools(Some(beyond)).await.unwrap_err().to_string().contains("cursor"));
}

#[tokio::test]
async fn revisions_can_be_left_out() {
    let (old, new) = (Peer::start(&["--revision", "legacy"]), Peer::start(&["--revision", "modern"]));
    assert!(connected(&old, legacy(), None).await.is_ok());
    assert!(connected(&old, modern(), None).await.is_err());
    assert!(connected(&new, modern(), None).await.is_ok());
    assert!(connected(&new, legacy(), None).await.is_err());
}

#[tokio::test]
async fn a_client_is_asked_in_the_way_of_its_revision() {
    let peer = Peer::start(&[]);
    for mode in [legacy(), modern()] {
        let client = client(&peer, mode).await;
        assert_eq!(text(&call(&client, "ask_person", json!({})).await), r#"person: accept {"name":"Ada"}"#);
        assert_eq!(text(&call(&client, "ask_model", json!({})).await), "LLM response: Paris");
    }
}

#[tokio::test]
async fn what_was_sent_is_shown_and_notifications_come_in_floods() {
    let peer = Peer::start(&[]);
    let client = client(&peer, legacy()).await;
    let echoed = call(&client, "meta_echo", json!({"a": [1, null]})).await;
    assert_eq!(echoed["structuredContent"]["arguments"], json!({"a": [1, null]}));
    assert!(echoed["structuredContent"]["meta"]["progressToken"].is_number(), "{echoed}");
    assert_eq!(text(&call(&client, "big", json!({"bytes": 100_000})).await).len(), 100_000);

    // The client of rmcp always has a token for progress, so the messages are those of another tool.
    assert_eq!(text(&call(&client, "flood", json!({"count": 500})).await), "500 sent");
    call(&client, "test_tool_with_logging", json!({})).await;
    until("three messages", async || client.service().messages.load(Ordering::Relaxed) == 3).await;
    client.set_level(SetLevelRequestParams::new(rmcp::model::LoggingLevel::Error)).await.unwrap();
    call(&client, "test_tool_with_logging", json!({})).await;
    call(&client, "test_tool_with_progress", json!({})).await;
    assert_eq!(client.service().messages.load(Ordering::Relaxed), 3);
}

#[test]
fn it_speaks_over_standard_input_and_output() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(program())
        .arg("stdio")
        .current_dir(folder.path())
        .env_clear()
        .env("GREETING", "hello")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines();
    let mut send = |message: Value| writeln!(input, "{message}").unwrap();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };

    send(json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
    }}));
    assert_eq!(next()["result"]["protocolVersion"], "2025-11-25");
    send(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let wanted = [
        (json!({"name": "env", "arguments": {"name": "GREETING"}}), "hello".to_owned()),
        (json!({"name": "env", "arguments": {"name": "HOME"}}), "`HOME` is not set".to_owned()),
        (json!({"name": "cwd"}), folder.path().canonicalize().unwrap().display().to_string()),
    ];
    for (id, (params, wanted)) in (1..).zip(wanted) {
        send(json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}));
        assert_eq!(text(&next()["result"]), wanted);
    }
    drop(input);
    assert!(child.wait().unwrap().success(), "the peer does not end with its input");
}
