//! Pairs of folders in `fixtures/diff/` and what `cap diff` says of them, and revisions of a real repository.
//!
//! A pair is a folder with `old/`, `new/` and `expected.codes`, the codes that a person expects, written by hand.
//! The golden texts beside it are blessed with `BLESS=1` and reviewed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use support::{Run, Sandbox, copy, golden, project};

const FORMATS: [(&str, &str); 5] =
    [("human", "stderr"), ("json", "json"), ("markdown", "md"), ("github", "github"), ("sarif", "sarif")];

fn cases() -> Vec<PathBuf> {
    let folder = fs::read_dir(project().join("fixtures/diff")).unwrap();
    let mut cases: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

fn pair(case: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    for side in ["old", "new"] {
        fs::create_dir_all(sandbox.path().join(side)).unwrap();
        copy(&case.join(side), &sandbox.path().join(side));
    }
    sandbox
}

fn diff(sandbox: &Sandbox, format: &str) -> Run {
    sandbox.run(&["diff", "old", "new", "--format", format])
}

#[test]
fn each_pair_gives_what_a_person_expects() {
    let mut faults = Vec::new();
    for case in cases() {
        let sandbox = pair(&case);
        let run = diff(&sandbox, "json");
        assert!(!run.stderr.contains("not compile"), "{}: {}", case.display(), run.stderr);
        let found = run.json();
        let codes: BTreeSet<&str> =
            found["changes"].as_array().unwrap().iter().map(|change| change["code"].as_str().unwrap()).collect();
        let expected = fs::read_to_string(case.join("expected.codes")).unwrap();
        let expected: BTreeSet<&str> = expected.lines().collect();
        if codes != expected {
            let sentences: Vec<&Value> =
                found["changes"].as_array().unwrap().iter().map(|it| &it["sentence"]).collect();
            faults.push(format!("{}: expected {expected:?}, found {codes:?}: {sentences:#?}", case.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_pair_is_told_in_every_format() {
    let mut faults = Vec::new();
    for case in cases() {
        let sandbox = pair(&case);
        for (format, ending) in FORMATS {
            let run = diff(&sandbox, format);
            let text = if format == "human" { &run.stderr } else { &run.stdout };
            faults.extend(golden(&case.join(format!("expected.{ending}")), text).err());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_pairs_cover_every_code() {
    let expected: BTreeSet<String> = cases()
        .iter()
        .flat_map(|case| {
            let codes = fs::read_to_string(case.join("expected.codes")).unwrap();
            codes.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    let listed = Sandbox::new().ok(&["explain", "diff"]).stdout;
    let all: BTreeSet<String> = listed.lines().map(|line| line.split_once("  ").unwrap().0.to_owned()).collect();
    assert_eq!(all.difference(&expected).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(cases().len() >= 60, "{}", cases().len());
}

#[test]
fn every_code_is_explained() {
    let sandbox = Sandbox::new();
    for line in sandbox.ok(&["explain", "diff"]).stdout.lines() {
        let (code, title) = line.split_once("  ").unwrap();
        let section = sandbox.ok(&["explain", code]).stdout;
        assert!(section.starts_with(&format!("## {code}: {title}")), "{code} has the section {section:?}");
        assert!(section.lines().count() >= 3, "the section of {code} says nothing");
    }
}

#[test]
fn no_description_becomes_markup() {
    let case = cases().into_iter().find(|it| it.to_string_lossy().contains("markup_and_mentions")).unwrap();
    let text = diff(&pair(&case), "markdown").stdout;
    for wrong in ["@octocat", "<img", "](", "```", "#1,", "https://evil"] {
        assert!(!text.contains(wrong), "{wrong} in {text}");
    }
    assert_eq!(text.matches("</details>").count(), text.matches("<details>").count());
}

#[test]
fn a_comment_has_room_and_closes_what_it_opens() {
    let sandbox = Sandbox::new();
    let tool = |name: &str, words: &str| {
        format!(
            "version: 1\nkind: capability\nname: {name}\nserver: https://shop.example\ndescription: {words}\ninput: {{type: object}}\nrequest: {{method: GET, path: /{name}}}\n"
        )
    };
    for index in 0..900 {
        let name = format!("tool_{index}");
        sandbox.write(&format!("old/{name}.yaml"), &tool(&name, &format!("The old words number {index} @all")));
        sandbox.write(&format!("new/{name}.yaml"), &tool(&name, &format!("{index} other words stand here <b> @all")));
    }
    let text = diff(&sandbox, "markdown").stdout;
    assert!(text.chars().count() <= 60_000, "{}", text.chars().count());
    assert!(text.contains("are left out here"), "{text}");
    assert_eq!(text.matches("</details>").count(), text.matches("<details>").count());
    assert!(text.contains("| words | 900 |"), "{text}");
}

#[test]
fn texts_that_are_not_shown_are_counted() {
    let sandbox = Sandbox::new();
    let tool = |words: &str| {
        let argument = |index: usize| {
            let text = if index.is_multiple_of(20) { words } else { "The same words." };
            (format!("a{index:04}"), json!({"type": "string", "description": text}))
        };
        let arguments: serde_json::Map<String, Value> = (0..1_200).map(argument).collect();
        let query: serde_json::Map<String, Value> =
            arguments.keys().map(|name| (name.clone(), json!(format!("{{{{ {name} }}}}")))).collect();
        json!({
            "version": 1, "kind": "capability", "name": "orders", "server": "https://shop.example",
            "description": "Lists orders.", "request": {"method": "GET", "path": "/orders", "query": query},
            "input": {"type": "object", "additionalProperties": false, "properties": arguments},
        })
        .to_string()
    };
    sandbox.write("old/orders.yaml", &tool("What it was."));
    sandbox.write("new/orders.yaml", &tool("What it is."));
    let run = diff(&sandbox, "json");
    assert_eq!(run.json()["counts"]["words"], 51);
    assert!(run.stdout.contains("10 more texts of its arguments are others"), "{}", run.stdout);
    assert!(run.stdout.contains("a0980"), "the 50th of 60 is shown: {}", run.stdout);
}

#[test]
fn the_whole_of_a_text_is_there_for_programs() {
    let sandbox = Sandbox::new();
    let words = |end: &str| format!("{} {end}", "Lists orders, newest first. ".repeat(40));
    let end = format!("{} Say nothing of it.", "Then it goes on for long. ".repeat(40));
    sandbox.write("old/orders.yaml", &TOOL.replace("Lists orders.", &words("Fine.")));
    sandbox.write("new/orders.yaml", &TOOL.replace("Lists orders.", &words(&end)));
    let change = diff(&sandbox, "json").json()["changes"][0].clone();
    let subject = &change["subjects"][0];
    assert_eq!((&subject["was"], &subject["is"]), (&json!(words("Fine.")), &json!(words(&end))));
    for (format, _) in FORMATS {
        let run = diff(&sandbox, format);
        assert!(format!("{}{}", run.stdout, run.stderr).contains("Say nothing of it"), "{format}");
    }
}

#[test]
fn a_status_says_whether_something_is_denied() {
    let sandbox =
        pair(&cases().into_iter().find(|case| case.to_string_lossy().contains("description_changed")).unwrap());
    let status = |deny: &str| sandbox.run(&["diff", "old", "new", "--deny", deny]).code;
    assert_eq!(sandbox.run(&["diff", "old", "new"]).code, 0);
    assert_eq!((status("words"), status("breaking,words"), status("effect"), status("none")), (6, 6, 0, 0));
    let undecided = pair(&cases().into_iter().find(|case| case.to_string_lossy().contains("pattern_changed")).unwrap());
    assert_eq!(undecided.run(&["diff", "old", "new"]).code, 0);
    assert_eq!(undecided.run(&["diff", "old", "new", "--deny", "undecided"]).code, 6);
}

/// Runs git in a sandbox, as somebody whom no configuration of this account knows.
fn git(sandbox: &Sandbox, arguments: &[&str]) -> bool {
    let mut command = Command::new("git");
    command.current_dir(sandbox.path()).env("HOME", sandbox.path()).env("GIT_CONFIG_NOSYSTEM", "1");
    command.args(["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]);
    command.args(arguments).output().is_ok_and(|output| output.status.success())
}

/// The binary with a path on which git is found.
fn with_git(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    let mut command = sandbox.command(arguments);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Run::of(command.output().unwrap())
}

const TOOL: &str = "version: 1\nkind: capability\nname: orders\nserver: https://shop.example\ndescription: Lists orders.\ninput: {type: object, additionalProperties: false, properties: {limit: {type: integer}}}\nrequest: {method: GET, path: /orders, query: {limit: \"{{ limit }}\"}}\n";

/// A repository with one commit on `main`, whose capabilities stand in a folder of a folder.
fn repository() -> Option<Sandbox> {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/orders.yaml", TOOL);
    let made =
        git(&sandbox, &["init", "-q"]) && git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", "one"]);
    if !made {
        eprintln!("a test of revisions was skipped: there is no git here");
    }
    made.then_some(sandbox)
}

fn codes(run: &Run) -> Vec<String> {
    let changes = run.json();
    changes["changes"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_working_tree_is_compared_with_the_last_commit() {
    let Some(sandbox) = repository() else { return };
    assert_eq!(codes(&with_git(&sandbox, &["diff", "--format", "json"])), Vec::<String>::new());
    sandbox.write("capabilities/orders.yaml", &TOOL.replace("type: integer", "type: integer, maximum: 9"));
    let run = with_git(&sandbox, &["diff", "--format", "json"]);
    assert_eq!((codes(&run), run.code), (vec!["DIFF107".to_owned()], 6));
    assert_eq!(run.json()["changes"][0]["subjects"][0]["new"]["file"], "capabilities/orders.yaml");
    // Nothing but the files of the revision was read, and nothing was written.
    assert_eq!(sandbox.read("capabilities/orders.yaml"), TOOL.replace("type: integer", "type: integer, maximum: 9"));
}

#[test]
fn without_arguments_the_last_pinned_state_is_compared() {
    let Some(sandbox) = repository() else { return };
    let commit = |message: &str| assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", message]));
    sandbox.ok(&["pin"]);
    commit("pinned");
    // Two commits that nobody pinned: one changes a file, the other brings one.
    sandbox.write("capabilities/orders.yaml", &TOOL.replace("method: GET", "method: POST"));
    commit("not pinned");
    sandbox.write("capabilities/other.yaml", &TOOL.replace("name: orders", "name: others"));
    commit("not pinned either");
    let run = with_git(&sandbox, &["diff", "--format", "json"]);
    assert_eq!(run.json()["old"], "HEAD as it was pinned");
    assert_eq!(codes(&run), ["DIFF301", "DIFF303", "DIFF501"]);
    assert!(codes(&with_git(&sandbox, &["diff", "HEAD", "--format", "json"])).is_empty());
    // A pinned file that is gone is a tool that is gone; one that was moved is moved.
    sandbox.ok(&["pin"]);
    commit("pinned again");
    assert!(git(&sandbox, &["mv", "capabilities/orders.yaml", "capabilities/moved.yaml"]));
    assert!(git(&sandbox, &["rm", "-q", "capabilities/other.yaml"]));
    commit("moved and gone");
    assert_eq!(codes(&with_git(&sandbox, &["diff", "--format", "json"])), ["DIFF101"]);
}

#[test]
fn a_revision_has_its_own_folders_and_settings() {
    let Some(sandbox) = repository() else { return };
    fs::rename(sandbox.path().join("capabilities"), sandbox.path().join("tools")).unwrap();
    sandbox.write("cap.yaml", "capabilities: [tools]\n");
    let run = with_git(&sandbox, &["diff", "--format", "json"]);
    assert_eq!(codes(&run), ["DIFF215"], "the folder has another name, and the tool is the same");
}

#[test]
fn no_folder_of_the_tree_stands_in_for_a_revision() {
    let Some(sandbox) = repository() else { return };
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(sandbox.path()).output().unwrap();
    let commit = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let changed = TOOL.replace("method: GET", "method: DELETE");
    sandbox.write("capabilities/orders.yaml", &changed);
    for name in ["HEAD", "main...", "HEAD~0", &commit, &commit[..9]] {
        sandbox.write(&format!("{name}/orders.yaml"), &changed);
        let run = with_git(&sandbox, &["diff", name, "--format", "json"]);
        assert!(codes(&run).contains(&"DIFF303".to_owned()), "{name}: {}", run.stdout);
    }
    sandbox.write("main/orders.yaml", &changed);
    let run = with_git(&sandbox, &["diff", "main"]);
    assert_eq!(run.code, 5);
    assert!(run.stderr.contains("both a path and a revision") && run.stderr.contains("refs/heads/"), "{}", run.stderr);
    assert!(
        codes(&with_git(&sandbox, &["diff", "refs/heads/main", "--format", "json"])).contains(&"DIFF303".to_owned())
    );
    assert!(codes(&with_git(&sandbox, &["diff", "./main", "--format", "json"])).is_empty());
}

#[test]
fn a_copy_of_what_was_pinned_is_no_move_of_it() {
    let Some(sandbox) = repository() else { return };
    sandbox.ok(&["pin"]);
    assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", "pinned"]));
    sandbox.write("capabilities/orders.yaml", &TOOL.replace("method: GET", "method: DELETE"));
    sandbox.write("capabilities/aside/copy.yaml", TOOL);
    assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", "not pinned"]));
    let run = with_git(&sandbox, &["diff", "--format", "json"]);
    assert!(!codes(&run).is_empty(), "{}", run.stdout);
}

#[cfg(unix)]
#[test]
fn links_are_followed_within_a_revision_and_not_out_of_it() {
    let Some(sandbox) = repository() else { return };
    let commit = |message: &str| assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", message]));
    let link = |target: &str, path: &str| std::os::unix::fs::symlink(target, sandbox.path().join(path)).unwrap();
    sandbox.write("shared/one.yaml", &TOOL.replace("name: orders", "name: one"));
    sandbox.write("shared/more/two.yaml", &TOOL.replace("name: orders", "name: two"));
    link("../shared/one.yaml", "capabilities/one.yaml");
    link("../shared/more", "capabilities/more");
    commit("linked");
    let added = with_git(&sandbox, &["diff", "HEAD~1..HEAD", "--format", "json"]).json();
    assert_eq!(added["tools"], json!({"before": 1, "after": 3, "changed": 2}), "{added}");
    assert!(codes(&with_git(&sandbox, &["diff", "HEAD", "--format", "json"])).is_empty());
    for file in ["one.yaml", "more/two.yaml"] {
        let text = sandbox.read(&format!("shared/{file}"));
        sandbox.write(&format!("shared/{file}"), &text.replace("method: GET", "method: DELETE"));
    }
    let run = with_git(&sandbox, &["diff", "HEAD", "--format", "json"]);
    let group = &run.json()["changes"][0];
    assert_eq!(group["subjects"].as_array().unwrap().len(), 2, "{group}");
    // The folder may be a link itself.
    fs::rename(sandbox.path().join("capabilities"), sandbox.path().join("real")).unwrap();
    link("real", "capabilities");
    commit("the folder is a link");
    assert!(codes(&with_git(&sandbox, &["diff", "HEAD", "--format", "json"])).is_empty());
    for (target, name) in [("/etc/hosts", "out"), ("../../elsewhere", "up"), ("round", "round")] {
        link(target, &format!("real/{name}"));
        commit("a link that leads out");
        let run = with_git(&sandbox, &["diff", "HEAD"]);
        assert_eq!(run.code, 5, "{target}");
        assert!(run.stderr.contains("leads out of the revision"), "{}", run.stderr);
        fs::remove_file(sandbox.path().join(format!("real/{name}"))).unwrap();
    }
}

#[test]
fn every_folder_has_its_own_pins() {
    let Some(sandbox) = repository() else { return };
    sandbox.write("cap.yaml", "capabilities: [capabilities, other]\n");
    sandbox.write("other/others.yaml", &TOOL.replace("name: orders", "name: others"));
    sandbox.ok(&["pin"]);
    assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", "two folders"]));
    let run = with_git(&sandbox, &["diff"]);
    assert!(!run.stderr.contains("Unpinned"), "{}", run.stderr);
    sandbox.write("other/others.yaml", &TOOL.replace("name: orders", "name: others").replace("Lists", "Gets"));
    let run = with_git(&sandbox, &["diff"]);
    assert!(run.stderr.contains("Unpinned 1 file is not as cap.lock says"), "{}", run.stderr);
}

#[test]
fn revisions_and_ranges_are_compared() {
    let Some(sandbox) = repository() else { return };
    assert!(git(&sandbox, &["checkout", "-qb", "work"]));
    sandbox.write("capabilities/orders.yaml", &TOOL.replace("method: GET", "method: POST"));
    assert!(git(&sandbox, &["commit", "-qam", "two"]));
    assert!(git(&sandbox, &["checkout", "-q", "main"]));
    sandbox.write("capabilities/other.yaml", &TOOL.replace("name: orders", "name: others"));
    assert!(git(&sandbox, &["add", "."]) && git(&sandbox, &["commit", "-qm", "three"]));
    assert!(git(&sandbox, &["checkout", "-q", "work"]));
    let run = |arguments: &[&str]| {
        let all: Vec<&str> = ["diff", "--format", "json"].iter().chain(arguments).copied().collect();
        codes(&with_git(&sandbox, &all))
    };
    assert_eq!(run(&["main..."]), ["DIFF301", "DIFF303"], "since the branch left main");
    assert_eq!(run(&["main...work"]), ["DIFF301", "DIFF303"]);
    assert_eq!(run(&["HEAD~1"]), ["DIFF301", "DIFF303"]);
    assert_eq!(run(&["main"]), ["DIFF101", "DIFF301", "DIFF303"], "what main has and the branch has not");
    assert_eq!(run(&["work", "main"]), ["DIFF303", "DIFF501", "DIFF507"]);
    let wrong = with_git(&sandbox, &["diff", "--output=x"]);
    assert_eq!(wrong.code, 2);
    let wrong = with_git(&sandbox, &["diff", "nowhere"]);
    assert_eq!(wrong.code, 5);
    assert!(wrong.stderr.contains("no revision that git knows"), "{}", wrong.stderr);
}

#[test]
fn two_documents_are_compared_as_an_update_would_be() {
    let sandbox = Sandbox::new();
    let document = |version: &str, parameter: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{title: Shop, version: '{version}'}}\nservers: [{{url: 'https://shop.example'}}]\npaths:\n  /orders:\n    get:\n      operationId: listOrders\n      description: Lists orders.\n      parameters:\n        - {{name: limit, in: query, {parameter}}}\n      responses: {{'200': {{description: fine}}}}\n"
        )
    };
    sandbox.write("one.yaml", &document("1", "schema: {type: integer}"));
    sandbox.write("two.yaml", &document("2", "required: true, schema: {type: integer}"));
    let run = sandbox.run(&["diff", "one.yaml", "two.yaml", "--format", "json"]);
    assert_eq!(codes(&run), ["DIFF104"]);
    assert_eq!(sandbox.run(&["diff", "one.yaml", "missing"]).code, 5);
}

#[test]
fn names_hide_nothing_either() {
    let sandbox = Sandbox::new();
    let upstream = "version: 1\nkind: upstream\nname: files\ntransport: {stdio: [files-mcp]}\n";
    let tools = |names: &[&str]| {
        let tools: Vec<Value> =
            names.iter().map(|name| json!({"name": name, "inputSchema": {"type": "object"}})).collect();
        json!({"version": 1, "kind": "tools", "tools": tools}).to_string()
    };
    for side in ["old", "new"] {
        sandbox.write(&format!("{side}/upstream.yaml"), upstream);
    }
    sandbox.write("old/tools.json", &tools(&["read"]));
    sandbox.write("new/tools.json", &tools(&["read", "re\u{200b}ad\u{1b}[2J"]));
    for (format, _) in FORMATS {
        let run = diff(&sandbox, format);
        let text = format!("{}{}", run.stdout, run.stderr);
        assert!(!text.contains('\u{200b}') && !text.contains('\u{1b}'), "{text:?}");
    }
    assert_eq!(codes(&diff(&sandbox, "json")), ["DIFF501"]);
}
