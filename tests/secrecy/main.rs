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

mod planted;
#[path = "../support/served.rs"]
mod served;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod ways;

#[cfg(target_os = "linux")]
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use planted::{CLIENT, ENVIRONMENT, PASSPHRASE, VAULT, assert_clean, assert_files_are_clean};
use serde_json::{Value, json};
use served::{Served, http};
use server::server;
use support::Sandbox;

/// Ways in which a server gives a request back, by path.
const PATHS: [&str; 7] = ["echo", "base64", "failure", "redirect", "header", "html", "broken"];

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
    let args = ["serve", "--listen", "127.0.0.1:0", "--audit", "audit.jsonl"];
    let served = Served::of(command(&sandbox, &args));
    let client = http();
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
    let log = served.kill().join("\n");
    assert!(log.contains("oauth_echo"), "the log is talkative");
    assert_clean("the log", log.as_bytes());
    assert!(sandbox.read("audit.jsonl").lines().count() > 10);
    assert_files_are_clean(sandbox.path());
}
