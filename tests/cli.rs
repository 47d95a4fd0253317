//! The commands as people and scripts use them: exit codes, streams, files.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use support::{Sandbox, project};

const WEATHER: &str = "\
version: 1
kind: capability
name: forecast
server: https://weather.example.com/v1
description: The weather of the next days at a place.
input:
  type: object
  additionalProperties: false
  required: [city]
  properties:
    city: {type: string, description: A city, example Oslo.}
    days: {type: integer, minimum: 1, maximum: 10}
    fields: {type: array, items: {type: string}}
request:
  method: GET
  path: /forecast/{{ city }}
  query:
    days: \"{{ days }}\"
    fields: {value: \"{{ fields }}\", explode: false}
auth: {bearer: \"{{ secret.WEATHER_TOKEN }}\"}
";

fn weather() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/weather.yaml", WEATHER);
    sandbox
}

fn pet_store() -> Sandbox {
    let sandbox = Sandbox::new();
    let document = project().join("fixtures/openapi/pet_store.yaml");
    sandbox.ok(&["import", &document.to_string_lossy(), "--api", "pets"]);
    sandbox
}

#[test]
fn a_call_that_is_only_planned_shows_the_request_without_secrets() {
    let sandbox = weather();
    let run = sandbox.ok(&[
        "call",
        "forecast",
        "--arg",
        "city=São Paulo/x",
        "--arg",
        "days=3",
        "--json",
        r#"{"fields": ["a b", "c"]}"#,
        "--dry-run",
    ]);
    assert!(
        run.stdout
            .starts_with("GET https://weather.example.com/v1/forecast/S%C3%A3o%20Paulo%2Fx?days=3&fields=a%20b,c\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("Authorization: Bearer {secret.WEATHER_TOKEN}"), "{}", run.stdout);
    let repaired = sandbox.ok(&["call", "forecast", "--json", r#"{"city": "Oslo", "days": "3"}"#, "--dry-run"]);
    assert!(repaired.stderr.contains("days"), "the repair of `days` is not told: {}", repaired.stderr);
}

#[test]
fn wrong_arguments_and_missing_secrets_are_failed_calls() {
    let sandbox = weather();
    let run = sandbox.run(&["call", "forecast", "--arg", "town=Oslo"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("`city`") && run.stderr.contains("`town`"), "{}", run.stderr);
    let run = sandbox.run(&["call", "forecast", "--arg", "city=Oslo"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("WEATHER_TOKEN"), "{}", run.stderr);
}

#[test]
fn an_unknown_tool_is_answered_with_the_nearest() {
    let run = weather().run(&["show", "forcast"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("did you mean `forecast`?"), "{}", run.stderr);
}

#[test]
fn wrong_usage_has_its_own_code() {
    let sandbox = weather();
    assert_eq!(sandbox.run(&["lst"]).code, 2);
    assert_eq!(sandbox.run(&["call", "forecast", "--json", "[1]"]).code, 2);
    assert_eq!(sandbox.run(&["call", "forecast", "--arg", "city"]).code, 2);
}

#[test]
fn a_folder_that_does_not_exist_is_the_environments_fault() {
    let run = Sandbox::new().run(&["list"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("capabilities"), "{}", run.stderr);
}

#[test]
fn importing_gives_files_that_are_checked_listed_shown_and_found() {
    let sandbox = pet_store();
    assert!(sandbox.ok(&["check"]).stderr.contains("nothing to say"));
    let listed = sandbox.ok(&["list", "--json"]).json();
    let tools = listed["tools"].as_array().unwrap();
    assert!(tools.len() >= 5);
    let name = tools[0]["tool"].as_str().unwrap();
    assert!(name.starts_with("pets__"), "{name}");
    let shown = sandbox.ok(&["show", name, "--json"]).json();
    assert_eq!(shown["definition"]["tool"], name);
    let found = sandbox.ok(&["search", "list", "the", "pets", "--json"]).json();
    let first: Vec<&str> =
        found["matches"].as_array().unwrap().iter().take(3).map(|hit| hit["tool"].as_str().unwrap()).collect();
    assert!(first.contains(&"pets__list_pets"), "{first:?}");
}

#[test]
fn a_search_may_leave_out_what_changes_things_and_what_has_other_tags() {
    let sandbox = pet_store();
    let found = |flags: &[&str]| {
        let found = sandbox.ok(&[&["search", "delete pet", "--limit", "50", "--json"], flags].concat()).json();
        let matches = found["matches"].as_array().unwrap();
        let names: Vec<String> = matches.iter().map(|hit| hit["tool"].as_str().unwrap().to_owned()).collect();
        (names, found["hint"].clone())
    };
    let delete = "pets__delete_pet".to_owned();
    let (all, reading) = (found(&[]).0, found(&["--read-only"]).0);
    assert_eq!(all.first(), Some(&delete));
    assert!(!reading.is_empty() && !reading.contains(&delete), "{reading:?}");
    assert!(reading.iter().all(|name| all.contains(name)));
    let (tagged, hint) = found(&["--tag", "pests"]);
    assert!(tagged.is_empty());
    assert!(hint.as_str().unwrap().starts_with("no tool has the tag `pests`"), "{hint}");
}

#[test]
fn importing_twice_gives_the_same_bytes_and_never_takes_an_edit_away() {
    let document = project().join("fixtures/openapi/pet_store.yaml");
    let document = document.to_string_lossy();
    let sandbox = pet_store();
    let before = sandbox.read("capabilities/pets/list_pets.yaml");
    let again = sandbox.ok(&["import", &document, "--api", "pets"]);
    assert!(again.stderr.contains("Finished 15 unchanged"), "{}", again.stderr);

    let edited = before.replace("title: List pets", "title: Every pet");
    assert_ne!(before, edited);
    sandbox.write("capabilities/pets/list_pets.yaml", &edited);
    sandbox.ok(&["import", &document, "--api", "pets"]);
    assert_eq!(sandbox.read("capabilities/pets/list_pets.yaml"), edited);
    sandbox.ok(&["import", &document, "--api", "pets", "--force"]);
    assert_eq!(sandbox.read("capabilities/pets/list_pets.yaml"), before);
}

#[test]
fn without_a_base_what_differs_is_kept() {
    let document = project().join("fixtures/openapi/pet_store.yaml");
    let document = document.to_string_lossy();
    let sandbox = pet_store();
    std::fs::remove_file(sandbox.path().join("capabilities/pets/.imported")).unwrap();
    let edited = sandbox.read("capabilities/pets/list_pets.yaml").replace("title: List pets", "title: Every pet");
    sandbox.write("capabilities/pets/list_pets.yaml", &edited);
    let kept = sandbox.run(&["import", &document, "--api", "pets"]);
    assert_eq!(kept.code, 1);
    assert!(kept.stderr.contains("Kept pets/list_pets.yaml"), "{}", kept.stderr);
    assert_eq!(sandbox.read("capabilities/pets/list_pets.yaml"), edited);
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::new();
    let document = project().join("fixtures/openapi/pet_store.yaml");
    let run = sandbox.ok(&["import", &document.to_string_lossy(), "--dry-run"]);
    assert!(run.stderr.contains("Would add"), "{}", run.stderr);
    assert!(!sandbox.path().join("capabilities").exists());
}

#[test]
fn selections_choose_operations() {
    let document = project().join("fixtures/openapi/pet_store.yaml");
    let document = document.to_string_lossy();
    let count = |args: &[&str]| {
        let sandbox = Sandbox::new();
        sandbox.ok(&[&["import", &document, "--api", "pets"], args].concat());
        sandbox.ok(&["list", "--json"]).json()["tools"].as_array().unwrap().len()
    };
    let all = count(&[]);
    let reading = count(&["--method", "get"]);
    assert!(reading > 0 && reading < all);
    assert_eq!(count(&["--include", "*list_pets"]), 1);
    assert_eq!(count(&["--exclude", "*list_pets"]), all - 1);
}

#[test]
fn pins_are_written_verified_and_readable_by_sha256sum() {
    let sandbox = weather();
    let unpinned = sandbox.run(&["pin", "--check"]);
    assert_eq!(unpinned.code, 3);
    assert!(unpinned.stderr.contains("CAP0302"), "{}", unpinned.stderr);
    sandbox.ok(&["pin"]);
    sandbox.ok(&["pin", "--check"]);
    let lock = sandbox.read("capabilities/cap.lock");
    sandbox.ok(&["pin"]);
    assert_eq!(lock, sandbox.read("capabilities/cap.lock"));

    let verified = std::process::Command::new("sha256sum")
        .args(["-c", "--quiet", "cap.lock"])
        .current_dir(sandbox.path().join("capabilities"))
        .status();
    match verified {
        Ok(status) => assert!(status.success()),
        Err(error) => eprintln!("sha256sum was not run: {error}"),
    }

    sandbox.write("capabilities/weather.yaml", &WEATHER.replace("method: GET", "method: DELETE"));
    assert_eq!(sandbox.run(&["pin", "--check"]).code, 3);
    let refused = sandbox.run(&["call", "forecast", "--arg", "city=Oslo", "--dry-run"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("quarantined"), "{}", refused.stderr);
}

#[test]
fn a_pin_check_of_a_wrong_path_does_not_pass() {
    let sandbox = weather();
    sandbox.ok(&["pin"]);
    assert_eq!(sandbox.run(&["pin", "--check", "capabilites"]).code, 5);
    sandbox.ok(&["pin", "--check", "./capabilities/weather.yaml"]);
}

#[test]
fn a_lock_file_with_a_wrong_line_is_mended_by_pinning() {
    let sandbox = weather();
    sandbox.ok(&["pin"]);
    let lock = sandbox.read("capabilities/cap.lock");
    sandbox.write("capabilities/cap.lock", &format!("{lock}not a line\n"));
    assert_eq!(sandbox.run(&["pin", "--check"]).code, 3);
    sandbox.ok(&["pin"]);
    assert_eq!(sandbox.read("capabilities/cap.lock"), lock);
}

#[test]
fn a_lock_file_that_cannot_be_read_lets_nothing_through() {
    let sandbox = weather();
    std::fs::create_dir(sandbox.path().join("capabilities/cap.lock")).unwrap();
    let run = sandbox.run(&["list"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("cap.lock"), "{}", run.stderr);
}

#[test]
fn a_folder_within_another_is_refused() {
    let sandbox = weather();
    sandbox.write("capabilities/inner/x.yaml", WEATHER);
    let run = sandbox.run(&["list", "--capabilities", "capabilities", "--capabilities", "capabilities/inner"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("is inside of"), "{}", run.stderr);
}

#[test]
fn settings_that_say_locked_bind_every_command() {
    let sandbox = weather();
    sandbox.write("cap.yaml", "locked: true\n");
    assert_eq!(sandbox.run(&["call", "forecast", "--arg", "city=Oslo", "--dry-run"]).code, 1);
    sandbox.ok(&["pin"]);
    sandbox.ok(&["call", "forecast", "--arg", "city=Oslo", "--dry-run"]);
}

#[test]
fn what_does_not_compile_is_not_pinned() {
    let sandbox = weather();
    sandbox.write("capabilities/broken.yaml", "version: 1\nkind: capability\nname: x\n");
    let run = sandbox.run(&["pin"]);
    assert_eq!(run.code, 1);
    assert!(!sandbox.path().join("capabilities/cap.lock").exists());
}

#[test]
fn check_speaks_to_programs_too() {
    let sandbox = weather();
    sandbox.write("capabilities/weather.yaml", &WEATHER.replace("{{ city }}", "{{ town }}"));
    let json = sandbox.run(&["check", "--format", "json"]);
    assert_eq!(json.code, 1);
    let first = json.json()["diagnostics"][0].clone();
    assert_eq!(first["code"], "CAP0203");
    assert_eq!((first["place"]["line"].as_u64(), first["place"]["column"].as_u64()), (Some(16), Some(22)));
    let github = sandbox.run(&["check", "--format", "github"]);
    assert!(
        github.stdout.starts_with("::error file=capabilities/weather.yaml,line=16,col=22,title=CAP0203::"),
        "{}",
        github.stdout
    );
}

#[test]
fn settings_name_folders_and_flags_win() {
    let sandbox = Sandbox::new();
    sandbox.write("tools/weather.yaml", WEATHER);
    sandbox.write("cap.yaml", "capabilities: [tools]\n");
    assert!(sandbox.ok(&["list"]).stdout.contains("forecast"));
    assert_eq!(sandbox.run(&["list", "--capabilities", "elsewhere"]).code, 5);
    sandbox.write("cap.yaml", "capabilties: [tools]\n");
    let wrong = sandbox.run(&["list"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("did you mean `capabilities`?"), "{}", wrong.stderr);
}

#[test]
fn help_has_examples_and_completions_are_scripts() {
    let sandbox = Sandbox::new();
    for command in ["import", "check", "pin", "search", "call", "serve"] {
        let help = sandbox.ok(&[command, "--help"]).stdout;
        assert!(help.contains("Example"), "`cap {command} --help` has no example");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(sandbox.ok(&["completions", shell]).stdout.contains("cap"));
    }
}

#[test]
fn the_exit_codes_are_documented() {
    let operations = std::fs::read_to_string(project().join("docs/operations.md")).unwrap();
    for code in 0..=5 {
        assert!(operations.contains(&format!("| {code} |")), "docs/operations.md does not explain exit code {code}");
    }
}

#[test]
fn a_body_can_be_sent_in_another_media_type() {
    let sandbox = pet_store();
    let shown = sandbox.ok(&["show", "pets__create_pet"]).stdout;
    assert!(shown.contains("body: application/json, or by `content_type`: application/xml"), "{shown}");
    let xml = ["--arg", "content_type=application/xml", "--arg", "body=<pet/>"];
    let call = |arguments: &[&str]| sandbox.run(&[&["call", "pets__create_pet", "--dry-run"], arguments].concat());
    let planned = call(&xml).stdout;
    assert!(planned.contains("Content-Type: application/xml\n\n<pet/>\n"), "{planned}");
    let refused = call(&[&xml[..], &["--arg", "name=Rex"]].concat());
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("`name` is not sent with `application/xml`"), "{}", refused.stderr);
}

#[test]
fn an_import_may_leave_no_choice_of_media_types() {
    let sandbox = Sandbox::new();
    let document = project().join("fixtures/openapi/pet_store.yaml").to_string_lossy().into_owned();
    sandbox.ok(&["import", &document, "--api", "pets", "--media-type", "application/json"]);
    let file = sandbox.read("capabilities/pets/create_pet.yaml");
    assert!(!file.contains("content_type") && file.contains("required: [name]"), "{file}");
    sandbox.ok(&["import", &document, "--api", "pets", "--media-type", "*/*xml", "--force"]);
    let file = sandbox.read("capabilities/pets/create_pet.yaml");
    assert!(file.contains("body:\n    xml:\n      value:"), "{file}");
}
