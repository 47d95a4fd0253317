//! Commands that answer, fail, hang and leave children behind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use secrecy::ExposeSecret;

use super::*;

fn shell(script: &str) -> SecretsCommand {
    let arguments = ["sh", "-c", script, "sh", "{name}"].map(str::to_owned);
    let mut command = SecretsCommand::new(&arguments).unwrap();
    command.timeout = Duration::from_millis(400);
    command
}

fn asked(command: &SecretsCommand, name: &str) -> Option<String> {
    command.refresh(name);
    command.value(name).map(|value| value.expose_secret().to_owned())
}

#[test]
fn the_name_is_an_argument_and_the_value_is_what_is_printed() {
    assert_eq!(asked(&shell("echo \"value of $1\"; echo no >&2"), "TOKEN").as_deref(), Some("value of TOKEN"));
    let last = SecretsCommand::new(&["echo".to_owned(), "-n".to_owned()]).unwrap();
    assert_eq!(asked(&last, "TOKEN").as_deref(), Some("TOKEN"));
}

#[test]
fn a_name_that_looks_like_an_option_is_not_asked_for() {
    assert!(!shell("echo x").is_stale("-rf"));
}

#[test]
fn an_answer_is_used_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let command = shell(&format!("echo once >> {}/runs; echo value", folder.path().display()));
    for _ in 0..3 {
        assert_eq!(asked(&command, "TOKEN").as_deref(), Some("value"));
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("runs")).unwrap(), "once\n");
}

#[test]
fn failures_nothing_and_too_much_are_no_values() {
    for script in
        ["exit 3", "echo value; exit 1", "true", "head -c 70000 /dev/zero | tr '\\0' x", "printf '\\377\\376'"]
    {
        assert_eq!(asked(&shell(script), "TOKEN"), None, "{script}");
    }
    assert_eq!(asked(&SecretsCommand::new(&["/no/such/program".to_owned()]).unwrap(), "TOKEN"), None);
}

#[test]
fn a_command_that_hangs_is_ended_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let started = Instant::now();
    // The child holds the output open after its parent is gone, and would say so later.
    let script = format!("(sleep 2; touch {}/alive) & echo value", folder.path().display());
    assert_eq!(asked(&shell(&script), "TOKEN"), None);
    assert!(started.elapsed() < Duration::from_secs(2), "it was waited for");
    std::thread::sleep(Duration::from_millis(2500));
    assert!(!folder.path().join("alive").exists(), "the child lived on");
}
