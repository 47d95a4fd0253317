//! Names that change what they lead to.

use serde_json::json;

use super::gateway::{Names, Running, compiled, written};
use super::server::{Wild, answer};

/// A global unicast address where nobody is.
const NOWHERE: &str = "2000::1";

fn named(name: &str, port: u16, network: &str, more: &str) -> String {
    written(name, &format!("http://name.example:{port}"), network, "{method: GET, path: /x}", more)
}

#[tokio::test]
async fn a_name_that_turns_private_is_refused_when_it_does() {
    let trap = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let names = Names::of(&[&[NOWHERE], &["127.0.0.1"]]);
    let more = "limits: {connect_timeout: 300ms, retries: 3, timeout: 10s}";
    let tools = compiled(&[named("t", trap.address.port(), "public", more)]);
    let running = Running::with(tools, names.settings()).await;
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("127.0.0.1") && error.contains("was not called"), "{error}");
    assert_eq!(names.asked.lock().unwrap().len(), 2, "each try looks the name up");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn of_several_addresses_only_public_ones_are_tried() {
    let trap = Wild::answering(|_, _| answer(200, "", "trapped")).await;
    let names = Names::of(&[&["127.0.0.1", NOWHERE, "::1", "10.0.0.1"]]);
    let more = "limits: {connect_timeout: 300ms, retries: 0}";
    let tools = compiled(&[named("t", trap.address.port(), "public", more)]);
    let running = Running::with(tools, names.settings()).await;
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("could not be called"), "{error}");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_connection_is_not_used_by_those_who_may_not_make_it() {
    let server = Wild::answering(|_, _| answer(200, "", "here")).await;
    let port = server.address.port();
    let names = Names::of(&[&["127.0.0.1"]]);
    let tools = compiled(&[named("inside", port, "private", ""), named("outside", port, "public", "")]);
    let running = Running::with(tools, names.settings()).await;
    assert_eq!(running.invoke("inside", json!({})).await.unwrap(), "here");
    assert_eq!(running.invoke("inside", json!({})).await.unwrap(), "here");
    // One for each thread that served a call.
    let connections = server.connections();
    assert!(running.refusal("outside", json!({})).await.contains("was not called"));
    // The file is edited: what was allowed is not any more, whatever connections are open.
    let edited = compiled(&[named("inside", port, "public", "")]);
    running.registry.swap(super::gateway::snapshot(2, edited));
    assert!(running.refusal("inside", json!({})).await.contains("was not called"));
    assert_eq!((server.connections(), server.count()), (connections, 2));
}

#[tokio::test]
async fn metadata_services_hide_behind_no_name() {
    let names = Names::of(&[&["169.254.169.254"], &["fd00:ec2::254"]]);
    let tools = compiled(&[named("a", 80, "private", "limits: {retries: 0}"), named("b", 81, "private", "")]);
    let running = Running::with(tools, names.settings()).await;
    for tool in ["a", "b"] {
        assert!(running.refusal(tool, json!({})).await.contains("metadata"));
    }
}
