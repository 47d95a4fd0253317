//! `cap add`: the file that it writes, and what it keeps out of it.

use serde_json::json;

use crate::support::Sandbox;
use crate::{assert_nowhere, exists};

#[test]
fn a_program_becomes_a_file() {
    let sandbox = Sandbox::new();
    let run = sandbox.ok(&["add", "files", "--env", "LOG=debug", "--", "npx", "-y", "server-files", "/home/me"]);
    assert_eq!(
        sandbox.read("capabilities/files/upstream.yaml"),
        "# yaml-language-server: $schema=../.schemas/upstream.schema.json\nversion: 1\nkind: upstream\nname: files\n\
         transport:\n  stdio: [npx, \"-y\", server-files, /home/me]\n  env: {LOG: debug}\n"
    );
    assert!(run.stderr.contains("`cap pin files`") && run.stderr.contains("`cap serve`"), "{}", run.stderr);
    assert!(exists(&sandbox, "capabilities/.schemas/upstream.schema.json"));
    assert!(sandbox.ok(&["check"]).stderr.contains("nothing to say"));
}

#[test]
fn a_url_becomes_a_file_with_all_that_is_said() {
    let sandbox = Sandbox::new();
    let args = [
        "add",
        "notes",
        "https://mcp.notes.example/sse",
        "-t",
        "sse",
        "-H",
        "X-Region: eu",
        "--title",
        "Notes",
        "--description",
        "The notes of the team.",
        "--allow",
        "get_*",
        "--allow",
        "list_*",
        "--deny",
        "delete_*",
        "--private",
        "--dir",
        "other",
    ];
    sandbox.ok(&args);
    assert_eq!(
        sandbox.read("other/notes/upstream.yaml"),
        "# yaml-language-server: $schema=../.schemas/upstream.schema.json\nversion: 1\nkind: upstream\nname: notes\n\
         title: Notes\ndescription: The notes of the team.\ntransport: {sse: https://mcp.notes.example/sse}\n\
         headers: {X-Region: eu}\nnetwork: private\nallow: [\"get_*\", \"list_*\"]\ndeny: [\"delete_*\"]\n"
    );
    sandbox.ok(&["check", "other"]);
}

#[test]
fn credentials_become_secrets() {
    let sandbox = Sandbox::new();
    let header =
        sandbox.ok(&["add", "github", "https://mcp.github.example/", "-H", "Authorization: Bearer hidden-one-4711"]);
    let file = sandbox.read("capabilities/github/upstream.yaml");
    assert!(file.contains("Authorization: \"Bearer {{ secret.GITHUB_TOKEN }}\""), "{file}");
    assert!(header.stderr.contains("`cap secret set GITHUB_TOKEN`"), "{}", header.stderr);
    let env = sandbox.ok(&[
        "add",
        "tracker",
        "-e",
        "API_KEY=hidden-two-4711",
        "-e",
        "SLACK_TOKEN=xoxb-hidden-three",
        "-e",
        "DB=postgres://me:hidden-four@db/x",
        "-e",
        "SESSION=a1b2c3d4e5f60718293a4b5c",
        "--",
        "tracker",
    ]);
    let file = sandbox.read("capabilities/tracker/upstream.yaml");
    for name in ["TRACKER_API_KEY", "SLACK_TOKEN", "DB", "SESSION"] {
        assert!(file.contains(&format!("{{{{ secret.{name} }}}}")), "{name}: {file}");
        assert!(env.stderr.contains(&format!("`cap secret set {name}`")), "{}", env.stderr);
    }
    let path = sandbox.ok(&["add", "zap", "https://zap.example/mcp/sk-ak-hidden-five/sse", "--dry-run"]);
    assert!(path.stdout.contains("https://zap.example/mcp/{{ secret.ZAP_URL_KEY }}/sse"), "{}", path.stdout);
    sandbox.ok(&["check"]);
    for hidden in ["hidden-", "a1b2c3d4e5f60718293a4b5c"] {
        assert_nowhere(sandbox.path(), &[&header, &env, &path], hidden);
    }
}

