//! `cap connect`: the gateway's entry in each client's file, and everything else as it was.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox};
use crate::{exists, names};

const URL: &str = "http://127.0.0.1:39400/mcp";

/// Each client with its file, a text of it, and where the entry must stand then.
const CLIENTS: [(&str, &str, &str, &str); 6] = [
    (
        "claude-desktop",
        ".config/Claude/claude_desktop_config.json",
        "{\"mcpServers\": {\"a\": {\"command\": \"x\"}}}",
        "mcpServers",
    ),
    ("claude-code", ".claude.json", "{\n  \"numStartups\": 7,\n  \"projects\": {}\n}\n", "mcpServers"),
    ("cursor", ".cursor/mcp.json", "{\n\t\"mcpServers\": {\n\t\t\"a\": {\"url\": \"u\"}\n\t}\n}", "mcpServers"),
    (
        "vscode",
        ".config/Code/User/mcp.json",
        "{\r\n  // mine\r\n  \"servers\": {},\r\n  \"inputs\": [],\r\n}\r\n",
        "servers",
    ),
    ("windsurf", ".codeium/windsurf/mcp_config.json", "", "mcpServers"),
    (
        "zed",
        ".config/zed/settings.json",
        "// Zed\n{\n  \"theme\": \"One\", // dark\n  \"context_servers\": {\n    \"a\": {\"url\": \"u\"}, // a\n  },\n}\n",
        "context_servers",
    ),
];

fn expected(client: &str) -> Value {
    match client {
        "claude-code" | "vscode" => json!({"type": "http", "url": URL}),
        "windsurf" => json!({"serverUrl": URL}),
        _ => json!({"url": URL}),
    }
}

/// A text without its comments, read as JSON.
fn plain(text: &str) -> Value {
    let lines =
        text.lines().map(|line| line.split(" // ").next().unwrap()).filter(|line| !line.trim().starts_with("//"));
    let text: String = lines.collect::<Vec<_>>().join("\n");
    let closed = ["}", "]"].iter().fold(text, |text, close| {
        let mut text = text;
        while let Some(at) = trailing(&text, close) {
            text.remove(at);
        }
        text
    });
    serde_json::from_str(&closed).unwrap_or_else(|error| panic!("{error}: {closed}"))
}

fn trailing(text: &str, close: &str) -> Option<usize> {
    text.match_indices(',').map(|(at, _)| at).find(|at| text[at + 1..].trim_start().starts_with(close))
}

#[test]
fn the_entry_is_written_once_and_all_else_stays() {
    for (client, path, before, key) in CLIENTS {
        let sandbox = Sandbox::new();
        sandbox.write(path, before);
        let printed = sandbox.ok(&["connect", client]);
        assert_eq!(sandbox.read(path), before, "{client}: printing wrote something");
        let first = sandbox.ok(&["connect", client, "--write"]);
        let after = sandbox.read(path);
        let entry = plain(&after)[key]["cap"].clone();
        assert_eq!(printed.json()[key]["cap"], entry, "{client}");
        if client == "claude-desktop" {
            assert_eq!((&entry["args"][0], &entry["args"][1]), (&json!("serve"), &json!("--stdio")));
            assert!(entry["command"].as_str().unwrap().ends_with("/cap"), "{entry}");
        } else {
            assert_eq!(entry, expected(client), "{client}");
        }
        for line in before.lines().filter(|line| line.contains("//") || line.contains("num") || line.contains("inputs"))
        {
            assert!(after.contains(line), "{client} lost {line:?}: {after}");
        }
        assert_eq!(before.contains("\r\n"), after.contains("\r\n"), "{client}");
        assert!(!before.contains("\r\n") || after.matches('\n').count() == after.matches("\r\n").count(), "{client}");
        let folder = sandbox.path().join(path).parent().unwrap().to_owned();
        let copies: Vec<String> = names(&folder).into_iter().filter(|name| name.contains(".bak-")).collect();
        assert_eq!(copies.len(), 1, "{client}: {copies:?}");
        assert_eq!(std::fs::read_to_string(folder.join(&copies[0])).unwrap(), before, "{client}");
        assert!(first.stderr.contains(&copies[0]), "{}", first.stderr);
        let second = sandbox.ok(&["connect", client, "--write"]);
        assert!(second.stderr.contains("Unchanged"), "{client}: {}", second.stderr);
        assert_eq!(sandbox.read(path), after, "{client}: the second run changed something");
        let again: Vec<String> = names(&folder).into_iter().filter(|name| name.contains(".bak-")).collect();
        assert_eq!(again, copies, "{client}");
    }
}

