//! Upstreams that die, hang, start again and again, and flood: calls end in time with an error that says why, others
//! go on, the way back is found without help, and nothing is left behind.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::peer::Peer;
use crate::process::descendants;
use crate::world::{MB, World, liar, stdio, text, until};

#[tokio::test]
async fn a_program_that_dies_in_a_call_is_started_again() {
    let world = World::of(&[("mortal", stdio(&[]), json!({}))]).await;
    world.until_ready("mortal").await;
    let before = world.held();
    let first = world.answer("mortal__whoami", json!({})).await;
    for _ in 0..3 {
        world.until_ready("mortal").await;
        let start = Instant::now();
        let failed = world.failure("mortal__die", json!({})).await;
        assert!(failed.contains("`mortal` gave no answer"), "{failed}");
        assert!(failed.contains("may have taken effect"), "{failed}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        world.others_answer().await;
    }
    // What was called before works again, by itself, in another process.
    world
        .until("the call works again", async || world.invoke("mortal__whoami", json!({})).await["isError"] != true)
        .await;
    assert_ne!(world.answer("mortal__whoami", json!({})).await, first);
    world
        .until("nothing is left behind", async || {
            let now = world.held();
            now.children == before.children && now.files <= before.files + 4
        })
        .await;
    let after = world.held();
    assert!(after.grown(&before) < 30 * MB, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_server_that_goes_in_a_call_is_found_again() {
    let mut peer = Peer::start(&[]);
    let port = peer.url.trim_end_matches("/mcp").rsplit(':').next().unwrap().to_owned();
    for revision in ["legacy", "modern"] {
        drop(peer);
        peer = Peer::start(&["--revision", revision, "--port", &port]);
        let world = World::of(&[("remote", json!({"http": peer.url}), json!({}))]).await;
        world.until_ready("remote").await;
        let sleeping = async { world.invoke("remote__sleep", json!({"ms": 60_000})).await };
        let ending = async {
            world
                .until("the call sleeps", async || {
                    world.invoke("remote__cancelled_count", json!({})).await["structuredContent"]["sleeping"] == 1
                })
                .await;
            peer.child.kill().unwrap();
            peer.child.wait().unwrap();
            let killed = Instant::now();
            world.others_answer().await;
            killed
        };
        let (result, killed) = tokio::join!(sleeping, ending);
        assert_eq!(result["isError"], true, "{result}");
        assert!(text(&result).contains("`remote`"), "{result}");
        assert!(killed.elapsed() < Duration::from_secs(15), "{revision}: {:?}", killed.elapsed());
        let failed = world.failure("remote__whoami", json!({})).await;
        assert!(failed.contains("`remote`"), "{failed}");
        peer = Peer::start(&["--revision", revision, "--port", &port]);
        world
            .until("the call works again", async || world.invoke("remote__whoami", json!({})).await["isError"] != true)
            .await;
    }
}

#[tokio::test]
async fn a_call_that_hangs_ends_in_time_and_is_cancelled() {
    let peer = Peer::start(&[]);
    let limits = json!({"limits": {"timeout": "1s"}});
    let world =
        World::of(&[("piped", stdio(&[]), limits.clone()), ("remote", json!({"http": peer.url}), limits)]).await;
    for name in ["piped", "remote"] {
        world.until_ready(name).await;
        let start = Instant::now();
        let call = format!("{name}__sleep");
        let (failed, ()) = tokio::join!(world.failure(&call, json!({"ms": 60_000})), world.others_answer());
        assert!(failed.contains(&format!("`{name}` said nothing for 1 s")), "{failed}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        let counted = format!("{name}__cancelled_count");
        let wanted = json!({"cancelled": 1, "sleeping": 0});
        world
            .until("the cancellation", async || world.invoke(&counted, json!({})).await["structuredContent"] == wanted)
            .await;
        assert_eq!(world.answer(&call, json!({"ms": 1})).await, "slept 1 ms");
    }
}

#[tokio::test]
async fn a_program_that_ends_again_and_again_is_given_pauses() {
    let world = World::of(&[("restless", stdio(&["--die-after", "200"]), json!({}))]).await;
    let before = world.held();
    let mut seen = std::collections::BTreeSet::new();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(6) {
        seen.extend(descendants(world.served.child.id()));
        assert!(world.held().children <= 2, "programs pile up");
        world.others_answer().await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // Without pauses there were thirty.
    assert!(seen.len() < 16, "started {} times", seen.len());
    world
        .until("the reason", async || {
            let health = world.health("restless").await;
            health["status"] == "unavailable"
                && health["reason"].as_str().unwrap_or_default().contains("exit status: 70")
        })
        .await;
    // While it stands for a moment, it may answer as well.
    world
        .until("a call that fails", async || {
            let answer = world.invoke("restless__whoami", json!({})).await;
            answer["isError"] == true && answer["content"][0]["text"].as_str().unwrap().contains("restless")
        })
        .await;
    let after = world.held();
    assert!(after.files <= before.files + 8 && after.grown(&before) < 30 * MB, "{before:?} {after:?}");
}

/// How many notifications a flood has.
fn notes() -> u64 {
    std::env::var("CAP_NOTES").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_notifications_costs_nobody_else_anything() {
    let mut silent = liar("flood");
    silent["env"] = json!({"HUNDREDS": (notes() / 100).to_string()});
    let peer = Peer::start(&[]);
    let remote = json!({"http": peer.url});
    let patient = json!({"limits": {"timeout": "5m"}});
    let floods = [("spring", silent, json!({})), ("piped", stdio(&[]), patient.clone()), ("remote", remote, patient)];
    let world = World::of(&floods).await;
    for name in ["spring", "piped", "remote"] {
        world.until_ready(name).await;
    }
    let before = world.held();
    let start = Instant::now();
    for name in ["piped", "remote"] {
        let call = world
            .agent
            .call("gateway_invoke", json!({"tool": format!("{name}__flood"), "arguments": {"count": notes()}}));
        let mut call = std::pin::pin!(tokio::time::timeout(Duration::from_secs(600), call));
        let result = loop {
            tokio::select! {
                result = &mut call => break result.unwrap(),
                () = world.others_answer() => {}
            }
        };
        assert_eq!(text(&result), format!("{} sent", notes()), "{result}");
        println!("{} notes of `{name}`: {:?}", notes(), start.elapsed());
    }
    assert_eq!(world.answer("spring__honest", json!({})).await, "honestly");
    let after = world.held();
    println!("before {before:?}, after {after:?}, {:?}", start.elapsed());
    assert!(after.grown(&before) < 30 * MB, "{before:?} {after:?}");
    assert_eq!(after.children, before.children);
    until("files are closed", async || world.held().files <= before.files + 16).await;
}
