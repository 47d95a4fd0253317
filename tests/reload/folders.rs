//! Folders as deployments make them: links that are switched, checkouts of many files, folders that
//! go and come back, files that move.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::served::{Agent, SOON, Served};
use super::support::Sandbox;
use super::tool;

const NOWHERE: &str = "http://127.0.0.1:9";

fn zebra(description: &str) -> String {
    tool("zebra", NOWHERE, "/", description)
}

async fn until_described(agent: &Agent, what: &str, description: &str) {
    agent.until(what, "stripes", "zebra", |found| found == Some(description)).await;
}

/// A Kubernetes ConfigMap: files are links into `..data`, which is a link to a folder that changes.
#[tokio::test]
async fn a_config_map_is_swapped_as_one() {
    let sandbox = Sandbox::new();
    let root = sandbox.path().join("capabilities");
    sandbox.write("capabilities/..first/zebra.yaml", &zebra("Counts the stripes of an animal."));
    symlink("..first", root.join("..data")).unwrap();
    symlink("..data/zebra.yaml", root.join("zebra.yaml")).unwrap();
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    until_described(&agent, "first", "Counts the stripes of an animal.").await;

    sandbox.write("capabilities/..second/zebra.yaml", &zebra("Counts the stripes of a flag."));
    symlink("..second", root.join("..data_tmp")).unwrap();
    fs::rename(root.join("..data_tmp"), root.join("..data")).unwrap();
    fs::remove_dir_all(root.join("..first")).unwrap();
    until_described(&agent, "swapped", "Counts the stripes of a flag.").await;
}

/// The link is outside of the folder that is watched, so no event tells of its switch.
#[tokio::test]
async fn a_link_that_is_switched_elsewhere_is_found_without_an_event() {
    let sandbox = Sandbox::new();
    sandbox.write("releases/1/zebra.yaml", &zebra("Counts the stripes of an animal."));
    sandbox.write("releases/2/zebra.yaml", &zebra("Counts the stripes of a flag."));
    fs::create_dir(sandbox.path().join("capabilities")).unwrap();
    symlink("1", sandbox.path().join("releases/now")).unwrap();
    symlink("../releases/now", sandbox.path().join("capabilities/zoo")).unwrap();
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    until_described(&agent, "before", "Counts the stripes of an animal.").await;
    symlink("2", sandbox.path().join("releases/next")).unwrap();
    fs::rename(sandbox.path().join("releases/next"), sandbox.path().join("releases/now")).unwrap();
    let start = Instant::now();
    // The folders are looked at every ten seconds.
    while agent.found("stripes", "zebra").await.as_deref() != Some("Counts the stripes of a flag.") {
        assert!(start.elapsed() < 6 * SOON, "a switched link is not found");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn a_folder_that_is_deleted_and_made_again_is_watched_on() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &zebra("Counts the stripes of an animal."));
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    fs::remove_dir_all(sandbox.path().join("capabilities")).unwrap();
    let start = Instant::now();
    while served.health().await["status"] == "ok" {
        assert!(start.elapsed() < SOON, "a folder that is gone is not reported");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(agent.found("stripes", "zebra").await.is_some(), "what was served before is served on");
    sandbox.write("capabilities/deep/er/zebra.yaml", &zebra("Counts the stripes of a flag."));
    until_described(&agent, "made again", "Counts the stripes of a flag.").await;
    sandbox.write("capabilities/deep/er/zebra.yaml", &zebra("Counts the stripes of a shirt."));
    until_described(&agent, "edited there", "Counts the stripes of a shirt.").await;
}

/// Files are written in place, one after the other, as a switch of branches does.
#[tokio::test]
async fn a_checkout_of_a_thousand_files_is_a_few_snapshots() {
    const FILES: usize = 1_000;
    let sandbox = Sandbox::new();
    let write = |branch: &str| {
        for number in 0..FILES {
            let text = tool(&format!("tool_{number}"), NOWHERE, "/", &format!("Describes {branch} in words."));
            sandbox.write(&format!("capabilities/{}/{number}.yaml", number % 20), &text);
        }
    };
    write("mainline");
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    let before = generation(&served.health().await);
    write("feature");
    let start = Instant::now();
    while total(&agent, "feature").await != FILES || total(&agent, "mainline").await != 0 {
        assert!(start.elapsed() < 6 * SOON, "{} of {FILES} are found", total(&agent, "feature").await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let snapshots = generation(&served.health().await) - before;
    println!("{FILES} files: all found {:?} after the last, {snapshots} snapshots", start.elapsed());
    assert!(snapshots <= 20, "{snapshots} snapshots for one checkout");
}

fn generation(health: &Value) -> u64 {
    health["generation"].as_u64().unwrap()
}

async fn total(agent: &Agent, query: &str) -> usize {
    let reply = agent.call("gateway_search_tools", serde_json::json!({"query": query})).await;
    usize::try_from(reply["structuredContent"]["total"].as_u64().unwrap()).unwrap()
}

/// What editors leave beside a file is not a definition, and replacing it at once is one change.
#[tokio::test]
async fn what_editors_write_beside_a_file_is_not_served() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &zebra("Counts the stripes of an animal."));
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    for name in [".zebra.yaml.swp", "zebra.yaml~", "#zebra.yaml#", ".#zebra.yaml", "zebra.yaml.tmp", "4913"] {
        sandbox.write(&format!("capabilities/{name}"), &zebra("Counts the stripes of a draft."));
    }
    sandbox.write("capabilities/new", &zebra("Counts the stripes of a flag."));
    let root = sandbox.path().join("capabilities");
    fs::rename(root.join("new"), root.join("zebra.yaml")).unwrap();
    until_described(&agent, "replaced", "Counts the stripes of a flag.").await;
    let health = served.health().await;
    assert_eq!((&health["tools"], &health["problems"]), (&1.into(), &Value::Array(Vec::new())), "{health}");
}

/// A pinned file that is moved is still what was reviewed, wherever its folder stands.
#[tokio::test]
async fn a_moved_file_is_still_itself() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/a/zebra.yaml", &zebra("Counts the stripes of an animal."));
    sandbox.ok(&["pin"]);
    let served = Served::start(&sandbox, &["--locked"]);
    let agent = served.connect().await;
    let root = sandbox.path().join("capabilities");
    fs::create_dir(root.join("b")).unwrap();
    fs::rename(root.join("a/zebra.yaml"), root.join("b/horse.yaml")).unwrap();
    until_found_at(&served, "b/horse.yaml").await;
    assert_eq!(agent.found("stripes", "zebra").await.as_deref(), Some("Counts the stripes of an animal."));
    let check = sandbox.run(&["pin", "--check"]);
    assert_eq!(check.code, 3, "{}", check.stderr);
    assert!(check.stderr.contains("moved"), "{}", check.stderr);
    sandbox.ok(&["pin"]);
    assert!(sandbox.read("capabilities/cap.lock").contains("  b/horse.yaml\n"));

    // Another file with the bytes of a pinned one that is still there is a second tool of that name.
    fs::copy(root.join("b/horse.yaml"), root.join("copy.yaml")).unwrap();
    let check = sandbox.run(&["check"]);
    assert!(check.stderr.contains("CAP0211"), "{}", check.stderr);
}

