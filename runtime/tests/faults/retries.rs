//! What is tried again, when, with which key, and how often in all.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::gateway::{Running, tool, written};
use super::server::{Wild, answer, header};

/// Fails `times` times with `status`, then answers.
async fn flaky(times: usize, status: u16, headers: &'static str) -> Wild {
    Wild::answering(
        move |_, count| if count <= times { answer(status, headers, "no") } else { answer(200, "", "here") },
    )
    .await
}

const POST: &str = "{method: POST, path: /x, idempotency_key: Idempotency-Key}";

#[tokio::test]
async fn a_key_lets_a_post_be_tried_again() {
    let server = flaky(2, 503, "").await;
    let running = Running::of(&[written("t", &server.url(), "private", POST, "")]).await;
    assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here");
    assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here");
    let keys: Vec<String> = server.heads().iter().map(|head| header(head, "idempotency-key").unwrap()).collect();
    assert_eq!(keys.len(), 4);
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), 2, "one key a call: {keys:?}");
    assert_eq!((&keys[0], &keys[1]), (&keys[1], &keys[2]));
    assert!(keys.iter().all(|key| key.len() == 36), "{keys:?}");
}

#[tokio::test]
async fn the_key_of_an_argument_wins() {
    let server = flaky(1, 503, "").await;
    let request =
        "{method: POST, path: /x, headers: {idempotency-key: \"{{ v }}\"}, idempotency_key: {header: Idempotency-Key}}";
    let running = Running::of(&[written("t", &server.url(), "private", request, "")]).await;
    running.invoke("t", json!({"v": "mine"})).await.unwrap();
    running.invoke("t", json!({})).await.unwrap();
    let keys: Vec<String> = server.heads().iter().map(|head| header(head, "idempotency-key").unwrap()).collect();
    assert_eq!(&keys[..2], ["mine", "mine"]);
    assert_eq!(keys[2].len(), 36);
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_twice() {
    let server = flaky(1, 503, "").await;
    let broken = Wild::answering(|_, _| Vec::new()).await;
    let plain = "{method: POST, path: /x}";
    let put = "{method: PUT, path: /x}";
    let tools = [
        written("post", &server.url(), "private", plain, ""),
        written("broken", &broken.url(), "private", plain, ""),
        written("put_not", &broken.url(), "private", put, "annotations: {idempotent: false}"),
        written("search", &broken.url(), "private", plain, "annotations: {read_only: true}"),
    ];
    let running = Running::of(&tools).await;
    assert!(running.refusal("post", json!({})).await.contains("503"));
    assert_eq!(server.count(), 1);
    running.refusal("broken", json!({})).await;
    running.refusal("put_not", json!({})).await;
    assert_eq!(broken.count(), 2);
    running.refusal("search", json!({})).await;
    assert_eq!(broken.count(), 5, "one that its author calls idempotent is tried three times");
}

#[tokio::test]
async fn what_never_left_is_always_sent_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let request = "{method: POST, path: /x}";
    let text = written("t", &format!("http://{address}"), "private", request, "limits: {retries: 5}");
    let running = Running::of(&[text]).await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut request).await;
        tokio::io::AsyncWriteExt::write_all(&mut stream, &answer(200, "", "late")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let (result, ()) = tokio::join!(running.invoke("t", json!({})), later);
    assert_eq!(result.unwrap(), "late");
}

#[tokio::test]
async fn a_server_says_when() {
    for status in [429, 503, 413] {
        let server = flaky(1, status, "Retry-After: 1\r\n").await;
        let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
        let start = Instant::now();
        assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here", "{status}");
        assert!(start.elapsed() >= Duration::from_secs(1), "{status}: {:?}", start.elapsed());
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(3));
    let server = Wild::answering(move |_, count| match count {
        1 => answer(503, &format!("Retry-After: {date}\r\n"), "no"),
        _ => answer(200, "", "here"),
    })
    .await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
    let start = Instant::now();
    running.invoke("t", json!({})).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_server_that_wants_too_long_is_not_waited_for() {
    let server = flaky(9, 429, "Retry-After: 3600\r\n").await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "limits: {timeout: 5s}")]).await;
    let start = Instant::now();
    let error = running.refusal("t", json!({})).await;
    assert!(error.contains("it asks to wait 3600 s"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(server.count(), 1);
    // Longer than any clock runs.
    let server = flaky(9, 503, "Retry-After: 18446744073709551615\r\n").await;
    let running = Running::of(&[tool("t", &server.url(), "/x", "")]).await;
    assert!(running.refusal("t", json!({})).await.contains("it asks to wait"));
    // Nonsense is no time.
    for odd in ["Retry-After: soon\r\n", "Retry-After: -1\r\n", "Retry-After: 99999999999999999999999\r\n"] {
        let server = flaky(1, 503, odd).await;
        let running = Running::of(&[tool("t", &server.url(), "/x", "limits: {timeout: 5s}")]).await;
        assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here", "{odd}");
    }
}

#[tokio::test]
async fn tries_do_not_multiply_an_outage() {
    let server = Wild::answering(|_, _| answer(503, "Retry-After: 0\r\n", "no")).await;
    let more = "limits: {retries: 5, circuit_breaker: off}";
    let running = Running::of(&[tool("t", &server.url(), "/x", more)]).await;
    for _ in 0..100 {
        running.refusal("t", json!({})).await;
    }
    let further = server.count() - 100;
    // A fifth of the calls, and ten that were saved up.
    assert!((20..=31).contains(&further), "{further}");
}
