//! `cap import --from-clients`: servers of each client's file, as that client writes it.

use crate::support::{Run, Sandbox};
use crate::{assert_nowhere, exists};

const DESKTOP: &str = r#"{"mcpServers": {
  "github": {"command": "docker", "args": ["run", "-i", "-e", "GITHUB_TOKEN", "image"], "env": {"GITHUB_TOKEN": "ghp_hidden0000000001"}},
  "relayed": {"command": "npx", "args": ["-y", "mcp-remote", "https://relay.example/mcp", "--header", "Authorization:${A}"],
              "env": {"A": "Bearer hidden-0002"}},
  "cap": {"command": "/usr/local/bin/cap", "args": ["serve", "--stdio"]}
}}"#;
const CODE: &str = r#"{"numStartups": 1,
  "mcpServers": {"notion": {"type": "http", "url": "https://notion.example/mcp", "headers": {"X-Key": "hidden-0003"}}},
  "projects": {"/home/me/p": {"mcpServers": {"sentry": {"type": "sse", "url": "https://sentry.example/sse"}}}}}"#;
const CODE_PROJECT: &str = r#"{"mcpServers": {"team": {"type": "http", "url": "https://team.example/mcp",
  "headers": {"Authorization": "Bearer ${TEAM_TOKEN}"}}}}"#;
const CURSOR: &str = r#"{"mcpServers": {"exa": {"url": "https://exa.example/mcp?exaApiKey=hidden-0004"},
  "github": {"url": "https://github.example/mcp", "headers": {"Authorization": "Bearer ${env:GH}"}}}}"#;
const VSCODE: &str = r#"{
  // a comment, and "inputs"
  "inputs": [{"id": "ctx-key", "type": "promptString", "password": true}],
  "servers": {
    "ctx": {"type": "stdio", "command": "npx", "args": ["ctx"], "env": {"CTX": "${input:ctx-key}"}, "cwd": "/srv"}, /* more */
    "own": {"type": "http", "url": "http://127.0.0.1:39400/mcp"},
  },
}"#;
const WINDSURF: &str = r#"{"mcpServers": {"surf": {"serverUrl": "https://surf.example/mcp", "disabled": true}}}"#;
const ZED: &str = r#"// settings
{"context_servers": {"old": {"command": {"path": "node", "args": ["s.js"], "env": {"TOKEN": "hidden-0005"}}},
  "new": {"command": "node", "args": ["t.js"], "env": null}, "ext": {"settings": {"token": "hidden-0006"}}}}"#;
const CODEX: &str = r#"
model = "x"
[mcp_servers.docs]
url = "https://docs.example/mcp"
bearer_token_env_var = "DOCS_TOKEN"
http_headers = { "X-Region" = "eu" }
env_http_headers = { "X-Team" = "TEAM" }
enabled_tools = ["read"]
disabled_tools = ["write"]
[mcp_servers."my prog"]
command = "prog"
env = { API_KEY = "hidden-0007" }
env_vars = ["PROXY"]
enabled = false
"#;

const USER: [(&str, &str); 7] = [
    (".config/Claude/claude_desktop_config.json", DESKTOP),
    (".claude.json", CODE),
    (".cursor/mcp.json", CURSOR),
    (".config/Code/User/mcp.json", VSCODE),
    (".codeium/windsurf/mcp_config.json", WINDSURF),
    (".config/zed/settings.json", ZED),
    (".codex/config.toml", CODEX),
];

/// A home with all clients, and a project in it.
fn home() -> Sandbox {
    let sandbox = Sandbox::new();
    for (path, text) in USER {
        sandbox.write(path, text);
    }
    sandbox.write("project/.mcp.json", CODE_PROJECT);
    sandbox
}

fn in_project(sandbox: &Sandbox, args: &[&str]) -> Run {
    let mut command = sandbox.command(args);
    Run::of(command.current_dir(sandbox.path().join("project")).output().unwrap())
}

