//! Every kind of answer.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use cap_runtime::execute::Content;
use futures::StreamExt;
use serde_json::json;

use super::support::{Server, http, invoke, text, tool, typed};

async fn answered(media_type: &'static str, body: &'static str) -> cap_runtime::execute::ToolOutcome {
    let server = Server::of(media_type, body).await;
    invoke(tool(&server, &[])).await.unwrap()
}

#[tokio::test]
async fn json_is_found_whatever_it_is_called() {
    for media_type in ["application/json", "application/vnd.x+json; charset=utf-8", "text/plain", "text/html", ""] {
        let outcome = answered(media_type, r#"{"a": [1]}"#).await;
        assert_eq!(outcome.structured, Some(json!({"a": [1]})), "{media_type}");
        assert_eq!((text(&outcome), outcome.notes.len()), (r#"{"a": [1]}"#, 0), "{media_type}");
    }
    assert_eq!(answered("text/plain", "[see the manual]").await.structured, None);
}

#[tokio::test]
async fn pages_for_people_become_text() {
    let page = "<html><head><title>Ships &amp; ports</title><style>p{}</style></head><body><h2>Fleet</h2>\
        <script>if (a < b) steal()</script><p>One <b>fast</b> ship, see <a href='/ships/7'>its log</a>.</p>\
        <ul><li>Mast</li><li>Keel &#9875;</li></ul><!-- hidden --></body></html>";
    let outcome = answered("text/html", page).await;
    assert_eq!(text(&outcome), "Ships & ports\n## Fleet\nOne fast ship, see its log (/ships/7).\n- Mast\n- Keel ⚓");
}

#[tokio::test]
async fn deep_pages_cost_no_more_than_their_bytes() {
    let page = format!("{}deep{}", "<div><table><tr><td>".repeat(100_000), "<".repeat(100_000));
    let server = Server::of("text/html", page).await;
    let begun = Instant::now();
    let outcome = invoke(tool(&server, &[])).await.unwrap();
    assert!(text(&outcome).starts_with("deep"), "{:?}", text(&outcome).get(..20));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn lines_of_json_are_a_list() {
    let outcome = answered("application/x-ndjson", "{\"a\":1}\n\n{\"a\":2}\n").await;
    assert_eq!(outcome.structured, Some(json!([{"a": 1}, {"a": 2}])));
    assert_eq!(answered("application/x-ndjson", "{\"a\":1}\noops\n").await.structured, None);
}

#[tokio::test]
async fn events_are_read_as_html_says() {
    let stream =
        ": hello\nevent: tick\nid: 1\ndata: {\"n\":\ndata: 1}\n\nretry: 10\ndata:plain\r\n\r\ndata: unfinished";
    let outcome = answered("text/event-stream", stream).await;
    assert_eq!(outcome.structured, Some(json!([{"event": "tick", "id": "1", "data": {"n": 1}}, {"data": "plain"}])));
}

#[tokio::test]
async fn a_stream_without_end_gives_what_came() {
    let server = Server::start(|_| {
        let events = futures::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"data: 1\n\ndata: 2\n\n"))]);
        typed(200, "text/event-stream", Body::from_stream(events.chain(futures::stream::pending())))
    })
    .await;
    let mut capability = tool(&server, &[]);
    capability.limits.timeout = Some(Duration::from_millis(600));
    let outcome = invoke(capability).await.unwrap();
    assert_eq!(outcome.structured, Some(json!([{"data": 1}, {"data": 2}])));
    assert!(outcome.notes[0].contains("had not ended"), "{:?}", outcome.notes);
}

#[tokio::test]
async fn empty_answers_say_their_status() {
    for (status, told) in [(204, "204 without content"), (205, "205 without content"), (304, "nothing has changed")] {
        let server = Server::start(move |_| typed(status, "", "")).await;
        assert!(text(&invoke(tool(&server, &[])).await.unwrap()).contains(told), "{status}");
    }
}

#[tokio::test]
async fn a_head_is_its_headers() {
    let server = Server::start(|_| {
        let mut answer = typed(200, "application/pdf", "");
        let headers = answer.headers_mut();
        headers.insert("content-length", "1234".parse().unwrap());
        headers.insert("etag", "\"v1\"".parse().unwrap());
        answer
    })
    .await;
    let mut capability = tool(&server, &[]);
    http(&mut capability).method = "HEAD".to_owned();
    let told = invoke(capability).await.unwrap().structured.unwrap();
    assert_eq!(
        told,
        json!({"status": 200, "content_type": "application/pdf", "content_length": 1234, "etag": "\"v1\""})
    );
}

#[tokio::test]
async fn drawings_are_pictures_and_parts_are_text() {
    let outcome = answered("image/svg+xml", "<svg/>").await;
    assert_eq!(text(&outcome), "<svg/>");
    let outcome = answered("multipart/mixed; boundary=x", "--x\r\n\r\none\r\n--x--").await;
    assert!(text(&outcome).contains("one"));
    let server = Server::of("multipart/mixed", b"--x\r\n\0".to_vec()).await;
    assert!(matches!(invoke(tool(&server, &[])).await.unwrap().content[0], Content::Blob { .. }));
}
