//! Sessions of an upstream: each client has its own where the upstream keeps state for each, none is left behind, and
//! opening and closing thousands costs the gateway nothing that stays.

use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use rmcp::ClientLifecycleMode;
use serde_json::{Value, json};

use crate::peer::Peer;
use crate::served::http;
use crate::world::{MB, World, invoking, stdio, until};

/// Which session of an upstream a client is seen in, and how often that one asked.
async fn seen<S: rmcp::Service<rmcp::RoleClient>>(
    client: &rmcp::service::RunningService<rmcp::RoleClient, S>,
    name: &str,
) -> (String, u64) {
    let result = client.call_tool(invoking(&format!("{name}__whoami"), &json!({}))).await.unwrap();
    let said = result.structured_content.unwrap_or_else(|| panic!("{:?}", result.content));
    (said["session"].as_str().unwrap().to_owned(), said["calls"].as_u64().unwrap())
}

#[tokio::test]
async fn each_client_has_its_own_where_the_upstream_has_sessions() {
    let peer = Peer::start(&["--revision", "legacy"]);
    let remote = json!({"http": peer.url});
    let world = World::of(&[
        ("own", remote.clone(), json!({})),
        ("shared", remote, json!({"sessions": "shared"})),
        ("piped", stdio(&[]), json!({"sessions": "own"})),
        ("joint", stdio(&[]), json!({})),
    ])
    .await;
    for name in ["own", "shared", "piped", "joint"] {
        world.until_ready(name).await;
    }
    let before = world.held();
    let one = world.client((), ClientLifecycleMode::Initialize).await;
    let other = world.client((), ClientLifecycleMode::Initialize).await;
    for (name, is_own) in [("own", true), ("piped", true), ("shared", false), ("joint", false)] {
        let (first, again, elsewhere) = (seen(&one, name).await, seen(&one, name).await, seen(&other, name).await);
        assert_eq!(first.0, again.0, "`{name}`: a client keeps its session");
        assert_eq!(again.1, first.1 + 1);
        assert_eq!(first.0 != elsewhere.0, is_own, "`{name}`");
        assert_eq!(elsewhere.1 == 1, is_own, "`{name}`");
    }
    // Clients without sessions share.
    let agent = world.served.connect().await;
    for name in ["own", "shared", "piped"] {
        assert_eq!(seen(&agent.0, name).await.0, seen(&world.agent.0, name).await.0, "`{name}`");
        assert_eq!(seen(&agent.0, name).await.0, seen(&agent.0, name).await.0, "`{name}`");
        assert_ne!(seen(&agent.0, name).await.0 == seen(&one, name).await.0, name != "shared", "`{name}`");
    }
    assert_eq!(world.held().children, before.children + 2, "each client has a process of its own");
    one.cancel().await.unwrap();
    other.cancel().await.unwrap();
    until("their processes end with them", async || world.held().children == before.children).await;
    // The two that are left are those that all share.
    until("their sessions end with them", async || sessions(&world, "shared").await == 2).await;
}

/// How many sessions a peer has.
async fn sessions(world: &World, name: &str) -> u64 {
    let result = world.invoke(&format!("{name}__session_count"), json!({})).await;
    result["structuredContent"]["sessions"].as_u64().unwrap_or_else(|| panic!("{result}"))
}

/// A session of a client that speaks HTTP itself.
struct Raw {
    http: Client,
    url: String,
    session: String,
}

impl Raw {
    async fn begin(http: &Client, url: &str) -> Self {
        let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"},
        }});
        let mut raw = Self { http: http.clone(), url: url.to_owned(), session: String::new() };
        let answer = raw.post(&initialize).await;
        raw.session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
        answer.text().await.unwrap();
        raw.post(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        raw
    }

    async fn post(&self, message: &Value) -> Response {
        let mut request = self.http.post(&self.url).json(message);
        request = request.header("accept", "application/json, text/event-stream");
        if !self.session.is_empty() {
            request = request.header("mcp-session-id", &self.session).header("mcp-protocol-version", "2025-11-25");
        }
        request.send().await.unwrap()
    }

    async fn call(&self, tool: &str, arguments: &Value) -> String {
        let params = json!({"name": "gateway_invoke", "arguments": {"tool": tool, "arguments": arguments}});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        self.post(&message).await.text().await.unwrap()
    }

    async fn end(self) {
        let request = self.http.delete(&self.url).header("mcp-session-id", &self.session);
        let answer = request.header("mcp-protocol-version", "2025-11-25").send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }
}

