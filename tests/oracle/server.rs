//! A server on a free port of this machine that answers everything and remembers it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query as they stood on the wire.
    pub(crate) target: String,
    /// By lower-case name; those that came several times are joined as HTTP joins them.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

type Memory = Arc<Mutex<Vec<Seen>>>;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    memory: Memory,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let memory = Memory::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&memory));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, memory }
    }

    /// What arrived since the last time.
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.memory.lock().unwrap())
    }
}

async fn answer(State(memory): State<Memory>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let separator = if name == "cookie" { "; " } else { ", " };
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|known| {
                known.push_str(separator);
                known.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    let seen = Seen { method: parts.method.to_string(), target: parts.uri.to_string(), headers, body };
    memory.lock().unwrap().push(seen);
    StatusCode::NO_CONTENT
}
