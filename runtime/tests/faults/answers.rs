//! Ten thousand faults: nothing is lost, nothing leaks, and neighbours hear nothing of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cap_runtime::execute::{Executor, Prepared};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::gateway::{Running, compiled, memory, settings, tool};
use super::server::{Wild, answer};

/// What a server can do wrong.
const FAULTS: [fn() -> Vec<u8>; 20] = [
    Vec::new,
    || b"H".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Len".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nmore than that".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n".to_vec(),
    || b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n".to_vec(),
    || b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na".to_vec(),
    || b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nnot gzip".to_vec(),
    || b"HTTP/1.1 200 OK\r\nX-\xff\xfe: \xf0\x28\x8c\x28\r\nContent-Length: 0\r\n\r\n".to_vec(),
    || b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n\xff\xfe{}".to_vec(),
    || b"HTTP/1.1 99999 What\r\n\r\n".to_vec(),
    || b"HTTP/3.7 200 OK\r\n\r\n".to_vec(),
    || b"just text, as HTTP/0.9 had it".to_vec(),
    || b"\x16\x03\x01\x02\x00\x01\x00".to_vec(),
    || {
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    },
    || b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n".to_vec(),
    || format!("HTTP/1.1 200 OK\r\nX-Large: {}\r\nContent-Length: 0\r\n\r\n", "a".repeat(20_000)).into_bytes(),
];

/// Commits one fault after another, each on a connection of its own: half of them end with a reset.
async fn faulty() -> Wild {
    let turn = Arc::new(AtomicUsize::new(0));
    Wild::start(move |mut stream, wild| {
        let turn = Arc::clone(&turn);
        async move {
            let number = turn.fetch_add(1, Ordering::SeqCst);
            // Some do not even listen.
            if !number.is_multiple_of(41) && wild.head(&mut stream).await.is_none() {
                return;
            }
            let _ = stream.write_all(&FAULTS[number % FAULTS.len()]()).await;
            end(&stream, number);
        }
    })
    .await
}

fn end(stream: &TcpStream, number: usize) {
    if (number / FAULTS.len()).is_multiple_of(2) {
        // Without lingering, what was not read yet is answered with a reset.
        let _ = stream.set_zero_linger();
    }
}

/// Open sockets of this process.
fn sockets() -> usize {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return 0 };
    let is_socket = |entry: &std::fs::DirEntry| {
        std::fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    };
    open.filter_map(Result::ok).filter(is_socket).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_faults_leave_nothing_behind() {
    const CALLS: usize = 10_000;
    let (server, well) = (faulty().await, Wild::answering(|_, _| answer(200, "", "well")).await);
    let off = "limits: {retries: 0, timeout: 5s, circuit_breaker: off}";
    let mut tools = compiled(&[tool("bad", &server.url(), "/x", off), tool("well", &well.url(), "/x", off)]);
    let executor = Executor::new(settings()).unwrap();
    let well = Prepared::new(Arc::new(tools.pop().unwrap()));
    let bad = Arc::new(Prepared::new(Arc::new(tools.pop().unwrap())));
    let none = json!({}).as_object().cloned().unwrap();
    let (mut before, mut failures) = ((0, 0), 0);
    for round in 0..CALLS / 50 {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (executor, bad, none) = (executor.clone(), Arc::clone(&bad), none.clone());
            calls.spawn(async move { executor.call(&bad, &none).await });
        }
        // A panic in a call would be one here.
        failures += calls.join_all().await.iter().filter(|result| result.is_err()).count();
        executor.call(&well, &none).await.unwrap();
        if round == 20 {
            before = (sockets(), memory());
        }
    }
    assert!(failures > CALLS * 3 / 4, "{failures}");
    super::gateway::until("the end of connections", || sockets() <= before.0 + 20).await;
    let grown = memory().saturating_sub(before.1);
    assert!(grown < 60, "{grown} MB more");
}

#[tokio::test]
async fn each_fault_is_an_error_that_names_the_host() {
    let server = faulty().await;
    let off = "limits: {retries: 0, timeout: 5s, circuit_breaker: off}";
    let running = Running::of(&[tool("t", &server.url(), "/x", off)]).await;
    for _ in 0..FAULTS.len() * 2 {
        // Some faults are none that a client can see, such as too much behind the end.
        if let Err(error) = running.invoke("t", json!({})).await {
            assert!(error.contains("`127.0.0.1`") || error.contains("the server answered"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_ends_between_calls_is_made_again() {
    let server = Wild::start(|mut stream, wild| async move {
        if wild.head(&mut stream).await.is_some() {
            let _ = stream.write_all(&answer(200, "Connection: keep-alive\r\n", "here")).await;
        }
    })
    .await;
    let more = "limits: {retries: 1}";
    let running = Running::of(&[tool("t", &server.url(), "/x", more)]).await;
    for _ in 0..20 {
        assert_eq!(running.invoke("t", json!({})).await.unwrap(), "here");
    }
}

#[tokio::test]
async fn faults_of_one_api_open_its_circuit_only() {
    let (server, well) = (faulty().await, Wild::answering(|_, _| answer(200, "", "well")).await);
    let few = "limits: {retries: 0, timeout: 2s, circuit_breaker: {failures: 3, pause: 60s}}";
    let running = Running::of(&[tool("bad", &server.url(), "/x", few), tool("well", &well.url(), "/x", few)]).await;
    let mut open = 0;
    for _ in 0..100 {
        if running.invoke("bad", json!({})).await.is_err_and(|error| error.contains("is not called at present")) {
            open += 1;
        }
        assert_eq!(running.invoke("well", json!({})).await.unwrap(), "well");
    }
    assert!(open > 50, "{open}");
    assert!(server.connections() < 50);
}