/// How many sessions are opened and closed: CAP_SESSIONS, or few enough for every run; 10,000 take minutes.
fn count() -> usize {
    std::env::var("CAP_SESSIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_come_and_go_and_nothing_stays() {
    const BATCH: usize = 50;
    let peer = Peer::start(&["--revision", "legacy"]);
    let world = World::of(&[("own", json!({"http": peer.url}), json!({}))]).await;
    world.until_ready("own").await;
    let client = http();
    let batch = async || {
        let one = async || {
            let raw = Raw::begin(&client, &world.served.url).await;
            let answer = raw.call("own__whoami", &json!({})).await;
            assert!(answer.contains("session"), "{answer}");
            raw.end().await;
        };
        futures::future::join_all((0..BATCH).map(|_| one())).await;
    };
    // The first make what is kept for all.
    batch().await;
    batch().await;
    until("the first sessions end", async || sessions(&world, "own").await == 1).await;
    let (before, start) = (world.held(), Instant::now());
    for _ in 0..count().div_ceil(BATCH) {
        batch().await;
    }
    until("all sessions end", async || sessions(&world, "own").await == 1).await;
    until("files are closed", async || world.held().files <= before.files + 60).await;
    let after = world.held();
    println!("{} sessions in {:?}: {before:?} {after:?}", count(), start.elapsed());
    assert!(after.threads <= before.threads + 2, "{before:?} {after:?}");
    assert!(after.grown(&before) < 30 * MB, "{before:?} {after:?}");
    assert_eq!(after.children, before.children);
}

/// What is denied stays denied when the parameters of a call are such that nobody can read them.
#[tokio::test]
async fn a_call_that_cannot_be_read_reaches_no_upstream() {
    let peer = Peer::start(&["--revision", "legacy"]);
    let world = World::of(&[("own", json!({"http": peer.url}), json!({"deny": ["whoami"]}))]).await;
    world.until_ready("own").await;
    let raw = Raw::begin(&http(), &world.served.url.replace("/mcp", "/mcp/servers/own")).await;
    let call = async |params: Value| {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params});
        raw.post(&message).await.text().await.unwrap()
    };
    let served = call(json!({"name": "session_count", "arguments": {}})).await;
    assert!(served.contains("\"sessions\""), "{served}");
    for params in [
        json!({"name": "whoami", "arguments": {}}),
        json!({"name": "whoami", "arguments": {}, "requestState": 1}),
        json!({"name": "whoami", "arguments": {}, "inputResponses": []}),
    ] {
        let answer = call(params.clone()).await;
        assert!(answer.contains("-32602"), "{params}: {answer}");
    }
    raw.end().await;
}

#[tokio::test]
async fn a_session_whose_upstream_hangs_reaches_others() {
    let peer = Peer::start(&["--revision", "legacy"]);
    let world = World::of(&[
        ("first", json!({"http": peer.url}), json!({})),
        // Connections beyond the first one hang.
        (
            "second",
            json!({"stdio": ["sh", "-c", hanging()], "directory": "."}),
            json!({"sessions": "own", "limits": {"connect_timeout": "30s"}}),
        ),
    ])
    .await;
    for name in ["first", "second"] {
        world.until_ready(name).await;
    }
    std::fs::write(world.sandbox.path().join("capabilities/second/hang"), "").unwrap();
    let client = world.client((), ClientLifecycleMode::Initialize).await;
    let hangs = async {
        let called =
            tokio::time::timeout(Duration::from_secs(20), client.call_tool(invoking("second__whoami", &json!({}))));
        called.await.is_err()
    };
    let others = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let start = Instant::now();
        seen(&client, "first").await;
        assert!(start.elapsed() < Duration::from_secs(10), "a connection that is being made holds up another");
        start.elapsed()
    };
    tokio::select! {
        hung = hangs => assert!(hung, "the call that should hang did not, and nothing was shown"),
        took = others => println!("another upstream of the same client: {took:?}"),
    }
}

/// A peer that hangs at its start where there is a file `hang` beside its own.
fn hanging() -> String {
    let peer = crate::peer::program().display().to_string();
    format!("[ -e hang ] && exec sleep 60; exec '{peer}' stdio")
}
