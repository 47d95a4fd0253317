//! The programs of upstreams begin, stay and end as their files say, and see nothing that is not theirs.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{descendants, runs, with_argument};
use crate::support::{PLANTED, Sandbox};
use crate::world::{World, liar, liar_program, stdio, until, upstream};

/// A peer with a child of its own that does not end by itself; `mark` is seconds, and tells them apart.
fn with_child(mark: &str) -> Value {
    let peer = crate::peer::program().display().to_string();
    json!({"stdio": ["sh", "-c", format!("sleep {mark} & exec '{peer}' stdio")]})
}

async fn process(world: &World, name: &str) -> String {
    let result = world.invoke(&format!("{name}__whoami"), json!({})).await;
    result["structuredContent"]["process"].as_str().unwrap_or_else(|| panic!("{result}")).to_owned()
}

#[tokio::test]
async fn programs_follow_their_files() {
    let world = World::of(&[]).await;
    let gateway = world.served.child.id();
    let before = descendants(gateway).len();
    let write = |transport: &Value, more: Value| upstream(&world.sandbox, "live", transport, &more);

    // Added.
    let first = with_child("4711001");
    write(&first, json!({}));
    world.until_ready("live").await;
    let begun = process(&world, "live").await;
    assert_eq!(descendants(gateway).len(), before + 2);

    // What is served of it changes, and not how it is reached: the connection stays.
    write(
        &first,
        json!({"deny": ["die"], "description": "Another.", "tools": {"sleep": {"description": "Rests a while."}}}),
    );
    world.until("the override", async || world.agent.found("rests a while", "live__sleep").await.is_some()).await;
    assert!(world.failure("live__die", json!({})).await.contains("no tool `live__die`"));
    assert_eq!(process(&world, "live").await, begun);
    write(&first, json!({"allow": ["whoami"]}));
    world.until("one tool", async || world.listed("live").await["tools"] == 1).await;
    assert_eq!(process(&world, "live").await, begun);

    // Reached in another way: another process, and the old one is gone with its child.
    write(&with_child("4711002"), json!({}));
    world
        .until("another process", async || {
            let result = world.invoke("live__whoami", json!({})).await;
            result["structuredContent"]["process"].as_str().is_some_and(|process| process != begun)
        })
        .await;
    until("the old child is gone", async || with_argument("4711001").is_empty()).await;
    until("one process and one child", async || descendants(gateway).len() == before + 2).await;

    // Paused, and not.
    write(&with_child("4711002"), json!({"paused": true}));
    world.until_state("live", "paused").await;
    until("nothing runs", async || descendants(gateway).len() == before && with_argument("4711002").is_empty()).await;
    let failed = world.invoke("live__whoami", json!({})).await;
    assert_eq!(failed["isError"], true, "{failed}");
    write(&with_child("4711002"), json!({}));
    world.until_ready("live").await;
    assert_ne!(process(&world, "live").await, begun);

    // Removed.
    std::fs::remove_dir_all(world.sandbox.path().join("capabilities/live")).unwrap();
    world.until("it is gone", async || world.health("live").await.is_null()).await;
    until("nothing runs", async || descendants(gateway).len() == before && with_argument("4711002").is_empty()).await;
    assert!(world.failure("live__whoami", json!({})).await.contains("no tool `live__whoami`"));
    world.others_answer().await;
}

#[tokio::test]
async fn every_process_ends_with_the_gateway() {
    // A program that does not end with its input, and has a child.
    let stubborn = json!({"stdio": ["sh", "-c", format!("sleep 4712002 & trap '' TERM; '{}' honest; sleep 4712003; sleep 4712003", liar_program().display())]});
    let upstreams = [
        ("live", with_child("4712001"), json!({})),
        ("stubborn", stubborn, json!({})),
        ("mute", liar("mute"), json!({})),
    ];
    let world = World::of(&upstreams).await;
    for name in ["live", "stubborn"] {
        world.until_ready(name).await;
    }
    let all = descendants(world.served.child.id());
    assert!(all.len() >= 6, "{all:?}");
    let World { served, sandbox, agent } = world;
    drop(agent);
    let start = Instant::now();
    let log = served.end();
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    until("every process ended", async || all.iter().all(|pid| !runs(*pid))).await;
    for mark in ["4712001", "4712002", "4712003"] {
        assert!(with_argument(mark).is_empty(), "{mark} still runs");
    }
    assert!(!log.join("\n").contains("panicked"), "{log:?}");
    drop(sandbox);
}

#[tokio::test]
async fn a_program_ends_with_its_input_when_the_gateway_is_killed() {
    let world = World::of(&[("live", stdio(&[]), json!({}))]).await;
    world.until_ready("live").await;
    let all = descendants(world.served.child.id());
    assert_eq!(all.len(), 2);
    let World { served, agent, .. } = world;
    served.kill();
    until("every process ended", async || all.iter().all(|pid| !runs(*pid))).await;
    drop(agent);
}

