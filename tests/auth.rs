//! `cap auth` as a person uses it: a login in a browser, which calls and other commands then go on from.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

#[allow(dead_code, reason = "a server that other tests ask for more")]
#[path = "../runtime/tests/authorize/server.rs"]
mod server;
mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::json;
use server::Server;
use support::{Run, Sandbox};
use url::Url;

const TOOL: &str = "version: 1\nkind: capability\nname: orders\napi: shop\ndescription: List orders.\n\
                    input: {type: object}\nrequest: {method: GET, path: /api/orders}\n";

fn shop(sandbox: &Sandbox, server: &str, grant: &str) {
    let api = format!(
        "version: 1\nkind: api\nname: shop\nserver: {server}\nnetwork: private\nauth:\n  oauth2:\n    grant: {grant}\n    \
         issuer: {server}\n    client_id: \"{{{{ secret.SHOP_CLIENT_ID }}}}\"\n    scopes: [orders:read]\n"
    );
    sandbox.write("capabilities/shop/api.yaml", &api);
    sandbox.write("capabilities/shop/orders.yaml", TOOL);
    sandbox.write("secrets.env", "SHOP_CLIENT_ID=public\n");
}

const SECRETS: [&str; 2] = ["--secrets", "secrets.env"];

fn begin(sandbox: &Sandbox, more: &[&str]) -> (Child, BufReader<std::process::ChildStderr>, Url) {
    let args = [&["auth", "login", "shop", "--no-browser"], &SECRETS[..], more].concat();
    let mut child = sandbox.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.trim_start().starts_with("Open ") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the login ended early: {:?}", child.wait());
    }
    let url = Url::parse(line.trim().split_once(' ').unwrap().1).unwrap();
    (child, lines, url)
}

/// What the browser shows after it came back.
fn come_back(url: &Url, query: &str) -> String {
    let back = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    let back = Url::parse(&back).unwrap();
    assert_eq!((back.host_str(), back.path()), (Some("127.0.0.1"), "/callback"));
    let get = |target: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", back.port().unwrap())).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        page
    };
    // Browsers ask for an icon, which is no callback.
    assert!(get("/favicon.ico").starts_with("HTTP/1.1 404"));
    get(&format!("/callback?{query}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_calls_and_logs_out() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    shop(&sandbox, &server.url(), "authorization_code");
    let call = || sandbox.run(&[&["call", "shop__orders"], &SECRETS[..]].concat());
    let refused = call();
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("cap auth login shop"), "{}", refused.stderr);

    let (child, mut rest, url) = begin(&sandbox, &[]);
    let page = come_back(&url, &server.log_in(&url));
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("You are logged in"), "{page}");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert!(child.wait_with_output().unwrap().status.success(), "{said}");
    assert!(said.contains("Logged in to shop, with a token for 59 min") || said.contains("for 60 min"), "{said}");

    // Another process finds the token, and no process shows it.
    let status = sandbox.ok(&[&["auth", "status", "--json"], &SECRETS[..]].concat());
    let row = &status.json()[0];
    assert_eq!((&row["api"], &row["stored"], &row["refreshable"]), (&json!("shop"), &json!(true), &json!(true)));
    assert_eq!(row["scopes"], json!(["orders:read", "orders:write"]));
    assert_eq!(call().code, 0);
    assert_eq!(server.last().headers["authorization"], "Bearer access-1");
    let out = sandbox.ok(&[&["auth", "logout", "shop"], &SECRETS[..]].concat());
    assert!(out.stderr.contains("the server ended the tokens"), "{}", out.stderr);
    assert_eq!(server.books().revoked.len(), 1);
    for text in [&said, &status.stdout, &out.stderr] {
        assert!(!text.contains("access-1") && !text.contains("refresh-1"), "{text}");
    }
    assert_eq!(call().code, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_of_another_login_is_refused_on_both_ends() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    shop(&sandbox, &server.url(), "authorization_code");
    let (child, mut rest, url) = begin(&sandbox, &[]);
    let query = server.log_in(&url).replace("state=", "state=x");
    let page = come_back(&url, &query);
    assert!(page.contains("The login failed"), "{page}");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4), "{said}");
    assert!(said.contains("`state` is not the one"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_waits_for_a_bounded_time() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    shop(&sandbox, &server.url(), "authorization_code");
    let (child, mut rest, _) = begin(&sandbox, &["--wait", "1"]);
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(4), "{said}");
    assert!(said.contains("nobody came back within 1 s"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_shows_a_code_and_where_to_enter_it() {
    let (server, sandbox) = (Server::start().await, Sandbox::new());
    shop(&sandbox, &server.url(), "device_code");
    let run: Run = sandbox.ok(&[&["auth", "login", "shop"], &SECRETS[..]].concat());
    assert!(
        run.stderr.contains("Enter WDJB-MJHT") && run.stderr.contains("https://login.example/device"),
        "{}",
        run.stderr
    );
    let unknown = sandbox.run(&["auth", "login", "shopp"]);
    assert_eq!(unknown.code, 1);
    assert!(unknown.stderr.contains("there is no api or upstream `shopp`"), "{}", unknown.stderr);
}
