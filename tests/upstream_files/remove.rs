//! `cap remove` and `cap list`: upstreams that are there, and those that go.

use serde_json::json;

use crate::support::Sandbox;
use crate::{exists, names};

const TOOLS: &str = r#"{"version": 1, "kind": "tools", "tools": [{"name": "a"}, {"name": "b"}]}"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&["add", "web", "https://me.example/secret-path", "-H", "Authorization: Bearer ${T}", "--title", "Web"]);
    sandbox.ok(&["add", "prog", "--", "/usr/bin/prog", "argument"]);
    sandbox.write("capabilities/web/tools.json", TOOLS);
    sandbox.write("capabilities/shop/api.yaml", "version: 1\nkind: api\nname: shop\nserver: https://shop.example\n");
    sandbox
}

#[test]
fn a_list_has_upstreams() {
    let sandbox = sandbox();
    sandbox.ok(&["pin", "capabilities/web"]);
    let run = sandbox.ok(&["list"]);
    let line = |name: &str| run.stdout.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(line("web").contains("pinned     http me.example") && line("web").contains("2 approved tools"), "{run:?}");
    assert!(line("prog").contains("unpinned   stdio prog") && line("prog").contains("no approved tools"), "{run:?}");
    assert!(!run.stdout.contains("secret-path") && !run.stdout.contains("argument"));
    for args in [&["list", "--format", "json"][..], &["list", "--json"]] {
        let list = sandbox.ok(args).json();
        assert_eq!(list["tools"], json!([]));
        assert_eq!(
            list["upstreams"][1],
            json!({
                "name": "web", "title": "Web", "description": null, "transport": "http", "status": "pinned",
                "approved_tools": 2, "paused": false, "faulty": false, "file": "capabilities/web/upstream.yaml"
            })
        );
        assert_eq!(list["upstreams"][0]["approved_tools"], json!(null));
    }
    sandbox.ok(&["add", "web", "https://other.example", "--force"]);
    let one = sandbox.ok(&["list", "--json", "--server", "web"]).json();
    assert_eq!((one["upstreams"].as_array().unwrap().len(), &one["upstreams"][0]["status"]), (1, &json!("changed")));
    sandbox.write("capabilities/web/upstream.yaml", "version: 1\nkind: upstream\nname: web\n");
    sandbox.write("capabilities/web/tools.json", "not JSON");
    let broken = sandbox.ok(&["list", "--json", "--server", "web"]).json();
    assert_eq!(
        (&broken["upstreams"][0]["faulty"], &broken["upstreams"][0]["approved_tools"]),
        (&json!(true), &json!(null))
    );
}

#[test]
fn an_upstream_goes_with_its_files_and_lines() {
    let sandbox = sandbox();
    sandbox.ok(&["pin"]);
    let dry = sandbox.ok(&["remove", "web", "--dry-run"]);
    assert!(dry.stderr.contains("capabilities/web/tools.json") && exists(&sandbox, "capabilities/web/tools.json"));
    let run = sandbox.ok(&["remove", "web"]);
    assert!(run.stderr.contains("capabilities/web/upstream.yaml") && run.stderr.contains("2 lines"), "{}", run.stderr);
    assert!(!exists(&sandbox, "capabilities/web"));
    let lock = sandbox.read("capabilities/cap.lock");
    assert!(!lock.contains("web/") && lock.contains("prog/upstream.yaml") && lock.contains("shop/api.yaml"), "{lock}");
    sandbox.ok(&["pin", "--check"]);
}

#[test]
fn what_is_no_upstream_stays() {
    let sandbox = sandbox();
    let api = sandbox.run(&["remove", "shop"]);
    assert!(
        api.code == 1 && api.stderr.contains("`shop` is an api") && api.stderr.contains("remove its folder"),
        "{api:?}"
    );
    let near = sandbox.run(&["remove", "progg"]);
    assert!(near.code == 1 && near.stderr.contains("did you mean `prog`?"), "{near:?}");
    let outside = sandbox.run(&["remove", "../capabilities"]);
    assert_eq!(outside.code, 1, "{outside:?}");
    sandbox.write("capabilities/prog/notes.txt", "mine");
    sandbox.ok(&["remove", "prog"]);
    assert_eq!(names(&sandbox.path().join("capabilities/prog")), ["notes.txt"]);
    assert!(exists(&sandbox, "capabilities/shop/api.yaml"));
}

#[test]
fn a_faulty_upstream_can_be_removed_by_its_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/bad/upstream.yaml", "kind: upstream\nname: [\n");
    sandbox.ok(&["remove", "bad"]);
    assert!(!exists(&sandbox, "capabilities/bad"));
}

#[test]
fn tools_that_two_upstreams_share_stay() {
    let sandbox = Sandbox::new();
    for name in ["a", "b"] {
        let file = format!("version: 1\nkind: upstream\nname: {name}\ntransport: {{stdio: [x]}}\n");
        sandbox.write(&format!("capabilities/{name}.yaml"), &file);
    }
    sandbox.write("capabilities/tools.json", TOOLS);
    sandbox.ok(&["remove", "a"]);
    assert_eq!(names(&sandbox.path().join("capabilities")), ["b.yaml", "tools.json"]);
}
