//! Programs that lie on their standard output and error: each costs only itself, and says why.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::world::{MB, World, liar, liar_program};

/// A gateway with one program that lies in each of these ways, as the program is named.
async fn beside(ways: &[&str], more: Value) -> World {
    let upstreams: Vec<(&str, Value, Value)> = ways.iter().map(|way| (*way, liar(way), more.clone())).collect();
    World::of(&upstreams).await
}

#[tokio::test]
async fn what_is_no_message_is_left_out() {
    let ways = [
        "banner",
        "broken-lines",
        "duplicates",
        "long-stderr",
        "endless-stderr",
        "endless-line",
        "early",
        "forestalls",
    ];
    // A line that does not end is held up to this size, in a buffer that may be twice as large.
    let limits = json!({"timeout": "20s", "connect_timeout": "5s", "max_response": "4MiB"});
    let world = beside(&ways, json!({"limits": limits})).await;
    for way in ["banner", "broken-lines", "duplicates", "long-stderr", "endless-stderr"] {
        world.until_state(way, "connected").await;
        let called = format!("{way}__honest");
        world.until(way, async || world.invoke(&called, json!({})).await["isError"] != true).await;
        for _ in 0..3 {
            assert_eq!(world.answer(&called, json!({})).await, "honestly", "{way}");
        }
    }
    world.until_unavailable("endless-line", "did not answer").await;
    // Answers to what was not asked yet cannot be told from lies; the reason is not that the program was ended for them.
    world.until_unavailable("early", "1000").await;
    world.until_unavailable("forestalls", "").await;
    world.others_answer().await;
    let before = world.held();
    tokio::time::sleep(Duration::from_secs(3)).await;
    world.others_answer().await;
    let after = world.held();
    println!("{before:?} {after:?}");
    assert!(after.grown(&before) < 30 * MB, "{before:?} {after:?}");
    let log = world.served.log();
    assert!(log.iter().all(|line| line.len() < 10_000), "a line of the log is long");
    assert!(log.iter().filter(|line| line.contains("it goes on and on")).count() < 500, "a program fills the log");
}

