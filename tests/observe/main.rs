//! What `cap serve` says of itself and of calls, as a process: logs, metrics, health, the audit log, spans.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod audit;
#[path = "../support/served.rs"]
mod served;
mod spans;
#[path = "../support/mod.rs"]
mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rmcp::model::{CallToolRequestParams, RequestMetaObject};
use serde_json::{Value, json};
use served::{Agent, Served, http};
use support::Sandbox;

/// How soon something must be seen.
const SOON: Duration = Duration::from_secs(10);

/// What an agent says in tests and must be found nowhere.
const WORD: &str = "xyzzy-4711";

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

/// A gateway that says much.
fn serve(sandbox: &Sandbox, flags: &[&str]) -> Served {
    let mut command = sandbox.command(&[&["serve", "--listen", "127.0.0.1:0"], flags].concat());
    command.env("RUST_LOG", "info,cap_runtime=debug");
    Served::of(command)
}

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

#[tokio::test]
async fn a_log_for_programs_is_one_object_a_line() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    sandbox.write("capabilities/broken.yaml", "kind: [");
    let served = serve(&sandbox, &["--log", "json", "--audit", "-"]);
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
    let served = serve(&sandbox, &[]);
    let agent = served.connect().await;
    let (here, away) = (sandbox.path().join("capabilities"), sandbox.path().join("away"));
    assert_eq!(served.health().await["status"], "ok", "{}", served.health().await);
    std::fs::rename(&here, &away).unwrap();
    let start = Instant::now();
    while served.health().await["status"] == "ok" {
        assert!(start.elapsed() < SOON, "the missing folder is not in /health");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = served.health().await["problems"][0].as_str().unwrap().to_owned();
    assert!(said.starts_with("the capabilities cannot be read: capabilities: "), "{said}");
    assert!(agent.count(json!({"kind": "still served"})).await);
    let metrics = served.get("/metrics").await;
    assert!(
        metrics.contains("\ncap_problems 1\n") && metrics.contains("cap_reloads_total{result=\"failed\"}"),
        "{metrics}"
    );
    std::fs::rename(&away, &here).unwrap();
    while served.health().await["status"] != "ok" {
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
    let served = serve(&sandbox, &["--audit", "audit.jsonl"]);
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
