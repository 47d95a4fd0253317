//! Servers that write whatever a test wants, byte by byte.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on a port of its own.
#[derive(Clone)]
pub(crate) struct Wild {
    pub(crate) address: SocketAddr,
    /// The heads of requests that came, in order.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
    /// Connections that were made.
    pub(crate) connections: Arc<AtomicUsize>,
    /// Connections that are over.
    pub(crate) closed: Arc<AtomicUsize>,
}

impl Wild {
    /// Hands each connection to `serve`.
    pub(crate) async fn start<F, S>(serve: S) -> Self
    where
        S: Fn(TcpStream, Self) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let wild = Self { address, seen: Arc::default(), connections: Arc::default(), closed: Arc::default() };
        let shared = wild.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let served = serve(stream, shared.clone());
                let closed = Arc::clone(&shared.closed);
                tokio::spawn(async move {
                    served.await;
                    closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        wild
    }

    /// Answers the requests of each connection with what `answer` makes of their heads; an answer that is
    /// empty ends the connection.
    pub(crate) async fn answering(answer: impl Fn(&str, usize) -> Vec<u8> + Clone + Send + Sync + 'static) -> Self {
        Self::start(move |mut stream, wild| {
            let answer = answer.clone();
            async move {
                while let Some(head) = wild.head(&mut stream).await {
                    let bytes = answer(&head, wild.count());
                    if bytes.is_empty() || stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    /// The head and the body of the next request.
    pub(crate) async fn head(&self, stream: &mut TcpStream) -> Option<String> {
        let head = read_head(stream).await?;
        self.seen.lock().unwrap().push(head.clone());
        Some(head)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return Some(head.to_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}

/// The value of a header in the head of a request.
pub(crate) fn header(head: &str, name: &str) -> Option<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Odd\r\nContent-Length: {}\r\nContent-Type: text/plain\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}