#[test]
fn toml_keeps_its_comments() {
    let sandbox = Sandbox::new();
    let before = "# mine\nmodel = \"x\" # why\n\n[mcp_servers.a]\nurl = \"u\"\n\n[tui]\ntheme = \"dark\"\n";
    sandbox.write(".codex/config.toml", before);
    sandbox.ok(&["connect", "codex", "--write"]);
    let after = sandbox.read(".codex/config.toml");
    assert!(after.starts_with("# mine\nmodel = \"x\" # why\n\n[mcp_servers.a]\nurl = \"u\"\n"), "{after}");
    assert!(after.contains("[mcp_servers.cap]\nurl = \"http://127.0.0.1:39400/mcp\"\n"), "{after}");
    assert!(after.contains("[tui]\ntheme = \"dark\"\n"), "{after}");
    assert!(sandbox.ok(&["connect", "codex", "--write"]).stderr.contains("Unchanged"));
    assert_eq!(sandbox.read(".codex/config.toml"), after);
    assert_eq!(sandbox.ok(&["connect", "codex"]).stdout, "[mcp_servers.cap]\nurl = \"http://127.0.0.1:39400/mcp\"\n");
}

#[test]
fn a_file_that_is_not_there_is_made() {
    for client in ["claude-desktop", "claude-code", "cursor", "vscode", "windsurf", "zed", "codex"] {
        let sandbox = Sandbox::new();
        sandbox.ok(&["connect", client, "--write"]);
        assert!(sandbox.ok(&["connect", client, "--write"]).stderr.contains("Unchanged"), "{client}");
        // What was written is read again, and known to be the gateway.
        let found = sandbox.ok(&["import", "--from-clients"]);
        assert!(found.stdout.is_empty() && found.stderr.contains("the gateway itself"), "{client}: {found:?}");
    }
}

#[test]
fn the_entry_follows_flags_and_settings() {
    let sandbox = Sandbox::new();
    let url = |args: &[&str]| sandbox.ok(args).json()["mcpServers"].clone();
    let other = url(&["connect", "cursor", "--url", "https://tools.example/mcp", "--name", "tools"]);
    assert_eq!(other, json!({"tools": {"url": "https://tools.example/mcp"}}));
    sandbox.write("cap.yaml", "listen: 127.0.0.1:8123\ncapabilities: [here]\n");
    assert_eq!(url(&["connect", "cursor"])["cap"]["url"], "http://127.0.0.1:8123/mcp");
    let stdio = url(&["connect", "cursor", "--stdio"]);
    let here = sandbox.path().canonicalize().unwrap();
    let place = |name: &str| here.join(name).to_string_lossy().into_owned();
    assert_eq!(
        stdio["cap"]["args"],
        json!(["serve", "--stdio", "--capabilities", place("here"), "--config", place("cap.yaml")])
    );
    for args in [
        &["connect", "cursor", "--url", "ftp://x"][..],
        &["connect", "cursor", "--url", "https://x", "--stdio"],
        &["connect", "cursor", "--name", "a/b"],
        &["connect", "--write"],
        &["connect", "nobody"],
    ] {
        assert_eq!(sandbox.run(args).code, 2, "{args:?}");
    }
}

