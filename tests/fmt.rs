//! `cap fmt` with the built binary: what is written, what is not, and what it means for pins and merges.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::fs;
use std::io::Write;
use std::process::Stdio;

use support::{Run, Sandbox, copy, project};

const UNTIDY: &str = "\
# Forecasts.
kind: capability
version: 1
name: forecast
server: 'https://api.weather.example'
description:   Forecast the weather of a place for some days.   # reviewed
input: {type: object, required: [place], properties: {place: {type: string, description: The name of a town.}}}
request:
    path: /forecast/{{ place }}
    method: GET
";

const TIDY: &str = "\
# Forecasts.
version: 1
kind: capability
name: forecast
server: https://api.weather.example
description: Forecast the weather of a place for some days. # reviewed
input:
  type: object
  required: [place]
  properties:
    place: {type: string, description: The name of a town.}
request:
  method: GET
  path: /forecast/{{ place }}
";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/forecast.yaml", UNTIDY);
    sandbox.write("capabilities/tidy.yaml", &TIDY.replace("forecast", "tidy"));
    sandbox
}

fn modified(sandbox: &Sandbox, path: &str) -> std::time::SystemTime {
    fs::metadata(sandbox.path().join(path)).unwrap().modified().unwrap()
}

#[test]
fn only_what_changes_is_written() {
    let sandbox = sandbox();
    let before = modified(&sandbox, "capabilities/tidy.yaml");
    let run = sandbox.ok(&["fmt"]);
    assert_eq!(sandbox.read("capabilities/forecast.yaml"), TIDY);
    assert_eq!(modified(&sandbox, "capabilities/tidy.yaml"), before);
    assert!(run.stderr.contains("1 of 2 files changed"), "{}", run.stderr);
    assert!(sandbox.ok(&["fmt"]).stderr.contains("2 files, nothing to change"));
}

#[test]
fn check_lists_and_writes_nothing() {
    let sandbox = sandbox();
    let run = sandbox.run(&["fmt", "--check"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, "capabilities/forecast.yaml\n"), "{}", run.stderr);
    assert_eq!(sandbox.read("capabilities/forecast.yaml"), UNTIDY);
    let run = sandbox.run(&["fmt", "--check", "--diff"]);
    assert_eq!(run.code, 1);
    for line in ["--- capabilities/forecast.yaml\n", "-    method: GET\n", "+  method: GET\n", " # Forecasts.\n"] {
        assert!(run.stdout.contains(line), "{line} in\n{}", run.stdout);
    }
    assert_eq!(sandbox.ok(&["fmt", "--check", "capabilities/tidy.yaml"]).stdout, "");
}

#[test]
fn a_diff_that_is_applied_gives_the_layout() {
    let sandbox = sandbox();
    let diff = sandbox.run(&["fmt", "--check", "--diff"]).stdout;
    // What stands in the new text is what is kept and what is added.
    let new: String = diff
        .lines()
        .skip(2)
        .filter(|line| !line.starts_with("@@"))
        .filter_map(|line| line.strip_prefix([' ', '+']))
        .map(|line| line.to_owned() + "\n")
        .collect();
    assert_eq!(new, TIDY);
}

