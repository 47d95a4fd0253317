//! Files of clients that somebody broke, or made to break the command.

use std::fmt::Write;

use crate::support::Sandbox;
use crate::{assert_nowhere, exists, names};

const GOOD: &str = r#"{"mcpServers": {"good": {"command": "good"}}}"#;

#[test]
fn one_bad_file_costs_only_itself() {
    let deep = format!("{{\"mcpServers\": {}", "[".repeat(200_000));
    let broken = [
        "{\"mcpServers\": {\"a\": {\"env\": {\"KEY\": \"hidden-0001\"} \"x\"",
        "{\"mcpServers\": {\"a\": \"hidden-0001\", \"b\": [\"hidden-0001\"], \"c\": {\"env\": {\"hidden\": [\"hidden-0001\"]}, \"command\": \"x\"}}}",
        "{\"mcpServers\": \"hidden-0001\"}",
        "hidden-0001",
        "\u{feff}",
        "/* hidden-0001",
        "{\"mcpServers\": {\"a\": {\"type\": \"ws\", \"url\": \"hidden-0001\"}}}",
        &deep,
    ];
    for text in broken {
        let sandbox = Sandbox::new();
        sandbox.write(".config/Claude/claude_desktop_config.json", text);
        sandbox.write(".cursor/mcp.json", GOOD);
        let run = sandbox.ok(&["import", "--from-clients", "--write"]);
        let shown: String = text.chars().take(80).collect();
        assert!(exists(&sandbox, "capabilities/good/upstream.yaml"), "{shown}: {run:?}");
        assert_nowhere(&sandbox.path().join("capabilities"), &[&run], "hidden-0001");
        if text.len() > 3 {
            assert!(run.stderr.contains("claude_desktop_config.json:"), "not placed: {shown}: {}", run.stderr);
        }
    }
}

#[cfg(unix)]
#[test]
fn bytes_pipes_and_folders_are_no_configuration() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path().join(".claude.json")).unwrap();
    sandbox.write(".cursor/mcp.json", GOOD);
    std::fs::create_dir_all(sandbox.path().join(".codex")).unwrap();
    std::os::unix::net::UnixListener::bind(sandbox.path().join(".codex/config.toml")).unwrap();
    let zed = sandbox.path().join(".config/zed");
    std::fs::create_dir_all(&zed).unwrap();
    std::os::unix::fs::symlink("/dev/zero", zed.join("settings.json")).unwrap();
    let run = sandbox.ok(&["import", "--from-clients"]);
    assert!(run.stdout.starts_with("good "), "{run:?}");
    assert_eq!(run.stderr.matches("it is not a file").count(), 3, "{}", run.stderr);
    for client in ["claude-code", "codex", "zed"] {
        assert_eq!(sandbox.run(&["connect", client, "--write"]).code, 1, "{client}");
    }
}

#[test]
fn names_lead_nowhere() {
    let sandbox = Sandbox::new();
    let long = "n".repeat(5_000);
    let servers: Vec<String> =
        ["../../escape", "/etc/x", "a\\u001b[31mb", "..", "", "a__b", "CON", "\\u202edesrever", &long]
            .iter()
            .enumerate()
            .map(|(index, name)| format!("\"{name}\": {{\"command\": \"prog{index}\"}}"))
            .collect();
    sandbox.write("home/.cursor/mcp.json", &format!("{{\"mcpServers\": {{{}}}}}", servers.join(",")));
    let mut command = sandbox.command(&["import", "--from-clients", "--write"]);
    std::fs::create_dir_all(sandbox.path().join("work")).unwrap();
    command.current_dir(sandbox.path().join("work")).env("HOME", sandbox.path().join("home"));
    let run = crate::support::Run::of(command.output().unwrap());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(!run.stderr.contains('\u{1b}') && !run.stdout.contains('\u{1b}'), "{run:?}");
    assert_eq!(names(sandbox.path()), ["home", "work"]);
    assert_eq!(names(&sandbox.path().join("work")), ["capabilities"]);
    let folders: Vec<String> =
        names(&sandbox.path().join("work/capabilities")).into_iter().filter(|name| name != ".schemas").collect();
    assert_eq!(folders.len(), servers.len(), "{folders:?}");
    assert!(
        folders
            .iter()
            .all(|name| name.len() <= 48 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)))
    );
}

