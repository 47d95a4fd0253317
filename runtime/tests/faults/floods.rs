//! Answers that never end: refused or cut in bounded time and memory.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::gateway::{Running, memory, tool};
use super::server::{Wild, answer};

/// Megabytes that a flood may take, all that this test process does beside it included.
const MOST_MEMORY: usize = 200;

/// Writes `head`, and then `piece` again and again for as long as somebody reads; counts the bytes.
async fn flood(stream: &mut TcpStream, head: &str, piece: &[u8], sent: &AtomicU64) {
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    // As good as endless, and an end for a reader that reads on.
    for _ in 0..200_000 {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
    }
}

struct Flood {
    server: Wild,
    sent: Arc<AtomicU64>,
}

async fn flooding(head: &'static str, piece: Vec<u8>) -> Flood {
    let (sent, piece) = (Arc::new(AtomicU64::new(0)), Arc::new(piece));
    let counted = Arc::clone(&sent);
    let server = Wild::start(move |mut stream, wild| {
        let (piece, sent) = (Arc::clone(&piece), Arc::clone(&counted));
        async move {
            if wild.head(&mut stream).await.is_some() {
                flood(&mut stream, head, &piece, &sent).await;
            }
        }
    })
    .await;
    Flood { server, sent }
}

/// Calls the server; what came back and how much it took.
async fn drink(flood: &Flood, more: &str) -> Result<String, String> {
    let running = Running::of(&[tool("t", &flood.server.url(), "/x", more)]).await;
    let (before, start) = (memory(), Instant::now());
    let result = running.invoke("t", json!({})).await;
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let grown = memory().saturating_sub(before);
    assert!(grown < MOST_MEMORY, "{grown} MB");
    running.stop();
    result
}

const LIMITS: &str = "limits: {timeout: 15s, retries: 0, max_response: 1MiB, circuit_breaker: off}";

#[tokio::test]
async fn endless_bodies_are_cut() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    let text = drink(&flooding(head, vec![b'a'; 64 << 10]).await, LIMITS).await.unwrap();
    assert!(text.contains("the answer was cut after 1048576 bytes"));
    let chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut piece = b"10000\r\n".to_vec();
    piece.extend(vec![b'b'; 0x10000]);
    piece.extend(b"\r\n");
    let flood = flooding(chunked, piece).await;
    assert!(drink(&flood, LIMITS).await.unwrap().contains("the answer was cut"));
    assert!(flood.sent.load(Ordering::Relaxed) < 64 << 20, "it reads on");
}

#[tokio::test]
async fn ten_gigabytes_are_not_waited_for() {
    let text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10737418240\r\n\r\n";
    let flood = flooding(text, vec![b'a'; 64 << 10]).await;
    assert!(drink(&flood, LIMITS).await.unwrap().contains("the answer was cut"));
    assert!(flood.sent.load(Ordering::Relaxed) < 64 << 20);
    let image = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 10737418240\r\n\r\n";
    let flood = flooding(image, vec![b'a'; 64 << 10]).await;
    assert!(drink(&flood, LIMITS).await.unwrap_err().contains("larger than 1048576 bytes"));
}

/// A megabyte of zeros as deflate blocks that can be repeated.
fn squeezed() -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(64 << 10);
    let zeros = vec![0; 1 << 20];
    compress.compress_vec(&zeros, &mut out, FlushCompress::Full).unwrap();
    assert!(out.len() < 4 << 10);
    out
}

#[tokio::test]
async fn bombs_are_not_unpacked() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n";
    let zeros = squeezed();
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let server = Wild::start(move |mut stream, wild| {
        let (zeros, sent) = (zeros.clone(), Arc::clone(&counted));
        async move {
            if wild.head(&mut stream).await.is_none() || stream.write_all(HEAD.as_bytes()).await.is_err() {
                return;
            }
            let mut head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
            head.extend_from_slice(&zeros);
            // Ten thousand times a megabyte, in some ten megabytes.
            flood(&mut stream, "", &head, &sent).await;
            flood(&mut stream, "", &zeros, &sent).await;
        }
    })
    .await;
    let text = drink(&Flood { server, sent }, LIMITS).await;
    let text = text.unwrap_or_else(|error| error);
    assert!(text.len() < 2 << 20, "{} bytes", text.len());
}

#[tokio::test]
async fn what_is_encoded_twice_is_not_read() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"hello").unwrap();
    let once = encoder.finish().unwrap();
    for encoding in ["gzip, gzip", "gzip, br", "br", "zstd", "deflate", "nonsense"] {
        let body = once.clone();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let server = Wild::answering(move |_, _| [head.as_bytes(), &body].concat()).await;
        let running = Running::of(&[tool("t", &server.url(), "/x", LIMITS)]).await;
        let error = running.refusal("t", json!({})).await;
        assert!(error.contains("content encoding"), "{encoding}: {error}");
        running.stop();
    }
}

#[tokio::test]
async fn heads_have_an_end() {
    let line = format!("X-Line: {}\r\n", "a".repeat(1000));
    let endless = flooding("HTTP/1.1 200 OK\r\n", line.into_bytes()).await;
    let error = drink(&endless, LIMITS).await.unwrap_err();
    assert!(error.contains("could not be called"), "{error}");
    assert!(endless.sent.load(Ordering::Relaxed) < 16 << 20);
    let name = flooding("HTTP/1.1 200 OK\r\nX", vec![b'a'; 1 << 10]).await;
    assert!(drink(&name, LIMITS).await.unwrap_err().contains("could not be called"));
    let status = flooding("HTTP/1.1 200 ", vec![b'a'; 1 << 10]).await;
    assert!(drink(&status, LIMITS).await.unwrap_err().contains("could not be called"));
}

#[tokio::test]
async fn large_heads_are_refused() {
    let large = format!("X-Large: {}\r\n", "a".repeat(1 << 20));
    let many: String = (0..5_000).map(|number| format!("X-{number}: a\r\n")).collect();
    for headers in [large, many] {
        let server = Wild::answering(move |_, _| answer(200, &headers, "here")).await;
        let running = Running::of(&[tool("t", &server.url(), "/x", LIMITS)]).await;
        let error = running.refusal("t", json!({})).await;
        assert!(error.contains("could not be called"), "{error}");
        running.stop();
    }
}

#[tokio::test]
async fn interim_answers_end_with_the_time() {
    let flood = flooding("", b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)).await;
    let limits = "limits: {timeout: 1s, retries: 0, circuit_breaker: off}";
    let error = drink(&flood, limits).await.unwrap_err();
    assert!(error.contains("did not answer") || error.contains("could not be called"), "{error}");
}