#[test]
fn the_gateways_old_entry_is_replaced_and_anothers_is_not() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".cursor/mcp.json",
        "{\"mcpServers\": {\"cap\": {\"command\": \"/old/cap\", \"args\": [\"serve\", \"--stdio\"]}}}",
    );
    sandbox.ok(&["connect", "cursor", "--write"]);
    assert_eq!(plain(&sandbox.read(".cursor/mcp.json"))["mcpServers"]["cap"], json!({"url": URL}));
    let other = "{\"mcpServers\": {\"cap\": {\"url\": \"https://other.example\"}}}";
    sandbox.write(".cursor/mcp.json", other);
    let run = sandbox.run(&["connect", "cursor", "--write"]);
    assert!(run.code == 1 && run.stderr.contains("--name"), "{run:?}");
    assert_eq!(sandbox.read(".cursor/mcp.json"), other);
}

#[test]
fn what_cannot_be_read_is_not_written() {
    let refused = [
        (".cursor/mcp.json", "cursor", "{\"mcpServers\": {\"a\": {\"env\": {\"K\": \"hidden-0001\"}}"),
        (".cursor/mcp.json", "cursor", "{\"mcpServers\": []}"),
        (".cursor/mcp.json", "cursor", "[]"),
        (".codex/config.toml", "codex", "key = \"hidden-0001\n"),
        (".codex/config.toml", "codex", "mcp_servers = 1\n"),
    ];
    for (path, client, text) in refused {
        let sandbox = Sandbox::new();
        sandbox.write(path, text);
        let run = sandbox.run(&["connect", client, "--write"]);
        assert_eq!(run.code, 1, "{text}: {run:?}");
        assert!(!run.stderr.contains("hidden-0001"), "{}", run.stderr);
        assert_eq!(sandbox.read(path), text);
        assert_eq!(names(sandbox.path().join(path).parent().unwrap()).len(), 1, "{text}");
    }
}

#[test]
fn the_list_says_what_to_run() {
    let sandbox = Sandbox::new();
    sandbox.write(".cursor/mcp.json", "{}");
    sandbox.write(".codex/config.toml", "= broken");
    sandbox.ok(&["connect", "zed", "--write"]);
    let run = sandbox.ok(&["connect"]);
    let line = |client: &str| run.stdout.lines().find(|line| line.starts_with(client)).unwrap().to_owned();
    assert!(line("cursor").ends_with("`cap connect cursor --write`"), "{run:?}");
    assert!(line("zed").ends_with("connected"), "{run:?}");
    assert!(line("codex").ends_with("its file cannot be read"), "{run:?}");
    assert!(line("windsurf").ends_with("no configuration found"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = Sandbox::new();
    sandbox.write("dotfiles/claude.json", "{\"a\": 1}");
    let place = sandbox.path().join("dotfiles/claude.json");
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&place, sandbox.path().join(".claude.json")).unwrap();
    sandbox.ok(&["connect", "claude-code", "--write"]);
    assert!(sandbox.path().join(".claude.json").is_symlink());
    assert!(sandbox.read("dotfiles/claude.json").contains(URL));
    let mode = |path: &str| std::fs::metadata(sandbox.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("dotfiles/claude.json"), 0o600);
    let copy = names(sandbox.path()).into_iter().find(|name| name.contains(".bak-")).unwrap();
    assert_eq!(mode(&copy), 0o600);
    assert!(exists(&sandbox, &copy));
    // A new file is this account's alone.
    sandbox.ok(&["connect", "cursor", "--write"]);
    assert_eq!(mode(".cursor/mcp.json"), 0o600);
}

#[test]
fn help_teaches() {
    let sandbox = Sandbox::new();
    for (command, words) in [
        ("add", "cap add files -- npx"),
        ("remove", "cap remove github --dry-run"),
        ("connect", "cap connect cursor --write"),
        ("import", "cap import --from-clients"),
    ] {
        let run: Run = sandbox.ok(&[command, "--help"]);
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
}