#[test]
fn the_secrets_of_upstreams_are_listed() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["add", "web", "https://web.example/mcp", "-H", "Authorization: Bearer ${WEB_TOKEN}"]);
    sandbox.ok(&["add", "prog", "-e", "KEY=${PROG_KEY}", "--", "prog"]);
    let list = sandbox.ok(&["secret", "list", "--json"]).json();
    let row = |name: &str, user: &str| json!({"name": name, "set": false, "source": null, "used_by": [user]});
    assert_eq!(list, json!([row("PROG_KEY", "prog"), row("WEB_TOKEN", "web")]));
}

#[test]
fn references_become_secrets_of_their_names() {
    let sandbox = Sandbox::new();
    let run = sandbox.ok(&[
        "add",
        "a",
        "--dry-run",
        "-e",
        "ONE=$VAR_ONE",
        "-e",
        "TWO=${VAR_TWO}",
        "-e",
        "THREE=${env:VAR_THREE}",
        "-e",
        "FOUR=${input:var-four}",
        "-e",
        "FIVE={{ secret.VAR_FIVE }}",
        "-e",
        "SIX=x ${VAR_SIX:-y}",
        "--",
        "prog",
    ]);
    for key in ["ONE", "TWO", "THREE", "FOUR", "FIVE"] {
        assert!(run.stdout.contains(&format!("{key}: \"{{{{ secret.VAR_{key} }}}}\"")), "{key}: {}", run.stdout);
    }
    assert!(run.stdout.contains("SIX: x {{ secret.VAR_SIX }}\n"), "{}", run.stdout);
    assert!(!exists(&sandbox, "capabilities"), "--dry-run wrote something");
}

#[test]
fn credentials_can_be_stored_at_once() {
    let sandbox = Sandbox::new();
    let add = |value: &str, more: &[&str]| {
        let header = format!("X-Api-Key: {value}");
        let mut args = vec!["add", "a", "https://a.example/mcp", "-H", &header, "--store-secrets"];
        args.extend(more);
        sandbox.ok(&args)
    };
    let first = add("hidden-one-4711", &[]);
    assert!(first.stderr.contains("Set A_API_KEY in the vault"), "{}", first.stderr);
    assert!(sandbox.ok(&["secret", "list"]).stdout.starts_with("A_API_KEY "));
    let kept = add("hidden-two-4711", &[]);
    assert!(kept.stderr.contains("is in the vault already"), "{}", kept.stderr);
    let replaced = add("hidden-two-4711", &["--force"]);
    assert!(replaced.stderr.contains("Set A_API_KEY in the vault"), "{}", replaced.stderr);
    assert_nowhere(sandbox.path(), &[&first, &kept, &replaced], "hidden-");
}

#[test]
fn a_private_host_is_said_to_be_private() {
    let sandbox = Sandbox::new();
    for (index, url) in ["http://127.0.0.1:8000/mcp", "http://localhost/mcp", "http://[::1]:9/mcp", "http://10.1.2.3/"]
        .into_iter()
        .enumerate()
    {
        let name = format!("local{index}");
        let run = sandbox.ok(&["add", &name, url]);
        assert!(run.stderr.contains("`network: private`"), "{}", run.stderr);
        assert!(sandbox.read(&format!("capabilities/{name}/upstream.yaml")).contains("\nnetwork: private\n"));
    }
    sandbox.ok(&["check"]);
}