#[test]
fn values_with_signs_of_templates_and_yaml_stay_values() {
    let sandbox = Sandbox::new();
    sandbox.write(
        ".cursor/mcp.json",
        r#"{"mcpServers": {"a": {"command": "p: #x", "args": ["- y", "!!z", "&a", "*b", "\u0001\u001b", "${x"],
            "env": {"B": "on", "C": "1", "D": "null", "E": "two\nlines: {a}"}},
            "b": {"command": "b", "env": {"F": "{% raw %}"}}, "c": {"command": "c", "env": {"G": "{{ evil }}"}},
            "d": {"command": "d", "args": ["\u0000"]}, "e": {"command": "e", "env": {"H=I": "x", "": "y"}},
            "f": {"command": "f", "env": {"J": "\u0000"}}}}"#,
    );
    let run = sandbox.run(&["import", "--from-clients", "--write"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(exists(&sandbox, "capabilities/a/upstream.yaml"), "{run:?}");
    for name in ["b", "c", "d", "e", "f"] {
        assert!(!exists(&sandbox, &format!("capabilities/{name}")), "{run:?}");
    }
    sandbox.ok(&["check"]);
    let file = sandbox.read("capabilities/a/upstream.yaml");
    for text in ["\"on\"", "\"1\"", "\"null\"", "E: |-\n      two\n      lines: {a}\n"] {
        assert!(file.contains(text), "{text}: {file}");
    }
}

#[test]
fn a_large_file_is_read_and_its_flood_is_not_repeated() {
    let sandbox = Sandbox::new();
    let mut text = String::from("{\"history\": \"");
    text.extend(std::iter::repeat_n('x', 10 << 20));
    text.push_str("\", \"mcpServers\": {\"first\": {\"command\": \"first\"}");
    for index in 0..2_000 {
        write!(text, ", \"bad{index}\": {{\"command\": [\"hidden-0001\"]}}").unwrap();
    }
    text.push_str("}}");
    sandbox.write(".claude.json", &text);
    let run = sandbox.ok(&["import", "--from-clients"]);
    assert!(run.stdout.starts_with("first "), "{}", run.stdout);
    assert_eq!(run.stderr.matches("is passed over").count(), 20, "{}", run.stderr.len());
    assert!(run.stderr.len() < 64 << 10 && !run.stderr.contains("hidden-0001"), "{}", run.stderr.len());
    sandbox.ok(&["connect", "claude-code", "--write"]);
    let after = sandbox.read(".claude.json");
    assert!(after.len() - text.len() < 200 && after.contains("127.0.0.1:39400"));
    let many: String = (0..3_000).map(|index| format!("[mcp_servers.s{index}]\ncommand = \"c{index}\"\n")).collect();
    sandbox.write(".codex/config.toml", &many);
    let run = sandbox.ok(&["import", "--from-clients", "codex"]);
    assert!(run.stdout.lines().count() == 500 && run.stderr.contains("500 servers"), "{}", run.stdout.lines().count());
}

#[test]
fn values_made_to_be_slow_are_refused_or_read_at_once() {
    let sandbox = Sandbox::new();
    let references = "${A}".repeat(1 << 20);
    let mut servers = vec![format!("\"long\": {{\"command\": \"x\", \"env\": {{\"A\": \"{references}\"}}}}")];
    for index in 0..300 {
        let secret = format!("hidden{index:04}").repeat(1_000);
        servers.push(format!("\"s{index}\": {{\"command\": \"c{index}\", \"env\": {{\"API_KEY\": \"{secret}\"}}}}"));
    }
    sandbox.write(".cursor/mcp.json", &format!("{{\"mcpServers\": {{{}}}}}", servers.join(",")));
    let run = sandbox.ok(&["import", "--from-clients", "--write"]);
    assert!(run.stderr.contains("a value is longer than 64 KiB"), "{}", run.stderr.len());
    assert!(exists(&sandbox, "capabilities/s299/upstream.yaml") && !exists(&sandbox, "capabilities/long"));
    assert_nowhere(&sandbox.path().join("capabilities"), &[&run], "hidden");
    for text in ["/*".repeat(5 << 20), "\"a\",".repeat(1 << 20), "{\"a\":".repeat(1 << 20)] {
        sandbox.write(".cursor/mcp.json", &text);
        let run = sandbox.run(&["connect", "cursor", "--write"]);
        assert!(run.code == 1 && run.stderr.len() < 4_096, "{}", run.stderr.len());
    }
}
