//! What the commands write, used: the gateway serves an added upstream, and a client can start the gateway
//! with the entry that was written for it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::exists;
use crate::support::Sandbox;

const TOOL: &str = "version: 1\nkind: capability\nname: ask\ndescription: Asks a question.\n\
                    server: https://ask.example\ninput: {type: object}\nrequest: {method: GET, path: /x}\n";

#[test]
fn an_upstream_is_added_approved_listed_and_removed() {
    let sandbox = Sandbox::new();
    sandbox.write("behind/ask.yaml", TOOL);
    let folder = sandbox.path().join("behind");
    let program = env!("CARGO_BIN_EXE_cap");
    sandbox.ok(&["add", "team", "--", program, "serve", "--stdio", "--capabilities", folder.to_str().unwrap()]);
    sandbox.ok(&["pin", "team"]);
    let tools: Value = serde_json::from_str(&sandbox.read("capabilities/team/tools.json")).unwrap();
    let count = tools["tools"].as_array().unwrap().len();
    assert!(count > 0);
    let list = sandbox.ok(&["list", "--json"]).json();
    assert_eq!(list["upstreams"][0]["approved_tools"], json!(count), "{list}");
    assert_eq!(list["upstreams"][0]["status"], "pinned");
    assert!(sandbox.ok(&["list"]).stdout.contains(&format!("{count} approved tools")));
    let removed = sandbox.ok(&["remove", "team"]);
    assert!(removed.stderr.contains("tools.json") && !exists(&sandbox, "capabilities/team"), "{removed:?}");
    sandbox.ok(&["pin", "--check"]);
}

#[test]
fn a_client_starts_the_gateway_with_its_entry() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/ask.yaml", TOOL);
    sandbox.ok(&["connect", "claude-desktop", "--write"]);
    let file: Value = serde_json::from_str(&sandbox.read(".config/Claude/claude_desktop_config.json")).unwrap();
    let entry = &file["mcpServers"]["cap"];
    let arguments = entry["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap());
    // Clients start programs in folders of their own.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut child = Command::new(entry["command"].as_str().unwrap())
        .args(arguments)
        .current_dir(elsewhere.path())
        .env_clear()
        .env("HOME", sandbox.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut ask = |message: Value| writeln!(input, "{message}").unwrap();
    let client = json!({"name": "test", "version": "1"});
    let parameters = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
    ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": parameters}));
    let hello: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(hello["id"], 1, "{hello}");
    ask(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let call = json!({"name": "gateway_list_tools", "arguments": {}});
    ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}));
    let answer = lines
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap())
        .find(|message| message["id"] == 2)
        .unwrap();
    assert!(answer["result"].to_string().contains("ask"), "{answer}");
    drop(input);
    child.wait().unwrap();
}
