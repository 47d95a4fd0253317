//! The audit log: a line for each call, private, kept when the process is killed, begun anew when moved.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::support::Sandbox;
use super::{WORD, calls, lines, read, serve, until, write_api, zoo};

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(unix)]
#[tokio::test]
async fn each_call_has_a_line_that_says_what_was_called_and_never_with_what() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = serve(&sandbox, &["--audit", "audit.jsonl"]);
    let agent = served.connect().await;
    assert!(agent.count(json!({"kind": WORD, "many": 2})).await);
    assert!(agent.count(json!({"many": 2.0, "kind": WORD})).await);
    assert!(agent.count(json!({"kind": "another"})).await);
    assert!(!agent.count(json!({"kind": 1, WORD: 2})).await);
    assert!(!agent.invoke("zoo__cuont", json!({}), None).await);
    assert!(!agent.invoke(&format!("{WORD} and more"), json!({}), None).await);
    let log = served.end();
    let path = sandbox.path().join("audit.jsonl");
    let text = read(&path);
    assert!(!text.contains(WORD), "{text}");
    assert!(is_private(&path) && is_private(&sandbox.path().join("audit.jsonl.key")));
    let all = lines(&text);
    let schema = jsonschema::draft202012::new(&sandbox.ok(&["schema", "audit"]).json()).unwrap();
    assert!(all.iter().all(|line| schema.is_valid(line)), "{text}");
    assert_eq!((&all[0]["event"], &all.last().unwrap()["event"]), (&json!("started"), &json!("stopped")));
    let calls = calls(&text);
    let column = |name: &str| calls.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("outcome"), ["ok", "ok", "ok", "arguments", "unknown_tool", "unknown_tool"], "{text}");
    assert_eq!(column("tool")[3..], [json!("zoo__count"), json!("zoo__cuont"), json!(null)]);
    let first = &calls[0];
    assert_eq!(
        [&first["api"], &first["principal"], &first["method"], &first["status"], &first["attempts"], &first["cached"]],
        [&json!("zoo"), &json!("anonymous"), &json!("POST"), &json!(200), &json!(1), &json!(false)]
    );
    assert_eq!((&first["bytes_sent"], &first["bytes_received"]), (&json!(30), &json!(21)));
    assert!(first["host"].as_str().unwrap().starts_with("127.0.0.1:"), "{first}");
    assert!(first["duration_ms"].as_f64().unwrap() > 0.0, "{first}");
    assert_eq!(calls[3]["attempts"], 0);
    let digests = column("arguments");
    assert_eq!(digests[0], digests[1], "the same arguments in another spelling");
    assert_eq!(digests.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len(), 4, "{digests:?}");
    assert_eq!(first["definition"], definition_digest(&sandbox), "as the shell computes it");
    // The log and the audit log speak of one request with one name.
    let id = format!("id={}", first["id"].as_str().unwrap());
    assert!(log.iter().any(|line| line.contains("answered") && line.contains(&id)), "{id} is not in {log:?}");
}

/// What the documentation says that `sha256sum` prints.
fn definition_digest(sandbox: &Sandbox) -> String {
    let script = "sha256sum capabilities/zoo/count.yaml capabilities/zoo/api.yaml | cut -d' ' -f1 | sha256sum";
    let printed = Command::new("sh").args(["-c", script]).current_dir(sandbox.path()).output().unwrap();
    format!("sha256:{}", String::from_utf8(printed.stdout).unwrap().split(' ').next().unwrap())
}

#[tokio::test]
async fn a_process_that_is_killed_loses_what_was_answered_in_the_last_second_at_most() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let path = sandbox.path().join("audit.jsonl");
    let mut served = serve(&sandbox, &["--audit", "audit.jsonl"]);
    let agent = served.connect().await;
    for number in 0..40 {
        assert!(agent.count(json!({"kind": "a", "many": number})).await);
    }
    let answered = Instant::now();
    // Calls go on until the process is killed in the midst of them.
    while answered.elapsed() < Duration::from_secs(1) {
        agent.count(json!({"kind": "b"})).await;
    }
    served.child.kill().unwrap();
    served.child.wait().unwrap();
    let before = calls(&read(&path));
    let digests: BTreeSet<String> = before.iter().map(|line| line["arguments"].to_string()).collect();
    assert!(digests.len() >= 40, "calls answered a second ago have no line: {}", digests.len());
    assert!(!lines(&read(&path)).iter().any(|line| line["event"] == "stopped"));

    // The next process goes on in the same file, with the same key.
    let next = serve(&sandbox, &["--audit", "audit.jsonl"]);
    assert!(next.connect().await.count(json!({"kind": "a", "many": 0})).await);
    until("the next line", || calls(&read(&path)).len() > before.len()).await;
    let after = calls(&read(&path));
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.last().unwrap()["arguments"], before[0]["arguments"]);
    assert_ne!(after.last().unwrap()["id"], before[0]["id"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_log_that_is_moved_away_is_begun_anew() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    sandbox.write("cap.yaml", "audit: audit.jsonl\n");
    let served = serve(&sandbox, &[]);
    let (path, old) = (sandbox.path().join("audit.jsonl"), sandbox.path().join("audit.jsonl.1"));
    let agent = served.connect().await;
    assert!(agent.count(json!({"kind": "before"})).await);
    until("the first line", || calls(&read(&path)).len() == 1).await;
    std::fs::rename(&path, &old).unwrap();
    assert!(agent.count(json!({"kind": "after"})).await);
    until("the second line", || calls(&read(&path)).len() == 1).await;
    assert!(is_private(&path));
    assert_eq!(calls(&read(&old)).len(), 1);
}

#[tokio::test]
async fn an_audit_log_that_cannot_be_opened_stops_the_start() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let run = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--audit", "no/such/folder/audit.jsonl"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("the audit log `no/such/folder/audit.jsonl` cannot be opened"), "{}", run.stderr);
    sandbox.write("audit.jsonl.key", "not a key\n");
    let run = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--audit", "audit.jsonl"]);
    assert_eq!(run.code, 5, "{}", run.stderr);
    assert!(run.stderr.contains("`audit.jsonl.key`, cannot be used"), "{}", run.stderr);
    let run = sandbox.run(&["serve", "--otlp", "collector:4318"]);
    assert_eq!(run.code, 2, "{}", run.stderr);
}
