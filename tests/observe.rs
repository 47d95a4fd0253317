//! What `cap serve` says of calls, as a process: the audit log, the log for programs, spans for a
//! collector.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rmcp::model::{CallToolRequestParams, ProtocolVersion, RequestMetaObject};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};
use serde_json::{Value, json};
use support::Sandbox;

/// How soon something must be seen.
const SOON: Duration = Duration::from_secs(10);

/// What an agent says in tests and must be found nowhere.
const WORD: &str = "xyzzy-4711";

fn http() -> reqwest::Client {
    // A second installation is refused, which is as good as the first.
    _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// An api of one tool whose answers are at `address`.
fn write_api(sandbox: &Sandbox, address: SocketAddr) {
    sandbox.write(
        "capabilities/zoo/api.yaml",
        &format!(
            "version: 1\nkind: api\nname: zoo\nserver: http://{address}\nnetwork: private\nlimits: {{retries: 0}}\n"
        ),
    );
    sandbox.write(
        "capabilities/zoo/count.yaml",
        "version: 1\nkind: capability\nname: count\napi: zoo\ndescription: Counts animals.\n\
         input:\n  type: object\n  additionalProperties: false\n  required: [kind]\n  \
         properties: {kind: {type: string}, many: {type: integer}}\n\
         request: {method: POST, path: /count, body: {json: {kind: \"{{ kind }}\", many: \"{{ many }}\"}}}\n",
    );
}

/// A server that answers every request with seventeen bytes.
async fn zoo() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = || async { ([("content-type", "application/json")], format!("{{\"seen\":\"{WORD}\"}}")) };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    address
}

/// The gateway as a process, ended with the test.
struct Served {
    child: Child,
    url: String,
    log: Arc<Mutex<Vec<String>>>,
}

impl Served {
    fn start(sandbox: &Sandbox, flags: &[&str]) -> Self {
        let args = [&["serve", "--listen", "127.0.0.1:0"], flags].concat();
        let mut command = sandbox.command(&args);
        command.env("RUST_LOG", "info,cap_runtime=debug").stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(Vec::new()));
        let url = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the gateway ended: {log:?}")).unwrap();
            log.lock().unwrap().push(line.clone());
            if let Some(at) = line.find("http://127.0.0.1:").filter(|_| line.to_lowercase().contains("listening")) {
                break line[at..].split('"').next().unwrap().trim().to_owned();
            }
        };
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line)));
        Self { child, url, log }
    }

    async fn connect(&self) -> Agent {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url.as_str());
        let transport = StreamableHttpClientTransport::with_client(http(), config);
        let mode = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
        Agent(().serve_with_lifecycle(transport, mode).await.unwrap())
    }

    async fn get(&self, path: &str) -> String {
        http().get(self.url.replace("/mcp", path)).send().await.unwrap().text().await.unwrap()
    }

    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Asks it to end, and waits until it did.
    #[cfg(unix)]
    fn end(mut self) -> Vec<String> {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()));
        assert!(self.child.wait().unwrap().success(), "{:?}", self.log());
        self.log()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

struct Agent(RunningService<RoleClient, ()>);

impl Agent {
    async fn count(&self, arguments: Value) -> bool {
        self.invoke("zoo__count", arguments, None).await
    }