#[test]
fn every_client_is_read() {
    let sandbox = home();
    let preview = in_project(&sandbox, &["import", "--from-clients"]);
    assert_eq!(preview.code, 0, "{preview:?}");
    assert!(!exists(&sandbox, "project/capabilities"), "a preview wrote something");
    assert!(preview.stderr.contains("--write"), "{}", preview.stderr);
    let written = in_project(&sandbox, &["import", "--from-clients", "--write"]);
    assert_eq!(written.code, 0, "{written:?}");
    let bodies = [
        (
            "github",
            "transport:\n  stdio: [docker, run, \"-i\", \"-e\", GITHUB_TOKEN, image]\n  env: {GITHUB_TOKEN: \"{{ secret.GITHUB_TOKEN }}\"}\n",
        ),
        (
            "relayed",
            "transport: {http: https://relay.example/mcp}\nheaders: {Authorization: \"Bearer {{ secret.RELAYED_TOKEN }}\"}\n",
        ),
        ("notion", "transport: {http: https://notion.example/mcp}\nheaders: {X-Key: \"{{ secret.NOTION_KEY }}\"}\n"),
        ("sentry", "transport: {sse: https://sentry.example/sse}\n"),
        (
            "team",
            "transport: {http: https://team.example/mcp}\nheaders: {Authorization: \"Bearer {{ secret.TEAM_TOKEN }}\"}\n",
        ),
        (
            "exa",
            "transport: {http: https://exa.example/mcp}\nauth:\n  query:\n    exaApiKey: \"{{ secret.EXA_API_KEY }}\"\n",
        ),
        (
            "github_cursor",
            "transport: {http: https://github.example/mcp}\nheaders: {Authorization: \"Bearer {{ secret.GH }}\"}\n",
        ),
        ("ctx", "transport:\n  stdio: [npx, ctx]\n  env: {CTX: \"{{ secret.CTX_KEY }}\"}\n  directory: /srv\n"),
        ("surf", "transport: {http: https://surf.example/mcp}\npaused: true\n"),
        ("old", "transport:\n  stdio: [node, s.js]\n  env: {TOKEN: \"{{ secret.OLD_TOKEN }}\"}\n"),
        ("new", "transport: {stdio: [node, t.js]}\n"),
        (
            "docs",
            "transport: {http: https://docs.example/mcp}\nheaders:\n  Authorization: Bearer {{ secret.DOCS_TOKEN }}\n  \
             X-Region: eu\n  X-Team: \"{{ secret.TEAM }}\"\nallow: [read]\ndeny: [write]\n",
        ),
        (
            "my_prog",
            "transport:\n  stdio: [prog]\n  env: {API_KEY: \"{{ secret.MY_PROG_API_KEY }}\", PROXY: \"{{ secret.PROXY }}\"}\npaused: true\n",
        ),
    ];
    let head = "# yaml-language-server: $schema=../.schemas/upstream.schema.json\nversion: 1\nkind: upstream\n";
    for (name, body) in bodies {
        let text = sandbox.read(&format!("project/capabilities/{name}/upstream.yaml"));
        assert_eq!(text, format!("{head}name: {name}\n{body}"), "{name}");
        assert!(preview.stdout.lines().any(|line| line.starts_with(&format!("{name} "))), "{name}: {}", preview.stdout);
    }
    assert_eq!(preview.stdout.lines().count(), bodies.len(), "{}", preview.stdout);
    assert!(preview.stderr.matches("the gateway itself").count() == 2, "{}", preview.stderr);
    assert!(preview.stderr.contains("`ext` of Zed is passed over"), "{}", preview.stderr);
    assert!(written.stderr.contains("`cap secret set OLD_TOKEN`"), "{}", written.stderr);
    assert_eq!(in_project(&sandbox, &["check"]).code, 0);
    assert_nowhere(&sandbox.path().join("project/capabilities"), &[&preview, &written], "hidden");
    let again = in_project(&sandbox, &["import", "--from-clients", "--write"]);
    assert!(again.code == 0 && again.stderr.matches("Unchanged").count() == bodies.len(), "{again:?}");
}

#[test]
fn clients_and_names_can_be_chosen() {
    let sandbox = home();
    let cursor = sandbox.ok(&["import", "--from-clients", "cursor", "zed"]);
    let names: Vec<&str> = cursor.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["exa", "github", "old", "new"]);
    let dry = sandbox.ok(&["import", "--from-clients", "cursor", "--write", "exa", "--dry-run"]);
    assert!(dry.stdout.contains("name: exa") && !dry.stdout.contains("github"), "{}", dry.stdout);
    assert!(!exists(&sandbox, "capabilities"));
    sandbox.ok(&["import", "--from-clients", "cursor", "--yes", "exa", "--out", "tools"]);
    assert!(exists(&sandbox, "tools/exa/upstream.yaml") && !exists(&sandbox, "tools/github"));
    let unknown = sandbox.run(&["import", "--from-clients", "--write", "exaa"]);
    assert!(unknown.code == 1 && unknown.stderr.contains("did you mean `exa`?"), "{unknown:?}");
    assert_eq!(sandbox.run(&["import", "--write"]).code, 2);
    assert_eq!(sandbox.run(&["import", "openapi.json", "--from-clients"]).code, 2);
}

