//! Bounds in time, each apart: the whole call, the connection, silence, the queue, the end of the gateway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::gateway::{Running, read, tool, until};
use super::server::{Wild, answer};

/// Answers at once, and with the rest of its body byte by byte after pauses.
async fn trickling(pause: Duration) -> Wild {
    Wild::start(move |mut stream, wild| async move {
        while wild.head(&mut stream).await.is_some() {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n";
            if stream.write_all(head).await.is_err() {
                return;
            }
            for _ in 0..100 {
                tokio::time::sleep(pause).await;
                if stream.write_all(b"a").await.is_err() {
                    return;
                }
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_trickle_ends_with_the_call() {
    let server = trickling(Duration::from_secs(1)).await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "limits: {timeout: 2s, retries: 0}")]).await;
    let start = Instant::now();
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("did not answer within 2 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10));
    until("the end of the connection", || server.closed() == 1).await;
}

#[tokio::test]
async fn silence_ends_before_the_call() {
    let silent = trickling(Duration::from_secs(60)).await;
    let lively = trickling(Duration::from_millis(5)).await;
    let mute = Wild::start(|mut stream, wild| async move {
        wild.head(&mut stream).await;
        wild.head(&mut stream).await;
    })
    .await;
    let more = "limits: {timeout: 50s, read_timeout: 400ms, retries: 0}";
    let tools = [
        tool("silent", &silent.url(), "/x", more),
        tool("lively", &lively.url(), "/x", more),
        tool("mute", &mute.url(), "/x", more),
    ];
    let running = Running::of(&tools).await;
    for name in ["silent", "mute"] {
        let start = Instant::now();
        let error = running.refusal(name, json!({})).await;
        assert!(error.contains("did not answer within 400 ms"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(running.invoke("lively", json!({})).await.unwrap(), "a".repeat(100));
}

#[tokio::test]
async fn a_connection_that_does_not_stand_is_given_up() {
    // It accepts and says nothing, so that TLS never stands.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let more = "limits: {timeout: 50s, connect_timeout: 300ms, retries: 1}";
    let running = Running::of(&[tool("t", &server, "/x", more)]).await;
    let start = Instant::now();
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("no connection in time"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test]
async fn who_waits_in_vain_hears_for_how_long() {
    let server = Wild::start(|mut stream, wild| async move {
        while wild.head(&mut stream).await.is_some() {
            tokio::time::sleep(Duration::from_millis(1_500)).await;
            let _ = stream.write_all(&answer(200, "", "here")).await;
        }
    })
    .await;
    let api = format!("version: 1\nkind: api\nname: one\nserver: {}\nnetwork: private\n", server.url());
    let of = |name: &str, limits: &str| {
        format!(
            "version: 1\nkind: capability\nname: {name}\napi: one\ndescription: A test.\ninput: {{type: object}}\n\
             request: {{method: GET, path: /x}}\nlimits: {{{limits}}}\n"
        )
    };
    let patient = of("patient", "concurrency: 1, timeout: 20s");
    let hasty = of("hasty", "concurrency: 1, timeout: 300ms");
    let running = Running::of(&[api, patient, hasty]).await;
    // Shows how long a call takes.
    running.invoke("one__patient", json!({})).await.unwrap();
    let late = async {
        until("the first call", || server.count() == 2).await;
        running.refusal("one__hasty", json!({})).await
    };
    let (first, error) = tokio::join!(running.invoke("one__patient", json!({})), late);
    assert_eq!(first.unwrap(), "here");
    assert!(error.contains("1 calls at one time"), "{error}");
    assert!(error.contains("try again in ") && !error.contains("a while"), "{error}");
    assert_eq!(server.count(), 2);
}

#[tokio::test]
async fn first_come_first_served() {
    let open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&open);
    let server = Wild::start(move |mut stream, wild| {
        let gate = Arc::clone(&gate);
        async move {
            while wild.head(&mut stream).await.is_some() {
                until("the gate", || gate.load(Ordering::SeqCst)).await;
                let _ = stream.write_all(&answer(200, "", "here")).await;
            }
        }
    })
    .await;
    let request = "{method: GET, path: \"/{{ v }}\"}";
    let text = super::gateway::written("t", &server.url(), "private", request, "limits: {concurrency: 1}");
    let running = Running::of(&[text]).await;
    let heard = Arc::clone(&running.client.service().heard);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..5 {
        let client = running.client.peer().clone();
        calls.spawn(async move {
            let all = json!({"tool": "t", "arguments": {"v": number.to_string()}}).as_object().cloned().unwrap();
            let asked = rmcp::model::CallToolRequestParams::new("gateway_invoke").with_arguments(all);
            client.call_tool(asked).await.unwrap()
        });
        // The next one comes when this one is sent or waits.
        let waiting = || heard.lock().unwrap().iter().filter(|step| step.contains("for a turn")).count();
        until("its turn", || server.count() + waiting() == number + 1).await;
    }
    open.store(true, Ordering::SeqCst);
    calls.join_all().await;
    let order: Vec<String> = server.heads().iter().map(|head| head.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(order, ["/0", "/1", "/2", "/3", "/4"]);
}

#[tokio::test]
async fn calls_under_way_finish_before_the_end() {
    let server = Wild::start(|mut stream, wild| async move {
        while wild.head(&mut stream).await.is_some() {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let _ = stream.write_all(&answer(200, "", "here")).await;
        }
    })
    .await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
    let gateway = running.gateway.clone();
    let ending = async {
        until("the call", || server.count() == 1).await;
        let left = gateway.drain(Duration::from_secs(10)).await;
        running.stop();
        left
    };
    let late = async {
        until("the call", || server.count() == 1).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.refusal("t", json!({})).await
    };
    let (first, left, late) = tokio::join!(running.invoke("t", json!({})), ending, late);
    assert_eq!((first.as_deref(), left), (Ok("here"), 0));
    assert!(late.contains("the gateway is stopping"), "{late}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_call_that_does_not_end_does_not_hold_the_end_up() {
    // It says nothing, and sees when nobody listens any more.
    let server = Wild::start(|mut stream, wild| async move { while wild.head(&mut stream).await.is_some() {} }).await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
    let client = running.client.peer().clone();
    let calling = tokio::spawn(async move {
        let all = json!({"tool": "t", "arguments": {}}).as_object().cloned().unwrap();
        let asked = rmcp::model::CallToolRequestParams::new("gateway_invoke").with_arguments(all);
        read(&client.call_tool(asked).await.unwrap())
    });
    until("the call", || server.count() == 1).await;
    assert_eq!(running.gateway.drain(Duration::from_millis(200)).await, 1);
    let error = calling.await.unwrap().unwrap_err();
    assert!(error.contains("the gateway stopped"), "{error}");
    running.stop();
    until("the end of the connection", || server.closed() == 1).await;
}
