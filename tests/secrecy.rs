//! Secrets are looked for in every byte that the process writes: standard output and error at the
//! most talkative level, answers over MCP and HTTP, the audit log, and every file.
//!
//! One secret is in the environment, one in the vault, one is a token that an authorization server
//! gave; the server that is called gives everything back that it got, in several spellings.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use support::Sandbox;

/// What must be nowhere, and where it is planted.
const ENVIRONMENT: &str = "env-S3cr3t/One+7f1c9a52";
const VAULT: &str = "vault-S3cr3t/Two+88b0d4e1";
const TOKEN: &str = "oauth-S3cr3t.Three~c55e19f0";
const CLIENT: &str = "client-S3cr3t/Four+0a9d77b3";
const PASSPHRASE: &str = "pass-S3cr3t Five 51b2e6c8";

/// Ways in which a server gives a request back, by path.
const PATHS: [&str; 7] = ["echo", "base64", "failure", "redirect", "header", "html", "broken"];

fn answer(stream: &mut TcpStream) {
    let mut bytes = vec![0; 65536];
    let mut length = 0;
    // Requests of this test fit into a few reads; the body follows the head at once.
    loop {
        let read = stream.read(&mut bytes[length..]).unwrap_or(0);
        length += read;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return;
            }
            continue;
        };
        let wanted = head
            .lines()
            .find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap())
            })
            .unwrap_or(0);
        if body.len() >= wanted || read == 0 {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').split('?').next().unwrap().to_owned();
    let authorization = text.lines().find_map(|line| line.split_once("uthorization: ")).map_or("", |(_, value)| value);
    let reply = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
    };
    let encoded = BASE64_STANDARD.encode(format!("x{text}"));
    let reply = match path.as_str() {
        "token" => {
            let body = json!({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}).to_string();
            reply("200 OK", "content-type: application/json\r\n", &body)
        }
        "base64" => reply("200 OK", "content-type: application/json\r\n", &json!({"got": encoded}).to_string()),
        "failure" => reply("500 Oops", "content-type: application/json\r\n", &json!({"detail": text}).to_string()),
        "redirect" => reply("302 Found", &format!("location: http://elsewhere.example/{authorization}\r\n"), ""),
        "header" => reply("200 OK", &format!("content-type: text/{authorization}\r\nx: {authorization}\r\n"), "x"),
        "html" => reply("403 No", "content-type: text/html\r\n", &format!("<h1>No</h1><p>{text}</p>")),
        "broken" => format!("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{text}"),
        _ => reply("200 OK", "content-type: application/json\r\n", &json!({"got": text}).to_string()),
    };
    let _ = stream.write_all(reply.as_bytes());
}

fn server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || answer(&mut stream.unwrap()));
        }
    });
    url
}

/// Tools for each way to authenticate and each way to answer.
fn sandbox(server: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    let schemes = [
        ("environment", "{bearer: \"{{ secret.ENV_TOKEN }}\"}".to_owned()),
        ("query", "{query: {key: \"{{ secret.ENV_TOKEN }}\"}}".to_owned()),
        ("basic", "{basic: {username: me, password: \"{{ secret.VAULT_TOKEN }}\"}}".to_owned()),
        ("computed", "{header: {X-Sign: \"v={{ secret.VAULT_TOKEN ~ '!' }}\"}}".to_owned()),
        (
            "oauth",
            format!(
                "{{oauth2: {{grant: client_credentials, token_url: {server}/token, client_id: me, \
                 client_secret: \"{{{{ secret.CLIENT_SECRET }}}}\"}}}}"
            ),
        ),
    ];
    for (scheme, auth) in schemes {
        for path in PATHS {
            sandbox.write(
                &format!("capabilities/{scheme}_{path}.yaml"),
                &format!(
                    "version: 1\nkind: capability\nname: {scheme}_{path}\ndescription: Asks {path}.\nserver: {server}\n\
                     network: private\nauth: {auth}\ninput: {{type: object}}\nlimits: {{timeout: 3s, retries: 0}}\n\
                     request: {{method: GET, path: /{path}}}\n"
                ),
            );
        }
    }
    // A fault that a diagnostic quotes, and a file that cannot be read at all.
    sandbox.write(
        "capabilities/wrong.yaml",
        "version: 1\nkind: capability\nname: wrong\nserver: \"{{ secret.ENV_TOKEN\"\n",
    );
    sandbox.write("capabilities/torn.yaml", "version: [1\n");
    sandbox
}