#[tokio::test]
async fn an_answer_to_nothing_is_no_answer() {
    let ways = ["wrong-ids", "null-ids", "text-ids", "mute-calls", "odd-answer"];
    let world = beside(&ways, json!({"limits": {"timeout": "1s"}})).await;
    for way in ways {
        world.until_ready(way).await;
        let start = Instant::now();
        let called = format!("{way}__honest");
        let (result, ()) = tokio::join!(world.invoke(&called, json!({})), world.others_answer());
        // An id that is the number as a text is a mistake that can be seen through.
        if !["text-ids", "odd-answer"].contains(&way) {
            assert_eq!(result["isError"], true, "{way}: {result}");
            assert!(result.to_string().contains("said nothing for 1 s"), "{way}: {result}");
        }
        println!("{way}: {result}");
        assert!(start.elapsed() < Duration::from_secs(10), "{way}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn one_that_does_not_begin_is_unavailable_and_says_why() {
    let ways = ["mute", "closes", "odd-list", "same-cursor", "endless-cursor", "giant-list"];
    let mut upstreams: Vec<(&str, Value, Value)> =
        ways.iter().map(|way| (*way, liar(way), json!({"limits": {"connect_timeout": "3s"}}))).collect();
    upstreams.push(("missing", json!({"stdio": ["no-such-program-anywhere"]}), json!({})));
    upstreams.push(("elsewhere", json!({"stdio": ["sh"], "directory": "no/such/folder"}), json!({})));
    let start = Instant::now();
    let world = World::of(&upstreams).await;
    // None of them keeps the gateway from starting.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let wanted = [
        ("mute", "did not answer within 3 s"),
        ("closes", "ended with exit status: 1"),
        ("odd-list", "no `tools`"),
        ("same-cursor", "goes round in circles"),
        ("endless-cursor", "more than 1000 pages"),
        ("giant-list", "its answer has"),
        ("missing", "no program `no-such-program-anywhere`"),
        ("elsewhere", "`directory`"),
    ];
    for (name, reason) in wanted {
        world.until_unavailable(name, reason).await;
        world.others_answer().await;
    }
    assert_eq!(world.served.health().await["status"], "degraded");
}

#[tokio::test]
async fn a_giant_message_costs_no_memory() {
    let world = beside(&["giant-answer"], json!({"limits": {"timeout": "3s"}})).await;
    world.until_ready("giant-answer").await;
    let before = world.held();
    for _ in 0..2 {
        let (result, ()) = tokio::join!(world.invoke("giant-answer__honest", json!({})), world.others_answer());
        assert_eq!(result["isError"], true, "{result}");
    }
    let after = world.held();
    assert!(after.grown(&before) < 40 * MB, "{before:?} {after:?}");
}

#[tokio::test]
async fn one_that_needs_twenty_seconds_is_waited_for() {
    let world = beside(&["late"], json!({})).await;
    world.others_answer().await;
    assert_eq!(world.health("late").await["status"], "connecting");
    let call = world.agent.call("gateway_list_servers", json!({})).await;
    assert_ne!(call["isError"], true);
    world.until_state("late", "connected").await;
    world.until("its tools", async || world.invoke("late__honest", json!({})).await["isError"] != true).await;
}

/// Tools as no server should list them, among one that is well; the schema of one is `elsewhere`.
fn odd_tools(elsewhere: &str) -> Value {
    let object = json!({"type": "object"});
    let long = "n".repeat(200);
    let fetched =
        json!({"type": "object", "properties": {"a": {"$ref": elsewhere}}, "$schema": elsewhere, "$id": elsewhere});
    json!([
        {"name": "good", "inputSchema": object},
        {"name": "twice", "description": "Paints a fence.", "inputSchema": object},
        {"name": "twice", "description": "The second.", "inputSchema": object},
        {"name": "with space", "inputSchema": object},
        {"name": "with/slash", "inputSchema": object},
        {"name": "größe", "inputSchema": object},
        {"name": "a__b", "inputSchema": object},
        {"name": "odd__odd", "inputSchema": object},
        {"name": long, "inputSchema": object},
        {"name": format!("{long}2"), "inputSchema": object},
        {"name": "without_schema", "description": "No schema."},
        {"name": "schema_text", "inputSchema": "object"},
        {"name": "fetched", "inputSchema": fetched},
        {"name": "bad_pattern", "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "pattern": "(("}}}},
        {"name": "wrong_type", "inputSchema": {"type": 5}},
        {"name": ""},
        {"name": "", "inputSchema": object},
        {"name": "../../etc/passwd", "inputSchema": object},
        {"inputSchema": object},
        null,
        7,
    ])
}

#[tokio::test]
async fn odd_tools_cost_only_themselves() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let elsewhere = format!("http://{}/schema.json", listener.local_addr().unwrap());
    let tools = odd_tools(&elsewhere);
    let transport = json!({"stdio": [liar_program().display().to_string(), "odd", tools.to_string()]});
    let world = World::of(&[("odd", transport, json!({}))]).await;
    world.until_ready("odd").await;
    let listed = world.agent.call("gateway_list_tools", json!({"server": "odd"})).await;
    let names: Vec<&str> = listed["structuredContent"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["tool"].as_str().unwrap())
        .collect();
    println!("{names:?}");
    for wanted in [
        "odd__good",
        "odd__twice",
        "odd__with_space",
        "odd__with_slash",
        "odd__gr__e",
        "odd__a__b",
        "odd__odd__odd",
        "odd__fetched",
    ] {
        assert!(names.contains(&wanted), "{wanted} is not in {names:?}");
    }
    assert!(!names.contains(&"odd__without_schema") && !names.contains(&"odd__schema_text"), "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)))
    );
    assert_eq!(
        names.iter().filter(|name| name.starts_with("odd__nnn")).count(),
        2,
        "long names are told apart: {names:?}"
    );
    for name in names {
        assert_eq!(world.answer(name, json!({"a": 1})).await, "honestly", "{name}");
        let described = world.agent.call("gateway_describe_tools", json!({"tools": [name]})).await;
        assert_ne!(described["isError"], true, "{described}");
    }
    assert!(world.agent.found("paints a fence", "odd__twice").await.is_some_and(|text| text == "Paints a fence."));
    assert!(listener.accept().is_err(), "something connected to the address of a schema");
}

#[tokio::test]
async fn tools_that_change_all_the_time_keep_nobody_else_waiting() {
    let world = beside(&["fickle"], json!({})).await;
    world.until_ready("fickle").await;
    let (before, start) = (world.held(), Instant::now());
    let generation = async || world.served.health().await["generation"].as_u64().unwrap();
    let first = generation().await;
    while start.elapsed() < Duration::from_secs(8) {
        world.others_answer().await;
        assert_eq!(world.answer("fickle__tool_1", json!({})).await, "honestly");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (after, built) = (world.held(), generation().await - first);
    println!("{built} snapshots; {before:?} {after:?}");
    assert!((1..80).contains(&built), "{built} snapshots were built");
    assert!(after.grown(&before) < 40 * MB, "{before:?} {after:?}");
}

#[tokio::test]
async fn one_that_does_not_listen_fills_no_memory() {
    let world = beside(&["deaf", "curious"], json!({"limits": {"timeout": "2s"}})).await;
    let large = "x".repeat(1 << 20);
    for way in ["deaf", "curious"] {
        world.until_ready(way).await;
        let (before, called) = (world.held(), format!("{way}__honest"));
        for _ in 0..3 {
            let start = Instant::now();
            let (failed, ()) = tokio::join!(world.failure(&called, json!({"a": large})), world.others_answer());
            assert!(start.elapsed() < Duration::from_secs(12), "{way}: {:?}", start.elapsed());
            println!("{way}: {failed} {:?}", world.held());
        }
        let after = world.held();
        assert!(after.grown(&before) < 60 * MB, "{way}: {before:?} {after:?}");
    }
}
