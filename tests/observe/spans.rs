//! Spans of calls reach a collector, in the trace of their caller; one that is not there costs no call.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::support::Sandbox;
use super::{WORD, serve, write_api, zoo};

/// A collector that keeps what it is sent.
async fn collector() -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let kept: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let keep = Arc::clone(&kept);
    let post = move |body: axum::body::Bytes| async move {
        keep.lock().unwrap().push(body.to_vec());
        [("content-type", "application/x-protobuf")]
    };
    let routes = axum::Router::new().route("/v1/traces", axum::routing::post(post));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, kept)
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[cfg(unix)]
// The collector answers while the test waits for the process.
#[tokio::test(flavor = "multi_thread")]
async fn spans_of_calls_reach_a_collector_in_the_trace_of_their_caller() {
    let (address, kept) = collector().await;
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = serve(&sandbox, &["--otlp", &format!("http://{address}")]);
    let agent = served.connect().await;
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    assert!(agent.invoke("zoo__count", json!({"kind": WORD}), Some(json!({"traceparent": parent}))).await);
    assert!(!agent.count(json!({"kind": 7})).await);
    let log = served.end();
    let sent: Vec<u8> = kept.lock().unwrap().concat();
    let (trace, caller) = (0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128, 0xb7ad_6b71_6920_3331_u64);
    for (what, bytes) in [
        ("the service", b"service.name".to_vec()),
        ("the name of the span", b"call".to_vec()),
        ("the tool", b"zoo__count".to_vec()),
        ("the status", b"status".to_vec()),
        ("the kind of error", b"arguments".to_vec()),
        ("the caller's trace", trace.to_be_bytes().to_vec()),
        ("the caller's span", caller.to_be_bytes().to_vec()),
    ] {
        assert!(holds(&sent, &bytes), "{what} is not in {} bytes; {log:?}", sent.len());
    }
    assert!(!holds(&sent, WORD.as_bytes()), "arguments were exported");
}

#[cfg(unix)]
#[tokio::test]
async fn a_collector_that_is_not_there_costs_one_line_and_no_call() {
    let sandbox = Sandbox::new();
    write_api(&sandbox, zoo().await);
    let served = serve(&sandbox, &["--otlp", "http://127.0.0.1:9"]);
    let agent = served.connect().await;
    let warned = |log: &[String]| log.iter().filter(|line| line.contains("cannot be sent to the collector")).count();
    for _ in 0..3 {
        assert!(agent.count(json!({"kind": "a"})).await);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    let log = served.end();
    assert_eq!(warned(&log), 1, "{log:?}");
}
