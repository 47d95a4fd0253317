//! `cap secret`, and every place that secrets come from, as a person uses them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use support::{Run, Sandbox};

/// A server that tells the `Authorization` of each request.
fn server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 4096];
            let length = stream.read(&mut bytes).unwrap();
            let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
            let line = text.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
            let _ = tell
                .send(line.unwrap_or_default().split_once(' ').map_or(String::new(), |(_, value)| value.to_owned()));
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
        }
    });
    (url, told)
}

fn sandbox(server: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "capabilities/ask.yaml",
        &format!(
            "version: 1\nkind: capability\nname: ask\ndescription: Asks.\nserver: {server}\nnetwork: private\n\
             auth: {{bearer: \"{{{{ secret.ASK_TOKEN }}}}\"}}\ninput: {{type: object}}\n\
             request: {{method: GET, path: /x}}\n"
        ),
    );
    sandbox
}

fn with_input(sandbox: &Sandbox, args: &[&str], input: &str, passphrase: Option<&str>) -> Run {
    let mut command = sandbox.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(passphrase) = passphrase {
        command.env("CAP_VAULT_PASSPHRASE", passphrase);
    }
    let mut child = command.spawn().unwrap();
    // A command that refuses its arguments does not read what it is given.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Run::of(child.wait_with_output().unwrap())
}

const VAULT: &str = ".local/share/cap/vault";
const KEY: &str = ".config/cap/vault.key";