#[tokio::test]
async fn a_program_sees_its_own_environment_and_no_other() {
    let mut transport = stdio(&[]);
    transport["env"] = json!({"GIVEN": "{{ secret.PLANTED_TOKEN }}", "PLAIN": "words", "HOME": "/elsewhere"});
    transport["directory"] = json!("work");
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/live/work/here.txt", "");
    upstream(&sandbox, "live", &transport, &json!({}));
    let world = World::over(sandbox, &[]).await;
    world.until_ready("live").await;
    let variable = async |name: &str| world.invoke("live__env", json!({"name": name})).await;
    assert_eq!(variable("PLAIN").await["content"][0]["text"], "words");
    assert_eq!(variable("HOME").await["content"][0]["text"], "/elsewhere");
    // Of the gateway's own there is nothing but what every program needs.
    for name in [PLANTED.0, "NO_COLOR", "CAP_SECRETS"] {
        let result = variable(name).await;
        assert_eq!(result["isError"], true, "{name}: {result}");
    }
    let folder = world.sandbox.path().canonicalize().unwrap().join("capabilities/live/work");
    assert_eq!(world.answer("live__cwd", json!({})).await, folder.display().to_string());
    // What it was given it has, and what it says of that is masked.
    let given = variable("GIVEN").await;
    assert_eq!(given["content"][0]["text"], "{secret.PLANTED_TOKEN}", "{given}");
    let refused = world.invoke("live__add_tool", json!({"name": "told", "description": PLANTED.1})).await;
    assert!(!refused.to_string().contains(PLANTED.1), "{refused}");
    world.until("the new tool", async || world.invoke("live__told", json!({})).await["isError"] != true).await;
    let described = world.agent.call("gateway_describe_tools", json!({"tools": ["live__told"]})).await;
    assert!(!described.to_string().contains(PLANTED.1), "{described}");
    let log = world.served.log().join("\n");
    assert!(!log.contains(PLANTED.1), "a secret is in the log");
    let health = world.served.health().await.to_string() + &world.served.get("/metrics").await;
    assert!(!health.contains(PLANTED.1), "a secret is in what operators read");
}

#[tokio::test]
async fn a_lazy_upstream_is_started_by_its_first_call() {
    let sandbox = Sandbox::new();
    upstream(&sandbox, "lazy", &stdio(&[]), &json!({"connect": "lazy"}));
    sandbox.ok(&["pin", "lazy"]);
    let world = World::over(sandbox, &[]).await;
    assert_eq!(world.health("lazy").await["status"], "idle");
    // All of it can be searched, listed and read without a process.
    assert!(world.agent.found("whoami of this process and session", "lazy__whoami").await.is_some());
    assert!(world.listed("lazy").await["tools"].as_u64().unwrap() > 10);
    let gateway = world.served.child.id();
    assert_eq!(descendants(gateway).len(), 1, "there is a process before it is called");
    let (one, another) = tokio::join!(process(&world, "lazy"), process(&world, "lazy"));
    assert_eq!(one, another, "two calls at once start one process");
    assert_eq!(descendants(gateway).len(), 2);
    assert_eq!(world.health("lazy").await["status"], "connected");
}

#[tokio::test]
async fn twenty_upstreams_connect_at_once_and_one_that_hangs_holds_up_none() {
    let names: Vec<String> = (0..20).map(|number| format!("many{number:02}")).collect();
    let mut upstreams: Vec<(&str, Value, Value)> =
        names.iter().map(|name| (name.as_str(), stdio(&["--delay-start", "500"]), json!({}))).collect();
    upstreams.push(("mute", liar("mute"), json!({})));
    let start = Instant::now();
    let world = World::of(&upstreams).await;
    for name in &names {
        world.until_ready(name).await;
    }
    // One after the other the pauses alone were ten seconds.
    println!("twenty upstreams: {:?}", start.elapsed());
    assert_eq!(world.health("mute").await["status"], "connecting");
    let calls = names.iter().map(|name| process(&world, name));
    let processes = futures::future::join_all(calls).await;
    assert_eq!(processes.iter().collect::<std::collections::BTreeSet<_>>().len(), 20);
    // A file with a fault costs none of them.
    let before = processes[0].clone();
    world.sandbox.write("capabilities/many01/upstream.yaml", "kind: upstream\nname: [");
    world.until("the fault", async || world.served.health().await["status"] == "degraded").await;
    assert_eq!(process(&world, "many00").await, before);
    // One of the twenty, and not the one that is asked afterwards.
    let is_late = |process: &&u32| {
        let command = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
        command.contains("--delay-start")
    };
    let started = descendants(world.served.child.id());
    let late = started.iter().find(is_late).unwrap().to_string();
    let status = Command::new("kill").args(["-KILL", &late]).status();
    assert!(status.unwrap().success());
    world.others_answer().await;
}
