//! `cap serve` as a process: clients over HTTP and standard input, and files that change under it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

#[path = "support/served.rs"]
mod served;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rmcp::model::CallToolRequestParams;

use serde_json::{Value, json};
use served::{SOON, Served, http};
use support::Sandbox;

fn capability(name: &str, description: &str) -> String {
    format!(
        "version: 1\nkind: capability\nname: {name}\nserver: http://127.0.0.1:9\nnetwork: private\n\
         description: {description}\ninput: {{type: object, additionalProperties: false}}\n\
         request: {{method: GET, path: /}}\n"
    )
}

#[tokio::test]
async fn files_that_change_are_served_as_they_change() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/other.yaml", &capability("other", "Weighs parcels."));
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;

    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    agent.until("added", "stripes animal", "zebra", |found| found.is_some()).await;

    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of a flag."));
    agent.until("edited", "stripes", "zebra", |found| found == Some("Counts the stripes of a flag.")).await;

    sandbox.write("capabilities/zebra.yaml", "version: 1\nkind: capability\nname: [\n");
    let start = Instant::now();
    while served.health().await["problems"].as_array().is_none_or(Vec::is_empty) {
        assert!(start.elapsed() < SOON, "a broken file is not reported");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(agent.found("stripes", "zebra").await.is_some(), "a broken edit took the tool away");

    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of a shirt."));
    agent.until("mended", "stripes", "zebra", |found| found == Some("Counts the stripes of a shirt.")).await;

    std::fs::create_dir(sandbox.path().join("capabilities/moved")).unwrap();
    std::fs::rename(
        sandbox.path().join("capabilities/zebra.yaml"),
        sandbox.path().join("capabilities/moved/zebra.yaml"),
    )
    .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(agent.found("stripes", "zebra").await.is_some(), "a moved file took its tool away");

    std::fs::remove_file(sandbox.path().join("capabilities/moved/zebra.yaml")).unwrap();
    agent.until("deleted", "stripes", "zebra", |found| found.is_none()).await;
    assert!(agent.found("weighs parcels", "other").await.is_some());
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_watched_on() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    sandbox.write("next/zebra.yaml", &capability("zebra", "Counts the stripes of a flag."));
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    std::fs::rename(sandbox.path().join("capabilities"), sandbox.path().join("before")).unwrap();
    std::fs::rename(sandbox.path().join("next"), sandbox.path().join("capabilities")).unwrap();
    agent.until("replaced", "stripes", "zebra", |found| found == Some("Counts the stripes of a flag.")).await;
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of a shirt."));
    agent.until("edited there", "stripes", "zebra", |found| found == Some("Counts the stripes of a shirt.")).await;
}

#[tokio::test]
async fn a_pinned_tool_is_not_displaced_by_a_newcomer_and_faults_of_its_lock_show() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    sandbox.ok(&["pin"]);
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    sandbox.write("capabilities/aaa.yaml", &capability("zebra", "Counts the stripes of a thief."));
    let problem = "capabilities/aaa.yaml:3: error[CAP0211]: two files define the tool `zebra`";
    until_problem(&served, problem).await;
    let found = agent.found("stripes", "zebra").await;
    assert_eq!(found.as_deref(), Some("Counts the stripes of an animal."));

    std::fs::remove_file(sandbox.path().join("capabilities/aaa.yaml")).unwrap();
    let lock = sandbox.read("capabilities/cap.lock");
    sandbox.write("capabilities/cap.lock", &format!("not a line\n{lock}"));
    until_problem(&served, "error[CAP0304]").await;
    assert_eq!(sandbox.run(&["pin", "--check"]).code, 3);
}

#[tokio::test]
async fn a_quarantined_file_that_breaks_stays_quarantined() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    sandbox.ok(&["pin"]);
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of a spy."));
    agent.until("quarantined", "stripes", "zebra", |found| found.is_none()).await;
    sandbox.write("capabilities/zebra.yaml", "kind: [");
    until_problem(&served, "error[CAP0101]").await;
    assert_eq!(served.health().await["quarantined"][0]["tool"], "zebra");
}