#[test]
fn what_does_not_parse_is_reported_and_left_alone() {
    let sandbox = sandbox();
    let broken = "version: 1\nkind: capability\ndescription: one: two\n";
    sandbox.write("capabilities/broken.yaml", broken);
    let run = sandbox.run(&["fmt"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error[CAP0101]"), "{}", run.stderr);
    assert!(run.stderr.contains("1 does not parse and was left alone"), "{}", run.stderr);
    assert_eq!(sandbox.read("capabilities/broken.yaml"), broken);
    // Its neighbours are laid out all the same.
    assert_eq!(sandbox.read("capabilities/forecast.yaml"), TIDY);
}

fn piped(sandbox: &Sandbox, args: &[&str], text: &str) -> Run {
    let mut command = sandbox.command(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn editors_pipe_a_text_through() {
    let sandbox = Sandbox::new();
    assert_eq!(piped(&sandbox, &["fmt", "-"], UNTIDY).stdout, TIDY);
    let run = piped(&sandbox, &["fmt", "-"], "a: [");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{}", run.stderr);
    assert!(run.stderr.contains("CAP0101"), "{}", run.stderr);
    let run = piped(&sandbox, &["fmt", "-", "--check"], UNTIDY);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert_eq!(piped(&sandbox, &["fmt", "-", "--check"], TIDY).code, 0);
}

#[test]
fn settings_are_laid_out_with_the_folders_they_name() {
    let sandbox = sandbox();
    fs::rename(sandbox.path().join("capabilities"), sandbox.path().join("tools")).unwrap();
    sandbox.write("cap.yaml", "# gateway\nexpose:   ['forecast']\ncapabilities: [tools]  # one\n");
    sandbox.ok(&["fmt"]);
    assert_eq!(sandbox.read("cap.yaml"), "# gateway\ncapabilities: [tools] # one\nexpose: [forecast]\n");
    assert_eq!(sandbox.read("tools/forecast.yaml"), TIDY);
}

#[test]
fn a_pin_vouches_for_bytes() {
    let sandbox = sandbox();
    sandbox.ok(&["pin"]);
    let lock = sandbox.read("capabilities/cap.lock");
    let run = sandbox.ok(&["fmt"]);
    assert!(run.stderr.contains("1 file is no longer as cap.lock says"), "{}", run.stderr);
    assert_eq!(sandbox.read("capabilities/cap.lock"), lock);
    assert_eq!(sandbox.run(&["pin", "--check"]).code, 3);
}

#[test]
fn only_what_was_pinned_is_pinned_again() {
    let sandbox = sandbox();
    sandbox.ok(&["pin"]);
    // This one was edited after the review, and this one never was in one.
    let edited = TIDY.replace("forecast", "tidy").replace("GET", "'GET'").replace("for some days", "for ever");
    sandbox.write("capabilities/tidy.yaml", &edited);
    sandbox.write("capabilities/other.yaml", &UNTIDY.replace("forecast", "other"));
    let run = sandbox.ok(&["fmt", "--pin"]);
    assert!(run.stderr.contains("1 file again in capabilities/cap.lock"), "{}", run.stderr);
    let run = sandbox.run(&["pin", "--check"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("tidy.yaml") && run.stderr.contains("other.yaml"), "{}", run.stderr);
    assert!(!run.stderr.contains("forecast.yaml"), "{}", run.stderr);
}

/// A signature is over the bytes of the lock file.
#[test]
fn a_signature_of_what_was_pinned_is_void() {
    let sandbox = sandbox();
    sandbox.ok(&["pin"]);
    sandbox.write("capabilities/cap.lock.sig", "");
    assert!(!sandbox.ok(&["fmt", "--check", "capabilities/tidy.yaml"]).stderr.contains("cap sign"));
    assert!(sandbox.ok(&["fmt", "--pin"]).stderr.contains("sign it again with `cap sign`"));
}

#[test]
fn a_lock_that_cannot_be_read_is_not_written_anew() {
    let sandbox = sandbox();
    sandbox.ok(&["pin"]);
    let lock = sandbox.read("capabilities/cap.lock") + "a line of something else\n";
    sandbox.write("capabilities/cap.lock", &lock);
    let run = sandbox.run(&["fmt", "--pin"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(sandbox.read("capabilities/cap.lock"), lock);
}

#[test]
fn the_capabilities_are_the_same() {
    let sandbox = Sandbox::new();
    copy(&project().join("fixtures/definitions"), &sandbox.path().join("before"));
    copy(&project().join("fixtures/definitions"), &sandbox.path().join("after"));
    sandbox.ok(&["fmt", "after"]);
    let run = sandbox.ok(&["diff", "before", "after"]);
    assert!(run.stderr.contains("nothing changes for agents"), "{}", run.stderr);
}

#[test]
fn what_import_and_add_write_stays() {
    let sandbox = Sandbox::new();
    copy(&project().join("fixtures/openapi/pet_store.yaml"), &sandbox.path().join("pet_store.yaml"));
    sandbox.ok(&["import", "pet_store.yaml"]);
    sandbox.ok(&["add", "files", "--", "npx", "-y", "server-files", "--root", "/srv"]);
    let run = sandbox.ok(&["fmt", "--check"]);
    assert!(run.stderr.contains("nothing to change"), "{}", run.stderr);
}

/// What the project ships is laid out, and pinned as it is.
#[test]
fn shipped_capabilities_are_laid_out() {
    let sandbox = Sandbox::new();
    copy(&project().join("capabilities"), &sandbox.path().join("capabilities"));
    let run = sandbox.ok(&["fmt", "--check"]);
    assert!(run.stderr.contains("nothing to change"), "{}", run.stderr);
    sandbox.ok(&["pin", "--check"]);
}

/// An edit by hand, laid out, is still an edit by hand for the next import.
#[test]
fn importing_again_merges_what_was_laid_out() {
    let sandbox = Sandbox::new();
    let document = fs::read_to_string(project().join("fixtures/openapi/pet_store.yaml")).unwrap();
    sandbox.write("pet_store.yaml", &document);
    sandbox.ok(&["import", "pet_store.yaml"]);
    let file = "capabilities/pet_store/create_pet.yaml";
    let edited = sandbox
        .read(file)
        .replace("description: Add a pet\n", "description:   'Add a pet, with the name of its owner'  # by hand\n")
        .replace("request:\n", "# the request\nrequest:\n");
    sandbox.write(file, &edited);
    sandbox.ok(&["fmt"]);
    let formatted = sandbox.read(file);
    assert!(formatted.contains("description: Add a pet, with the name of its owner # by hand\n"), "{formatted}");
    sandbox.write("pet_store.yaml", &document.replacen("maxLength: 80", "maxLength: 90", 1));
    sandbox.ok(&["import", "--update"]);
    let merged = sandbox.read(file);
    assert_eq!(merged, formatted.replace("maxLength: 80", "maxLength: 90"));
    assert_ne!(merged, formatted);
    assert_eq!(sandbox.run(&["fmt", "--check"]).code, 0);
}

#[test]
fn what_is_no_definition_is_not_touched() {
    let sandbox = sandbox();
    sandbox.write("capabilities/notes/tools.json", "{\"tools\":[]}");
    sandbox.write("capabilities/.hidden.yaml", "a:   1\n");
    sandbox.ok(&["fmt"]);
    assert_eq!(sandbox.read("capabilities/notes/tools.json"), "{\"tools\":[]}");
    assert_eq!(sandbox.read("capabilities/.hidden.yaml"), "a:   1\n");
    for path in ["capabilities/notes/tools.json", "nothing.yaml", "capabilities/cap.lock"] {
        assert_eq!(sandbox.run(&["fmt", path]).code, 5, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = sandbox();
    let real = sandbox.path().join("shared.yaml");
    fs::rename(sandbox.path().join("capabilities/forecast.yaml"), &real).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&real, sandbox.path().join("capabilities/forecast.yaml")).unwrap();
    sandbox.ok(&["fmt"]);
    assert!(fs::symlink_metadata(sandbox.path().join("capabilities/forecast.yaml")).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&real).unwrap(), TIDY);
}