#[test]
fn a_secret_is_kept_and_used_and_removed() {
    let (url, told) = server();
    let sandbox = sandbox(&url);
    let missing = sandbox.run(&["call", "ask"]);
    assert_eq!(missing.code, 4);
    assert!(missing.stderr.contains("`cap secret set ASK_TOKEN`"), "{}", missing.stderr);

    let set = with_input(&sandbox, &["secret", "set", "ASK_TOKEN"], "first-value\n", None);
    assert_eq!(set.code, 0, "{}", set.stderr);
    sandbox.ok(&["call", "ask"]);
    assert_eq!(told.recv().unwrap(), "Bearer first-value");
    for path in [VAULT, KEY] {
        assert!(!sandbox.read(path).contains("first-value") && !sandbox.read(path).contains("ASK_TOKEN"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(std::fs::metadata(sandbox.path().join(path)).unwrap().mode() & 0o777, 0o600);
        }
    }
    let listed = sandbox.ok(&["secret", "list", "--json"]).json();
    assert_eq!(listed[0]["name"], "ASK_TOKEN");
    assert_eq!(listed[0]["used_by"][0], "ask");
    assert!(listed[0]["source"].as_str().unwrap().starts_with("vault "));

    sandbox.ok(&["secret", "rm", "ASK_TOKEN"]);
    assert_eq!(sandbox.run(&["call", "ask"]).code, 4);
    assert_eq!(sandbox.run(&["secret", "rm", "ASK_TOKEN"]).code, 1);
}

#[test]
fn a_vault_opens_with_its_key_and_with_nothing_else() {
    let sandbox = sandbox("http://127.0.0.1:9");
    let set = with_input(&sandbox, &["secret", "set", "A"], "value-of-a", Some("open sesame"));
    assert_eq!(set.code, 0, "{}", set.stderr);
    let before = sandbox.read(VAULT);

    let wrong = with_input(&sandbox, &["secret", "set", "B"], "value-of-b", Some("open barley"));
    assert_eq!(wrong.code, 5);
    assert!(wrong.stderr.contains("cannot be opened"), "{}", wrong.stderr);
    let none = sandbox.run(&["secret", "list"]);
    assert!(none.stderr.contains("locked with a passphrase"), "{}", none.stderr);
    // Every byte is looked after: the header as much as what is encrypted.
    for (at, damaged) in [(0, "cap vault 2"), (30, "?"), (before.len() - 8, "A!")] {
        let mut text = before.clone();
        text.replace_range(at..at + damaged.len(), damaged);
        sandbox.write(VAULT, &text);
        let run = with_input(&sandbox, &["secret", "set", "B"], "value-of-b", Some("open sesame"));
        assert_eq!(run.code, 5, "{damaged}: {}", run.stderr);
        assert_eq!(sandbox.read(VAULT), text, "a vault that is not understood is not written over");
    }
    sandbox.write(VAULT, &before);
    let right = with_input(&sandbox, &["secret", "list"], "", Some("open sesame"));
    assert!(right.stdout.starts_with("A "), "{}", right.stdout);
}

#[test]
fn a_vault_gets_another_key() {
    let sandbox = sandbox("http://127.0.0.1:9");
    with_input(&sandbox, &["secret", "set", "A"], "value-of-a", Some("open sesame"));
    let new = with_input(&sandbox, &["secret", "rekey", "--new-key", "new.key"], "", Some("open sesame"));
    assert_eq!(new.code, 0, "{}", new.stderr);
    assert_eq!(with_input(&sandbox, &["secret", "list"], "", Some("open sesame")).code, 5);
    let listed = sandbox.ok(&["secret", "list", "--vault-key", "new.key"]);
    assert!(listed.stdout.contains("A "), "{}", listed.stdout);
}

#[test]
#[cfg(unix)]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox("http://127.0.0.1:9");
    with_input(&sandbox, &["secret", "set", "A"], "value-of-a", None);
    let key = sandbox.path().join(KEY);
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let run = sandbox.run(&["secret", "list"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("chmod 600"), "{}", run.stderr);
}

#[test]
fn two_writers_do_not_lose_each_others_secrets() {
    let sandbox = sandbox("http://127.0.0.1:9");
    with_input(&sandbox, &["secret", "set", "FIRST"], "value", None);
    std::thread::scope(|scope| {
        for number in 0..6 {
            let sandbox = &sandbox;
            scope.spawn(move || {
                let name = format!("NAME_{number}");
                let run = with_input(sandbox, &["secret", "set", &name], "some-value", None);
                assert_eq!(run.code, 0, "{}", run.stderr);
            });
        }
    });
    let listed = sandbox.ok(&["secret", "list", "--json"]).json();
    let stored = listed.as_array().unwrap().iter().filter(|row| row["set"] == true);
    assert_eq!(stored.count(), 7);
}

#[test]
fn wrong_names_and_empty_values_are_refused() {
    let sandbox = sandbox("http://127.0.0.1:9");
    assert_eq!(with_input(&sandbox, &["secret", "set", "1TOKEN"], "x", None).code, 2);
    assert_eq!(with_input(&sandbox, &["secret", "set", "TOKEN"], "\n", None).code, 2);
    assert!(!sandbox.path().join(VAULT).exists());
}

#[test]
fn each_source_is_asked_in_its_turn() {
    let (url, told) = server();
    let sandbox = sandbox(&url);
    let mut flags: Vec<&str> = vec!["call", "ask"];
    // From the last source to the first: each one wins over those before.
    sandbox.write("cap.yaml", "secrets: {command: [sh, -c, 'test \"$0\" = ASK_TOKEN && echo from-command']}\n");
    sandbox.ok(&flags);
    assert_eq!(told.recv().unwrap(), "Bearer from-command");
    with_input(&sandbox, &["secret", "set", "ASK_TOKEN"], "from-vault", None);
    sandbox.ok(&flags);
    assert_eq!(told.recv().unwrap(), "Bearer from-vault");
    sandbox.write("secrets.env", "# comment\nASK_TOKEN='from-file'\n");
    flags.extend(["--secrets", "secrets.env"]);
    sandbox.ok(&flags);
    assert_eq!(told.recv().unwrap(), "Bearer from-file");
    sandbox.write("run/secrets/ASK_TOKEN", "from-folder\n");
    flags.extend(["--secrets-folder", "run/secrets"]);
    sandbox.ok(&flags);
    assert_eq!(told.recv().unwrap(), "Bearer from-folder");
    sandbox.write("token.txt", "from-named-file\n");
    let named = sandbox.command(&flags).env("ASK_TOKEN_FILE", "token.txt").output().unwrap();
    assert!(named.status.success());
    assert_eq!(told.recv().unwrap(), "Bearer from-named-file");
    let variable = sandbox.command(&flags).env("ASK_TOKEN", "from-variable").output().unwrap();
    assert!(variable.status.success());
    assert_eq!(told.recv().unwrap(), "Bearer from-variable");
}

#[test]
fn a_command_that_fails_or_does_not_exist_gives_no_secret() {
    let sandbox = sandbox("http://127.0.0.1:9");
    for command in ["[\"false\"]", "[there-is-no-such-program]", "[sh, -c, 'echo; exit 0']"] {
        sandbox.write("cap.yaml", &format!("secrets: {{command: {command}}}\n"));
        let run = sandbox.run(&["call", "ask"]);
        assert_eq!(run.code, 4, "{command}");
        assert!(run.stderr.contains("`ASK_TOKEN` is not set"), "{command}: {}", run.stderr);
    }
}
