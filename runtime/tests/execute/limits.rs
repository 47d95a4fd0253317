//! Bounds: time, size, tries, rate and concurrency.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cap_compiler::capability::{HttpCall, Limits, Rate};
use cap_runtime::execute::{Content, ErrorKind, Prepared};
use serde_json::json;

use super::support::{Server, anything, call, capability, executor, object};

fn limited(call: HttpCall, limits: Limits) -> Prepared {
    let mut capability = capability(call, &anything());
    capability.limits = limits;
    Prepared::new(Arc::new(capability))
}

#[tokio::test]
async fn endless_answers_end() {
    let server = Server::start().await;
    let limits = Limits { max_response: Some(100_000), ..Limits::default() };
    let outcome = executor().call(&limited(call(&server.url(), "/endless"), limits), &object(json!({}))).await.unwrap();
    assert!(matches!(&outcome.content[0], Content::Text(text) if text.len() == 100_000));
    assert!(outcome.notes[0].contains("100000 bytes"), "{:?}", outcome.notes);
    let outcome = executor().call(&limited(call(&server.url(), "/bomb"), limits), &object(json!({}))).await.unwrap();
    assert!(matches!(&outcome.content[0], Content::Text(text) if text.len() == 100_000));
    let error = executor().call(&limited(call(&server.url(), "/endless.bin"), limits), &object(json!({}))).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Answer);
}

#[tokio::test]
async fn time_is_bounded() {
    let server = Server::start().await;
    let limits = Limits { timeout: Some(Duration::from_millis(200)), ..Limits::default() };
    let start = Instant::now();
    let error = executor().call(&limited(call(&server.url(), "/slow"), limits), &object(json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn only_what_may_be_repeated_is_tried_again() {
    let server = Server::start().await;
    let limits = Limits { retries: Some(2), ..Limits::default() };
    executor().call(&limited(call(&server.url(), "/flaky"), limits), &object(json!({}))).await.unwrap();
    assert_eq!(server.seen().len(), 3);

    let server = Server::start().await;
    let mut post = call(&server.url(), "/flaky");
    post.method = "POST".to_owned();
    let mut changing = capability(post, &anything());
    (changing.limits, changing.annotations.idempotent) = (limits, false);
    let tool = Prepared::new(Arc::new(changing));
    let error = executor().call(&tool, &object(json!({}))).await.unwrap_err();
    assert_eq!((error.kind(), server.seen().len()), (ErrorKind::Status, 1));
}

#[tokio::test]
async fn calls_at_one_time_are_counted() {
    let server = Server::start().await;
    let limits = Limits { concurrency: Some(1), timeout: Some(Duration::from_secs(5)), ..Limits::default() };
    let tool = limited(call(&server.url(), "/nap"), limits);
    let (executor, none) = (executor(), object(json!({})));
    let start = Instant::now();
    let (first, second) = tokio::join!(executor.call(&tool, &none), executor.call(&tool, &none));
    assert!(first.is_ok() && second.is_ok());
    assert!(start.elapsed() >= Duration::from_millis(600));
}

#[tokio::test]
async fn calls_in_a_time_are_counted() {
    let server = Server::start().await;
    let rate = Rate { calls: 2, per: Duration::from_millis(400) };
    let limits = Limits { rate: Some(rate), timeout: Some(Duration::from_millis(300)), ..Limits::default() };
    let tool = limited(call(&server.url(), "/x"), limits);
    let (executor, none) = (executor(), object(json!({})));
    let start = Instant::now();
    for _ in 0..3 {
        executor.call(&tool, &none).await.unwrap();
    }
    assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    let slow = Rate { calls: 1, per: Duration::from_secs(3600) };
    let tool = limited(call(&server.url(), "/x"), Limits { rate: Some(slow), ..limits });
    executor.call(&tool, &none).await.unwrap();
    let error = executor.call(&tool, &none).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("try again in 3600 s"), "{error}");
}

#[tokio::test]
async fn a_dropped_call_ends_and_gives_its_place_back() {
    let server = Server::start().await;
    let limits = Limits { concurrency: Some(1), ..Limits::default() };
    let slow = limited(call(&server.url(), "/slow"), limits);
    let quick = limited(call(&server.url(), "/x"), limits);
    let executor = executor();
    let shared = executor.clone();
    let task = tokio::spawn(async move { shared.call(&slow, &object(json!({}))).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    task.abort();
    let start = Instant::now();
    executor.call(&quick, &object(json!({}))).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
}