    async fn invoke(&self, tool: &str, arguments: Value, meta: Option<Value>) -> bool {
        let arguments = json!({"tool": tool, "arguments": arguments}).as_object().cloned().unwrap();
        let mut request = CallToolRequestParams::new("gateway_invoke").with_arguments(arguments);
        request.meta = meta.map(|meta| serde_json::from_value::<RequestMetaObject>(meta).unwrap());
        self.0.call_tool(request).await.unwrap().is_error != Some(true)
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Every complete line, each of which is JSON. The last one of a process that was killed may be cut.
fn lines(text: &str) -> Vec<Value> {
    let complete = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    complete.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn calls(text: &str) -> Vec<Value> {
    lines(text).into_iter().filter(|line| line["event"] == "call").collect()
}

async fn until(what: &str, seen: impl Fn() -> bool) {
    let start = Instant::now();
    while !seen() {
        assert!(start.elapsed() < SOON, "{what} was not seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(unix)]
#[tokio::test]
async fn each_call_has_a_line_that_says_what_was_called_and_never_with_what() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = Served::start(&sandbox, &["--audit", "audit.jsonl"]);
    let agent = served.connect().await;
    assert!(agent.count(json!({"kind": WORD, "many": 2})).await);
    assert!(agent.count(json!({"many": 2.0, "kind": WORD})).await);
    assert!(agent.count(json!({"kind": "another"})).await);
    assert!(!agent.count(json!({"kind": 1, WORD: 2})).await);
    assert!(!agent.invoke("zoo__cuont", json!({}), None).await);
    assert!(!agent.invoke(&format!("{WORD} and more"), json!({}), None).await);
    let log = served.end();
    let path = sandbox.path().join("audit.jsonl");
    let text = read(&path);
    assert!(!text.contains(WORD), "{text}");
    assert!(is_private(&path) && is_private(&sandbox.path().join("audit.jsonl.key")));
    let all = lines(&text);
    let schema = jsonschema::draft202012::new(&sandbox.ok(&["schema", "audit"]).json()).unwrap();
    assert!(all.iter().all(|line| schema.is_valid(line)), "{text}");
    assert_eq!((&all[0]["event"], &all.last().unwrap()["event"]), (&json!("started"), &json!("stopped")));
    let calls = calls(&text);
    let column = |name: &str| calls.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("outcome"), ["ok", "ok", "ok", "arguments", "unknown_tool", "unknown_tool"], "{text}");
    assert_eq!(column("tool")[3..], [json!("zoo__count"), json!("zoo__cuont"), json!(null)]);
    let first = &calls[0];
    assert_eq!(
        [&first["api"], &first["principal"], &first["method"], &first["status"], &first["attempts"], &first["cached"]],
        [&json!("zoo"), &json!("anonymous"), &json!("POST"), &json!(200), &json!(1), &json!(false)]
    );
    assert_eq!((&first["bytes_sent"], &first["bytes_received"]), (&json!(30), &json!(21)));
    assert!(first["host"].as_str().unwrap().starts_with("127.0.0.1:"), "{first}");
    assert!(first["duration_ms"].as_f64().unwrap() > 0.0, "{first}");
    assert_eq!(calls[3]["attempts"], 0);
    let digests = column("arguments");
    assert_eq!(digests[0], digests[1], "the same arguments in another spelling");
    assert_eq!(digests.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len(), 4, "{digests:?}");
    assert_eq!(first["definition"], definition_digest(&sandbox), "as the shell computes it");
    // The log and the audit log speak of one request with one name.
    let id = format!("id={}", first["id"].as_str().unwrap());
    assert!(log.iter().any(|line| line.contains("answered") && line.contains(&id)), "{id} is not in {log:?}");
}

/// What the documentation says that `sha256sum` prints.
fn definition_digest(sandbox: &Sandbox) -> String {
    let script = "sha256sum capabilities/zoo/count.yaml capabilities/zoo/api.yaml | cut -d' ' -f1 | sha256sum";
    let printed = Command::new("sh").args(["-c", script]).current_dir(sandbox.path()).output().unwrap();
    format!("sha256:{}", String::from_utf8(printed.stdout).unwrap().split(' ').next().unwrap())
}

#[tokio::test]
async fn a_process_that_is_killed_loses_what_was_answered_in_the_last_second_at_most() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let path = sandbox.path().join("audit.jsonl");
    let mut served = Served::start(&sandbox, &["--audit", "audit.jsonl"]);
    let agent = served.connect().await;
    for number in 0..40 {
        assert!(agent.count(json!({"kind": "a", "many": number})).await);
    }
    let answered = Instant::now();
    // Calls go on until the process is killed in the midst of them.
    while answered.elapsed() < Duration::from_secs(1) {
        agent.count(json!({"kind": "b"})).await;
    }
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let before = calls(&read(&path));
    let digests: BTreeSet<String> = before.iter().map(|line| line["arguments"].to_string()).collect();
    assert!(digests.len() >= 40, "calls answered a second ago have no line: {}", digests.len());
    assert!(!lines(&read(&path)).iter().any(|line| line["event"] == "stopped"));

    // The next process goes on in the same file, with the same key.
    let next = Served::start(&sandbox, &["--audit", "audit.jsonl"]);
    assert!(next.connect().await.count(json!({"kind": "a", "many": 0})).await);
    until("the next line", || calls(&read(&path)).len() > before.len()).await;
    let after = calls(&read(&path));
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.last().unwrap()["arguments"], before[0]["arguments"]);
    assert_ne!(after.last().unwrap()["id"], before[0]["id"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_is_moved_away_is_begun_anew() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    sandbox.write("cap.yaml", "audit: audit.jsonl\n");
    let served = Served::start(&sandbox, &[]);
    let (path, old) = (sandbox.path().join("audit.jsonl"), sandbox.path().join("audit.jsonl.1"));
    let agent = served.connect().await;
    assert!(agent.count(json!({"kind": "before"})).await);
    until("the first line", || calls(&read(&path)).len() == 1).await;
    std::fs::rename(&path, &old).unwrap();
    assert!(agent.count(json!({"kind": "after"})).await);
    until("the second line", || calls(&read(&path)).len() == 1).await;
    assert!(is_private(&path));
    assert_eq!(calls(&read(&old)).len(), 1);
}

#[tokio::test]
async fn an_audit_log_that_cannot_be_opened_stops_the_start() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let run = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--audit", "no/such/folder/audit.jsonl"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("the audit log `no/such/folder/audit.jsonl` cannot be opened"), "{}", run.stderr);
    sandbox.write("audit.jsonl.key", "not a key\n");
    let run = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--audit", "audit.jsonl"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("`audit.jsonl.key`, cannot be used"), "{}", run.stderr);
    let run = sandbox.run(&["serve", "--otlp", "collector:4318"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_for_programs_is_one_object_a_line() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    sandbox.write("capabilities/broken.yaml", "kind: [");
    let served = Served::start(&sandbox, &["--log", "json", "--audit", "-"]);
    assert!(served.connect().await.count(json!({"kind": WORD})).await);
    let log = served.end();
    let objects = lines(&(log.join("\n") + "\n"));
    let found = |key: &str, value: &str| objects.iter().find(|line| line[key] == value).cloned().unwrap_or_default();
    let call = found("event", "call");
    assert_eq!(call["tool"], "zoo__count", "{log:?}");
    let answered = objects.iter().filter(|line| line["message"] == "answered" && line["id"] == call["id"]);
    assert_eq!(answered.count(), 1, "{log:?}");
    for message in ["serving", "listening", "capabilities loaded", "stopped"] {
        assert_ne!(found("message", message), Value::Null, "{message}: {log:?}");
    }
    assert!(objects.iter().all(|line| !line.to_string().contains(WORD)), "{log:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_shows_in_health_until_it_can() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    let (here, away) = (sandbox.path().join("capabilities"), sandbox.path().join("away"));
    let health = async || serde_json::from_str::<Value>(&served.get("/health").await).unwrap();
    assert_eq!(health().await["status"], "ok", "{}", health().await);
    std::fs::rename(&here, &away).unwrap();
    let start = Instant::now();
    while health().await["status"] == "ok" {
        assert!(start.elapsed() < SOON, "the missing folder is not in /health");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = health().await["problems"][0].as_str().unwrap().to_owned();
    assert!(said.starts_with("the capabilities cannot be read: capabilities: "), "{said}");
    assert!(agent.count(json!({"kind": "still served"})).await);
    let metrics = served.get("/metrics").await;
    assert!(
        metrics.contains("\ncap_problems 1\n") && metrics.contains("cap_reloads_total{result=\"failed\"}"),
        "{metrics}"
    );
    std::fs::rename(&away, &here).unwrap();
    while health().await["status"] != "ok" {
        assert!(start.elapsed() < SOON * 2, "the folder is back and /health does not know");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(served.log().iter().any(|line| line.contains("mended: the capabilities cannot be read")));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_whether_it_is_ready_is_told_while_calls_are_finished() {
    let sandbox = Sandbox::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    write_api(&sandbox, listener.local_addr().unwrap());
    let slow = || async { tokio::time::sleep(Duration::from_secs(2)).await };
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(slow)).await });
    let served = Served::start(&sandbox, &["--audit", "audit.jsonl"]);
    let agent = served.connect().await;
    assert_eq!(served.get("/ready").await, "ready\n");
    let call = tokio::spawn(async move { agent.count(json!({"kind": "slow"})).await });
    until_metric(&served, "cap_calls_in_flight{api=\"zoo\"} 1").await;
    let asked = Command::new("kill").args(["-TERM", &served.child.id().to_string()]).status();
    assert!(asked.is_ok_and(|status| status.success()));
    let answer = loop {
        let answer = http().get(served.url.replace("/mcp", "/ready")).send().await.unwrap();
        if answer.status() != 200 {
            break answer;
        }
    };
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (503, "stopping\n"));
    assert!(call.await.unwrap(), "the call under way was not finished");
    let path = sandbox.path().join("audit.jsonl");
    until("its line", || calls(&read(&path)).len() == 1).await;
}

async fn until_metric(served: &Served, line: &str) {
    let start = Instant::now();
    while !served.get("/metrics").await.lines().any(|it| it == line) {
        assert!(start.elapsed() < SOON, "{line} was not seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A collector that keeps what it is sent.
async fn collector() -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let kept: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let keep = Arc::clone(&kept);
    let post = move |body: axum::body::Bytes| async move {
        keep.lock().unwrap().push(body.to_vec());
        [("content-type", "application/x-protobuf")]
    };
    let routes = axum::Router::new().route("/v1/traces", axum::routing::post(post));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, kept)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(unix)]
// The collector answers while the test waits for the process.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_calls_reach_a_collector_in_the_trace_of_their_caller() {
    let (address, kept) = collector().await;
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = Served::start(&sandbox, &["--otlp", &format!("http://{address}")]);
    let agent = served.connect().await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert!(agent.invoke("zoo__count", json!({"kind": WORD}), Some(json!({"traceparent": parent}))).await);
    assert!(!agent.count(json!({"kind": 7})).await);
    let log = served.end();
    let sent: Vec<u8> = kept.lock().unwrap().concat();
    let (trace, caller) = (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128, 0xb7ad_6b71_6920_3331_u64);
    for (what, bytes) in [
        ("the service", b"service.name".to_vec()),
        ("the name of the span", b"call".to_vec()),
        ("the tool", b"zoo__count".to_vec()),
        ("the status", b"status".to_vec()),
        ("the kind of error", b"arguments".to_vec()),
        ("the caller's trace", trace.to_be_bytes().to_vec()),
        ("the caller's span", caller.to_be_bytes().to_vec()),
    ] {
        assert!(holds(&sent, &bytes), "{what} is not in {} bytes; {log:?}", sent.len());
    }
    assert!(!holds(&sent, WORD.as_bytes()), "arguments were exported");
}

#[cfg(unix)]
#[tokio::test]
async fn a_collector_that_is_not_there_costs_one_line_and_no_call() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = Served::start(&sandbox, &["--otlp", "http://127.0.0.1:9"]);
    let agent = served.connect().await;
    let warned = |log: &[String]| log.iter().filter(|line| line.contains("cannot be sent to the collector")).count();
    for _ in 0..3 {
        assert!(agent.count(json!({"kind": "a"})).await);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    let log = served.end();
    assert_eq!(warned(&log), 1, "{log:?}");
}