#[test]
fn what_a_file_cannot_say_is_refused_at_its_place() {
    let sandbox = Sandbox::new();
    let refused = [
        (
            vec!["add", "q", "https://q.example/mcp?api_key=hidden-one"],
            "auth: {query: {api_key: \"{{ secret.NAME }}\"}}",
        ),
        (vec!["add", "q", "https://me:hidden-two@q.example/mcp"], "auth: {basic:"),
        (vec!["add", "q", "--", "prog", "--api-key", "hidden-three"], "say it with --env"),
        (
            vec![
                "add",
                "q",
                "--",
                "npx",
                "mcp-remote",
                "https://q.example",
                "--header",
                "Authorization: Bearer hidden-four",
            ],
            "--header 'Name: value'",
        ),
        (vec!["add", "q", "-H", "Authorization hidden-five", "https://q.example"], "--header 'Name: value'"),
        (vec!["add", "q", "-e", "hidden-six", "--", "prog"], "--env KEY=VALUE"),
        (vec!["add", "q", "-H", "A: b", "--", "prog"], "--env"),
        (vec!["add", "q", "-e", "A=b", "https://q.example"], "--header"),
        (vec!["add", "q", "wss://q.example"], "`https://`"),
        (vec!["add", "q", "-t", "stdio", "https://q.example"], "--transport stdio"),
        (vec!["add", "q", "-t", "http", "--", "prog"], "--transport"),
        (vec!["add", "q", "https://q.example", "more"], "leave out"),
        (vec!["add", "q", "https://q.example", "-H", "A: 1", "-H", "A: 2"], "leave out one"),
        (vec!["add", "q", "http://127.0.0.1:39400/mcp"], "--force"),
        (vec!["add", "q", "--", "code", "${workspaceFolder}"], "write the value itself"),
    ];
    for (args, help) in refused {
        let run = sandbox.run(&args);
        assert_eq!(run.code, 2, "{args:?}: {run:?}");
        assert!(run.stderr.contains(help), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.contains("hidden-"), "{args:?}: {}", run.stderr);
    }
    assert!(!exists(&sandbox, "capabilities"));
    let placed = sandbox.run(&["add", "q", "https://q.example/mcp?api_key=x&b=y"]).stderr;
    assert!(placed.contains("1 | https://q.example/mcp?api_key=…&b=…") && placed.contains("^^^"), "{placed}");
}

#[test]
fn a_name_is_one_that_tools_can_have() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(49);
    for name in ["../evil", "a/b", "a b", "a__b", "", ".", "..", "\u{1b}[31m", &long] {
        let run = sandbox.run(&["add", name, "https://a.example"]);
        assert_eq!(run.code, 1, "{name}: {run:?}");
        assert!(run.stderr.contains("CAP0210") && !run.stderr.contains('\u{1b}'), "{name}: {}", run.stderr);
    }
    assert!(!exists(&sandbox, "capabilities") && !exists(&sandbox, "../evil"));
}

#[test]
fn what_is_there_stays() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["add", "a", "https://a.example"]);
    let before = sandbox.read("capabilities/a/upstream.yaml");
    let again = sandbox.ok(&["add", "a", "https://a.example"]);
    assert!(again.stderr.contains("Unchanged"), "{}", again.stderr);
    let other = sandbox.run(&["add", "a", "https://b.example"]);
    assert!(other.code == 1 && other.stderr.contains("--force"), "{other:?}");
    assert_eq!(sandbox.read("capabilities/a/upstream.yaml"), before);
    sandbox.ok(&["add", "a", "https://b.example", "--force"]);
    assert!(sandbox.read("capabilities/a/upstream.yaml").contains("https://b.example"));
    sandbox.write("capabilities/elsewhere.yaml", "version: 1\nkind: upstream\nname: c\ntransport: {stdio: [c]}\n");
    sandbox.write("capabilities/shop/api.yaml", "version: 1\nkind: api\nname: shop\nserver: https://shop.example\n");
    for (name, what) in [("c", "an upstream already, in capabilities/elsewhere.yaml"), ("shop", "an api already")] {
        let run = sandbox.run(&["add", name, "https://a.example", "--force"]);
        assert!(run.code == 1 && run.stderr.contains(what), "{run:?}");
    }
}
