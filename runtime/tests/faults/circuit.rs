//! A server that fails is left alone for a while, and nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::gateway::{Running, compiled, snapshot, tool};
use super::server::{Wild, answer};

/// A server that fails while it is told to.
async fn moody(down: &Arc<AtomicBool>) -> Wild {
    let down = Arc::clone(down);
    Wild::answering(
        move |_, _| if down.load(Ordering::SeqCst) { answer(500, "", "no") } else { answer(200, "", "here") },
    )
    .await
}

const FEW: &str = "limits: {retries: 0, circuit_breaker: {failures: 3, pause: 400ms}}";

#[tokio::test]
async fn it_opens_and_closes() {
    let down = Arc::new(AtomicBool::new(true));
    let (server, well) = (moody(&down).await, moody(&Arc::default()).await);
    let running = Running::of(&[tool("t", &server.url(), "/x", FEW), tool("other", &well.url(), "/x", FEW)]).await;
    for _ in 0..3 {
        assert!(running.refusal("t", json!({})).await.contains("the server answered 500"));
    }
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("is not called at present") && error.contains("try again in"), "{error}");
    assert_eq!(server.count(), 3, "an open circuit sends nothing");
    assert_eq!(running.invoke("other", json!({})).await.unwrap(), "here", "others do not suffer");

    // Definitions that are loaded again change nothing.
    let again = compiled(&[tool("t", &server.url(), "/x", FEW), tool("other", &well.url(), "/x", FEW)]);
    running.registry.swap(snapshot(2, again));
    assert!(running.refusal("t", json!({})).await.contains("is not called at present"));

    // One probe shows that it is not well, and the pause grows.
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert!(running.refusal("t", json!({})).await.contains("the server answered 500"));
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert!(running.refusal("t", json!({})).await.contains("is not called at present"));
    assert_eq!(server.count(), 4);

    down.store(false, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(450)).await;
    for _ in 0..3 {
        assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here");
    }
}

#[tokio::test]
async fn refusals_of_a_server_are_no_failures() {
    let server = Wild::answering(|_, count| answer([400, 401, 403, 404, 429, 501][count % 6], "", "no")).await;
    let running = Running::of(&[tool("t", &server.url(), "/x", FEW)]).await;
    for _ in 0..12 {
        assert!(running.refusal("t", json!({})).await.contains("the server answered"));
    }
    assert_eq!(server.count(), 12);
}

#[tokio::test]
async fn what_the_server_said_is_told_when_its_circuit_opens_between_tries() {
    let server = Wild::answering(|_, _| answer(503, "", "gone fishing")).await;
    let more = "limits: {retries: 5, circuit_breaker: {failures: 2, pause: 60s}}";
    let running = Running::of(&[tool("t", &server.url(), "/x", more)]).await;
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("gone fishing"), "{error}");
    assert_eq!(server.count(), 2);
    assert!(running.refusal("t", json!({})).await.contains("nothing was sent"));
}

#[tokio::test]
async fn off_is_off() {
    let server = moody(&Arc::new(AtomicBool::new(true))).await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "limits: {retries: 0, circuit_breaker: off}")]).await;
    for _ in 0..30 {
        assert!(running.refusal("t", json!({})).await.contains("the server answered 500"));
    }
}

#[tokio::test]
async fn silence_and_closed_doors_open_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mute = Wild::start(|mut stream, wild| async move { while wild.head(&mut stream).await.is_some() {} }).await;
    let short = "limits: {retries: 0, timeout: 150ms, circuit_breaker: {failures: 2, pause: 60s}}";
    let running = Running::of(&[tool("closed", &closed, "/x", short), tool("mute", &mute.url(), "/x", short)]).await;
    for name in ["closed", "mute"] {
        for _ in 0..2 {
            assert!(!running.refusal(name, json!({})).await.contains("at present"));
        }
        let start = Instant::now();
        assert!(running.refusal(name, json!({})).await.contains("at present"));
        assert!(start.elapsed() < Duration::from_millis(150), "who waits for nothing waits too long");
    }
}