fn command(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.command(args);
    command.env("ENV_TOKEN", ENVIRONMENT).env("CAP_VAULT_PASSPHRASE", PASSPHRASE).env("RUST_LOG", "trace,rmcp=trace");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(sandbox: &Sandbox, args: &[&str], input: &str) -> String {
    let mut child = command(sandbox, args).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Every spelling of every secret.
fn needles() -> Vec<String> {
    let mut all = Vec::new();
    for secret in [ENVIRONMENT, VAULT, TOKEN, CLIENT, PASSPHRASE, support::PLANTED.1] {
        all.push(secret.to_owned());
        all.push(secret.to_ascii_lowercase());
        all.push(secret.replace('/', "%2F").replace('+', "%2B"));
        all.push(secret.replace('/', "\\/"));
        all.push(secret.bytes().map(|byte| format!("{byte:02x}")).collect());
        // What does not depend on the neighbours, at each of the three places within base64.
        for before in ["", "x", "xx"] {
            let encoded = BASE64_STANDARD.encode(format!("{before}{secret}"));
            let skip = if before.is_empty() { 0 } else { 4 };
            all.push(encoded[skip..encoded.len() / 4 * 4 - 4].to_owned());
        }
    }
    all
}

#[track_caller]
fn assert_clean(place: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for needle in needles() {
        if let Some(at) = text.find(&needle) {
            let from = text[..at].char_indices().rev().nth(160).map_or(0, |(from, _)| from);
            panic!("{place} has `{needle}`: …{}", &text[from..at + needle.len()]);
        }
    }
}

fn assert_files_are_clean(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_files_are_clean(&path);
        } else {
            assert_clean(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

fn tools() -> Vec<String> {
    let schemes = ["environment", "query", "basic", "computed", "oauth"];
    schemes.iter().flat_map(|scheme| PATHS.map(|path| format!("{scheme}_{path}"))).collect()
}

fn planted(server: &str) -> Sandbox {
    let sandbox = sandbox(server);
    assert_clean("secret set", run(&sandbox, &["secret", "set", "VAULT_TOKEN"], VAULT).as_bytes());
    assert_clean("secret set", run(&sandbox, &["secret", "set", "CLIENT_SECRET"], CLIENT).as_bytes());
    sandbox
}

#[test]
fn commands_write_no_secret() {
    let sandbox = planted(&server());
    let mut runs: Vec<Vec<&str>> = vec![
        vec!["check"],
        vec!["check", "--format", "json"],
        vec!["list"],
        vec!["list", "--json"],
        vec!["show", "basic_echo", "--json"],
        vec!["search", "echo"],
        vec!["secret", "list"],
        vec!["secret", "list", "--json"],
        vec!["pin"],
        vec!["call", "basic_echo", "--arg", "no=1"],
        vec!["secret", "rm", "NOTHING"],
    ];
    let names = tools();
    for name in &names {
        runs.push(vec!["call", name]);
        runs.push(vec!["call", name, "--dry-run"]);
    }
    for args in runs {
        assert_clean(&format!("cap {args:?}"), run(&sandbox, &args, "").as_bytes());
    }
    assert_files_are_clean(sandbox.path());
}

/// A gateway whose every line of standard error is kept.
struct Served {
    child: Child,
    url: String,
    log: std::thread::JoinHandle<String>,
}

fn serve(sandbox: &Sandbox) -> Served {
    let args = ["serve", "--listen", "127.0.0.1:0", "--audit", "audit.jsonl"];
    let mut child = command(sandbox, &args).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = String::new();
    let url = loop {
        let line = lines.next().expect("the gateway ended").unwrap();
        log.push_str(&line);
        if let Some((_, url)) = line.split_once("Listening ") {
            break url.trim().to_owned();
        }
    };
    let log = std::thread::spawn(move || {
        for line in lines {
            log.push_str(&line.unwrap_or_default());
            log.push('\n');
        }
        log
    });
    Served { child, url, log }
}

fn invoke(tool: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "gateway_invoke",
            "arguments": {"tool": tool, "arguments": {}},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    })
}

#[tokio::test]
async fn a_gateway_writes_no_secret() {
    let sandbox = planted(&server());
    let mut served = serve(&sandbox);
    _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for tool in tools() {
        let request = client
            .post(&served.url)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "gateway_invoke")
            .json(&invoke(&tool));
        let response = request.send().await.unwrap();
        assert_clean(&format!("headers of {tool}"), format!("{:?}", response.headers()).as_bytes());
        let body = response.bytes().await.unwrap();
        assert!(String::from_utf8_lossy(&body).contains("\"result\""), "{body:?}");
        assert_clean(&format!("the answer of {tool}"), &body);
    }
    for path in ["health", "metrics"] {
        let url = served.url.replace("/mcp", &format!("/{path}"));
        assert_clean(path, &client.get(url).send().await.unwrap().bytes().await.unwrap());
    }
    #[cfg(target_os = "linux")]
    assert_clean("the process list", &fs::read(format!("/proc/{}/cmdline", served.child.id())).unwrap());
    // As in a crash: nothing is written on the way out.
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let log = served.log.join().unwrap();
    assert!(log.contains("oauth_echo"), "the log is talkative");
    assert_clean("the log", log.as_bytes());
    assert!(sandbox.read("audit.jsonl").lines().count() > 10);
    assert_files_are_clean(sandbox.path());
}
