//! Logging in to an MCP server as a person does, while a gateway runs that serves it: with the built binary, a
//! real MCP server and its authorization server, and a scripted browser.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

#[path = "support/served.rs"]
mod served;
#[allow(dead_code, reason = "a server that other tests ask for more")]
#[path = "../runtime/tests/upstream_login/server.rs"]
mod server;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use served::Served;
use server::Server;
use support::{Run, Sandbox};
use url::Url;

/// What no output may show: tokens, codes, and what an agent showed the gateway.
const SECRETS: [&str; 3] = ["-secret", "-of-a-person", "code_verifier"];

fn upstream(sandbox: &Sandbox, server: &Server) {
    let text =
        format!("version: 1\nkind: upstream\nname: notes\nnetwork: private\ntransport:\n  http: {}\n", server.url());
    sandbox.write("capabilities/notes/upstream.yaml", &text);
}

/// Begins a login, and gives the address that a person has to open.
fn begin(sandbox: &Sandbox, more: &[&str]) -> (Child, BufReader<ChildStderr>, Url) {
    let args = [&["auth", "login", "notes", "--no-browser"], more].concat();
    let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let (mut line, mut said) = (String::new(), String::new());
    while !line.trim_start().starts_with("Open ") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the login ended early: {said}");
        said.push_str(&line);
    }
    (child, lines, Url::parse(line.trim().split_once(' ').unwrap().1).unwrap())
}

/// What the browser shows after it came back.
fn come_back(url: &Url, query: &str) -> String {
    let back = Url::parse(&url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", back.port().unwrap())).unwrap();
    write!(stream, "GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

fn log_in(sandbox: &Sandbox, server: &Server, more: &[&str]) -> (String, Url) {
    let (mut child, mut rest, url) = begin(sandbox, more);
    let page = come_back(&url, &server.log_in(&url));
    assert!(page.contains("You are logged in"), "{page}");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    hidden(&said);
    (said, url)
}

fn hidden(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn shown(run: Run) -> Run {
    hidden(&run.stdout);
    hidden(&run.stderr);
    run
}

/// Calls until the answer is as it should be.
async fn until(gateway: &Served, tool: &str, words: &str) -> Value {
    let (agent, begun) = (gateway.connect().await, Instant::now());
    loop {
        let answer = agent.call("gateway_invoke", json!({"tool": tool, "arguments": {}})).await;
        hidden(&answer.to_string());
        if answer.to_string().contains(words) {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "no `{words}`: {answer}\n{:#?}", gateway.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_while_the_gateway_runs() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    upstream(&sandbox, &server);
    // There is no vault yet; the login makes it.
    let gateway = Served::start(&sandbox, &[]);
    let begun = Instant::now();
    while !gateway.log().iter().any(|line| line.contains("cap auth login notes")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:#?}", gateway.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(gateway.health().await["status"], "degraded");
    let status = shown(sandbox.ok(&["auth", "status"]));
    assert!(status.stdout.contains("nobody has logged in"), "{}", status.stdout);
    let (said, _) = log_in(&sandbox, &server, &[]);
    assert!(said.contains("Logged in to notes"), "{said}");
    until(&gateway, "notes__read", "done").await;
    let row = shown(sandbox.ok(&["auth", "status", "notes", "--json"])).json()[0].clone();
    assert_eq!((&row["api"], &row["stored"], &row["usable"]), (&json!("notes"), &json!(true), &json!(true)));

    // More scopes, as the error says; the same client.
    let lacking = until(&gateway, "notes__write", "--scope notes:write").await;
    assert_eq!(lacking["isError"], true);
    let text = lacking["content"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("`notes` refused the call: the login for `notes` lacks the scope `notes:write`"),
        "{text}"
    );
    let (said, url) = log_in(&sandbox, &server, &["--scope", "notes:write"]);
    assert!(said.contains("notes:read notes:write"), "{said}");
    assert!(url.query().unwrap().contains("client_id=client-1"), "{url}");
    until(&gateway, "notes__write", "done").await;

    // Another process goes on from there.
    hidden(&gateway.kill().join("\n"));
    let gateway = Served::start(&sandbox, &["--log", "json"]);
    until(&gateway, "notes__write", "done").await;
    let out = shown(sandbox.ok(&["auth", "logout", "notes"]));
    assert!(out.stderr.contains("the server ended the tokens"), "{}", out.stderr);
    assert_eq!(server.books().revoked.len(), 1);
    server.end_access();
    until(&gateway, "notes__read", "cap auth login notes").await;
    hidden(&gateway.kill().join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_cannot_be_made_says_why_and_keeps_nothing() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    upstream(&sandbox, &server);
    let (mut child, mut rest, url) = begin(&sandbox, &[]);
    let page = come_back(&url, &server.log_in(&url).replace("iss=http", "iss=https"));
    assert!(page.contains("The login failed"), "{page}");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{said}");
    assert!(said.contains("`iss`"), "{said}");
    server.lie("resource", json!("https://notes.example/mcp"));
    let refused = shown(sandbox.run(&["auth", "login", "notes", "--no-browser"]));
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("of another resource"), "{}", refused.stderr);
    let device = shown(sandbox.run(&["auth", "login", "notes", "--device"]));
    assert!(device.stderr.contains("is made in a browser"), "{}", device.stderr);
    let status = shown(sandbox.ok(&["auth", "status", "--json"]));
    assert_eq!(status.json()[0]["stored"], false);
    let unknown = sandbox.run(&["auth", "login", "note"]);
    assert!(unknown.stderr.contains("there is no api or upstream `note`"), "{}", unknown.stderr);
}