/// Waits until `/health` tells of a problem.
async fn until_problem(served: &Served, wanted: &str) {
    let start = Instant::now();
    loop {
        let health = served.health().await;
        if health["problems"].to_string().contains(wanted) {
            return;
        }
        assert!(start.elapsed() < SOON, "{wanted} is not reported: {health}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_edited_pinned_file_is_quarantined_until_it_is_restored() {
    let sandbox = Sandbox::new();
    let original = capability("zebra", "Counts the stripes of an animal.");
    sandbox.write("capabilities/zebra.yaml", &original);
    sandbox.ok(&["pin"]);
    let served = Served::start(&sandbox, &["--locked"]);
    let agent = served.connect().await;
    agent.until("pinned", "stripes", "zebra", |found| found.is_some()).await;

    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of a spy."));
    agent.until("quarantined", "stripes", "zebra", |found| found.is_none()).await;
    let reply = agent.call("gateway_invoke", json!({"tool": "zebra", "arguments": {}})).await;
    assert_eq!(reply["isError"], true);
    assert!(reply["content"][0]["text"].as_str().unwrap().contains("quarantined"), "{reply}");
    assert_eq!(served.health().await["quarantined"][0]["tool"], "zebra");

    sandbox.write("capabilities/zebra.yaml", &original);
    agent.until("restored", "stripes", "zebra", |found| found.is_some()).await;

    sandbox.write("capabilities/new.yaml", &capability("newcomer", "Arrives without a pin."));
    let start = Instant::now();
    while served.health().await["quarantined"][0]["tool"] != "newcomer" {
        assert!(start.elapsed() < SOON, "--locked serves a file without a line");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(agent.found("arrives", "newcomer").await.is_none());
}

#[test]
fn standard_input_and_output_speak_mcp_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    let mut child = sandbox
        .command(&["serve", "--stdio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    writeln!(input, "{hello}").unwrap();
    let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer["result"]["protocolVersion"], "2025-06-18");
    writeln!(input, "{}", json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).unwrap();
    writeln!(input, "{}", json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).unwrap();
    let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(answer["result"]["tools"].as_array().unwrap().len(), 5);
    drop(input);
    assert!(child.wait().unwrap().success(), "the gateway does not end when its client leaves");
}

#[tokio::test]
async fn without_its_api_a_tool_is_gone_and_other_paths_serve_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zoo/api.yaml", "version: 1\nkind: api\nname: zoo\nserver: https://zoo.example.com\n");
    let tool = capability("zebra", "Counts the stripes of an animal.")
        .replace("server: http://127.0.0.1:9\nnetwork: private", "api: zoo");
    sandbox.write("capabilities/zoo/zebra.yaml", &tool);
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    agent.until("there", "stripes", "zoo__zebra", |found| found.is_some()).await;
    std::fs::remove_file(sandbox.path().join("capabilities/zoo/api.yaml")).unwrap();
    agent.until("cut off", "stripes", "zoo__zebra", |found| found.is_none()).await;

    let answer = http().post(format!("{}/servers/zoo", served.url)).body("{}").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 404);
}

#[cfg(unix)]
#[test]
fn a_polite_signal_ends_standard_input_too() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    let mut child =
        sandbox.command(&["serve", "--stdio"]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Held open: waiting for a child closes its input, and that would end it as well.
    let _input = child.stdin.take();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Serving")));
    let ended = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(ended.is_ok_and(|status| status.success()));
    let status = child.wait().unwrap();
    let said: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(status.success(), "{status}: {said:?}");
}

#[cfg(unix)]
#[test]
fn a_polite_signal_ends_it_with_success() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &capability("zebra", "Counts the stripes of an animal."));
    let mut served = Served::start(&sandbox, &[]);
    let ended = std::process::Command::new("kill").args(["-TERM", &served.child.id().to_string()]).status();
    assert!(ended.is_ok_and(|status| status.success()));
    assert!(served.child.wait().unwrap().success());
}

/// Answers its first request after `pause`.
#[cfg(unix)]
fn slow_server(pause: Duration) -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (came, seen) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        came.send(()).unwrap();
        std::thread::sleep(pause);
        _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ndone");
    });
    (format!("http://{address}"), seen)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_polite_signal_lets_calls_under_way_finish() {
    let sandbox = Sandbox::new();
    let (server, seen) = slow_server(Duration::from_secs(1));
    let text = capability("zebra", "Counts the stripes of an animal.").replace("http://127.0.0.1:9", &server);
    sandbox.write("capabilities/zebra.yaml", &text);
    let mut served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    let asked = json!({"tool": "zebra", "arguments": {}}).as_object().cloned().unwrap();
    let calling = agent.0.call_tool(CallToolRequestParams::new("gateway_invoke").with_arguments(asked.clone()));
    let pid = served.child.id().to_string();
    let ending = async {
        tokio::task::spawn_blocking(move || seen.recv().unwrap()).await.unwrap();
        let ended = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(ended.is_ok_and(|status| status.success()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        agent.0.call_tool(CallToolRequestParams::new("gateway_invoke").with_arguments(asked)).await
    };
    let (first, late) = tokio::join!(calling, ending);
    assert!(serde_json::to_string(&first.unwrap()).unwrap().contains("done"));
    assert!(serde_json::to_string(&late.unwrap()).unwrap().contains("the gateway is stopping"));
    assert!(served.child.wait().unwrap().success());
}