/// Waits until the gateway speaks of a file.
async fn until_found_at(served: &Served, path: &str) {
    let start = Instant::now();
    loop {
        let health = served.health().await;
        if health["problems"].to_string().contains(path) {
            return;
        }
        assert!(start.elapsed() < SOON, "nothing is said of {path}: {health}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Two files claim one name and no pin decides: neither has it, whatever their order.
#[tokio::test]
async fn of_two_files_with_one_name_neither_order_nor_luck_decides() {
    for (first, second) in [("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")] {
        let sandbox = Sandbox::new();
        sandbox.write(&format!("capabilities/{first}"), &zebra("Counts the stripes of an animal."));
        sandbox.write(&format!("capabilities/{second}"), &zebra("Counts the stripes of a thief."));
        let check = sandbox.run(&["check"]);
        assert_eq!(check.code, 1, "{}", check.stderr);
        for file in [first, second] {
            assert!(check.stderr.contains(&format!("capabilities/{file}:3")), "{}", check.stderr);
        }
        let served = Served::start(&sandbox, &[]);
        let agent = served.connect().await;
        assert_eq!(agent.found("stripes", "zebra").await, None);
        fs::remove_file(sandbox.path().join("capabilities").join(second)).unwrap();
        until_described(&agent, "one is left", "Counts the stripes of an animal.").await;
        // A newcomer does not take the tool away from who has it.
        fs::write(Path::new(sandbox.path()).join("capabilities").join(second), zebra("Counts thieves.")).unwrap();
        let start = Instant::now();
        while served.health().await["problems"].as_array().is_none_or(Vec::is_empty) {
            assert!(start.elapsed() < SOON, "two files with one name are not reported");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        until_described(&agent, "two again", "Counts the stripes of an animal.").await;
    }
}

/// A file that somebody writes without a pause does not keep another change waiting.
#[tokio::test]
async fn a_writer_without_pause_does_not_starve_others() {
    let sandbox = Sandbox::new();
    sandbox.write("capabilities/zebra.yaml", &zebra("Counts the stripes of an animal."));
    let served = Served::start(&sandbox, &[]);
    let agent = served.connect().await;
    let over = Arc::new(AtomicBool::new(false));
    let (path, watched) = (sandbox.path().join("capabilities/noise.yaml"), Arc::clone(&over));
    let noise = std::thread::spawn(move || {
        for number in 0_u64.. {
            fs::write(&path, tool("noise", NOWHERE, "/", &format!("Makes noise, {number} times."))).unwrap();
            std::thread::sleep(Duration::from_millis(5));
            if watched.load(Ordering::SeqCst) {
                return;
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    sandbox.write("capabilities/zebra.yaml", &zebra("Counts the stripes of a flag."));
    until_described(&agent, "edited beside noise", "Counts the stripes of a flag.").await;
    over.store(true, Ordering::SeqCst);
    noise.join().unwrap();
}
