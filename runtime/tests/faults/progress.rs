//! Clients that ask how it goes, and clients that go away.

use std::time::Duration;

use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest};
use rmcp::service::PeerRequestOptions;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::gateway::{Client, Era, Running, invoke, read, tool, until};
use super::server::{Wild, answer};

fn asked(tool: &str) -> CallToolRequestParams {
    let all = json!({"tool": tool, "arguments": {}}).as_object().cloned().unwrap();
    CallToolRequestParams::new("gateway_invoke").with_arguments(all)
}

fn heard(client: &Client) -> Vec<String> {
    client.service().heard.lock().unwrap().clone()
}

#[tokio::test]
async fn clients_of_both_eras_hear_of_tries_and_turns() {
    for era in [Era::Legacy, Era::Modern] {
        let server = Wild::answering(|_, count| match count {
            1 | 2 => answer(503, "", "no"),
            _ => answer(200, "", "here"),
        })
        .await;
        let text = tool("t", &server.url(), "/x", "limits: {rate: 3/s}");
        let running = Running::of(&[text]).await;
        let client = running.another(era).await;
        assert_eq!(read(&invoke(&client, "t", json!({})).await).unwrap(), "here");
        until("progress", || heard(&client).len() >= 4).await;
        let heard_first = heard(&client);
        assert!(heard_first[0].contains("try 1 failed (the server answered 503)"), "{era:?}: {heard_first:?}");
        assert!(heard_first.iter().any(|step| step == "sending, try 3"), "{era:?}: {heard_first:?}");
        // More in a second than there may be: some wait for their turn.
        for _ in 0..5 {
            invoke(&client, "t", json!({})).await;
        }
        until("a turn", || heard(&client).iter().any(|step| step.contains("for a turn at `t`"))).await;
    }
}

#[tokio::test]
async fn a_quiet_call_tells_nothing() {
    let server = Wild::answering(|_, _| answer(200, "", "here")).await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
    running.invoke("t", json!({})).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(heard(&running.client), Vec::<String>::new());
}

/// A server that never answers on `/never`.
async fn stalling() -> Wild {
    Wild::start(|mut stream, wild| async move {
        while let Some(head) = wild.head(&mut stream).await {
            if !head.contains("/never") && stream.write_all(&answer(200, "", "here")).await.is_err() {
                return;
            }
        }
    })
    .await
}

const ONE: &str = "limits: {concurrency: 1, timeout: 20s, retries: 0}";

#[tokio::test]
async fn a_cancelled_call_frees_its_place_and_its_connection() {
    for era in [Era::Legacy, Era::Modern] {
        let server = stalling().await;
        let running = Running::of(&[tool("t", &server.url(), "/never", ONE)]).await;
        let client = running.another(era).await;
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(asked("t")));
        let handle = client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
        until("the call", || server.count() == 1).await;
        handle.cancel(Some("no longer wanted".to_owned())).await.unwrap();
        until("the end of the connection", || server.closed() == 1).await;
        // The place is free: the next call is sent at once.
        let next = client.send_cancellable_request(
            ClientRequest::CallToolRequest(CallToolRequest::new(asked("t"))),
            PeerRequestOptions::no_options(),
        );
        let _handle = next.await.unwrap();
        until("the next call", || server.count() == 2).await;
        running.stop();
    }
}

#[tokio::test]
async fn a_client_that_gives_up_in_time_stops_the_call() {
    let server = stalling().await;
    let running = Running::of(&[tool("t", &server.url(), "/never", ONE)]).await;
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(asked("t")));
    let options = PeerRequestOptions::with_timeout(Duration::from_millis(300));
    let handle = running.client.send_cancellable_request(request, options).await.unwrap();
    assert!(handle.await_response().await.is_err());
    until("the end of the connection", || server.closed() == 1).await;
}

#[tokio::test]
async fn a_closed_connection_stops_the_call() {
    let server = stalling().await;
    let running = Running::of(&[tool("t", &server.url(), "/never", ONE)]).await;
    let client = running.another(Era::Modern).await;
    let peer = client.peer().clone();
    let task = tokio::spawn(async move { peer.call_tool(asked("t")).await });
    until("the call", || server.count() == 1).await;
    task.abort();
    drop(client);
    until("the end of the connection", || server.closed() == 1).await;
}