#[test]
fn a_server_of_two_clients_appears_once() {
    let sandbox = Sandbox::new();
    let server = r#"{"command": "npx", "args": ["files"]}"#;
    sandbox.write(".cursor/mcp.json", &format!(r#"{{"mcpServers": {{"files": {server}, "other-name": {server}}}}}"#));
    sandbox.write(".config/Code/User/mcp.json", &format!(r#"{{"servers": {{"files": {server}}}}}"#));
    let run = sandbox.ok(&["import", "--from-clients"]);
    assert_eq!(run.stdout, "files  stdio  npx  from Cursor and VS Code\n");
}

#[test]
fn a_name_that_an_api_has_is_left_to_it() {
    let sandbox = Sandbox::new();
    sandbox
        .write("capabilities/github/api.yaml", "version: 1\nkind: api\nname: github\nserver: https://github.example\n");
    sandbox.write(".cursor/mcp.json", r#"{"mcpServers": {"github": {"command": "gh"}}}"#);
    for _ in 0..2 {
        sandbox.ok(&["import", "--from-clients", "--write"]);
    }
    assert!(exists(&sandbox, "capabilities/github_cursor/upstream.yaml"));
    assert!(!exists(&sandbox, "capabilities/github/upstream.yaml") && !exists(&sandbox, "capabilities/github_2"));
    sandbox.ok(&["check"]);
}

#[test]
fn secrets_are_stored_and_two_values_are_two_secrets() {
    let sandbox = Sandbox::new();
    let entry =
        |name: &str, key: &str| format!(r#""{name}": {{"command": "{name}", "env": {{"OPENAI_API_KEY": "{key}"}}}}"#);
    let servers = [entry("one", "hidden-0001"), entry("two", "hidden-0002"), entry("three", "hidden-0001")].join(",");
    sandbox.write(".cursor/mcp.json", &format!(r#"{{"mcpServers": {{{servers}}}}}"#));
    let run = sandbox.ok(&["import", "--from-clients", "--write", "--store-secrets"]);
    let file = |name: &str| sandbox.read(&format!("capabilities/{name}/upstream.yaml"));
    assert!(
        file("one").contains("{{ secret.OPENAI_API_KEY }}") && file("three").contains("{{ secret.OPENAI_API_KEY }}")
    );
    assert!(file("two").contains("{{ secret.TWO_OPENAI_API_KEY }}"), "{}", file("two"));
    let listed = sandbox.ok(&["secret", "list"]).stdout;
    assert!(listed.contains("OPENAI_API_KEY ") && listed.contains("TWO_OPENAI_API_KEY "), "{listed}");
    assert_nowhere(&sandbox.path().join("capabilities"), &[&run], "hidden-");
}

#[test]
fn the_environment_says_where_files_are() {
    let sandbox = Sandbox::new();
    sandbox.write("x/Code/User/mcp.json", r#"{"servers": {"v": {"command": "v"}}}"#);
    sandbox.write("c/config.toml", "[mcp_servers.c]\ncommand = \"c\"\n");
    sandbox.write("k/.claude.json", r#"{"mcpServers": {"k": {"command": "k"}}}"#);
    let mut command = sandbox.command(&["import", "--from-clients"]);
    for (name, folder) in [("XDG_CONFIG_HOME", "x"), ("CODEX_HOME", "c"), ("CLAUDE_CONFIG_DIR", "k")] {
        command.env(name, sandbox.path().join(folder));
    }
    let run = Run::of(command.output().unwrap());
    let names: Vec<&str> = run.stdout.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["k", "v", "c"], "{run:?}");
}

#[test]
fn without_clients_there_is_nothing() {
    let run = Sandbox::new().ok(&["import", "--from-clients"]);
    assert!(run.stdout.is_empty() && run.stderr.contains("no server to import"), "{run:?}");
}
