//! A server that remembers what it received.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Server {
    address: SocketAddr,
    last: Arc<Mutex<Option<Seen>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let last = Arc::new(Mutex::new(None));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&last));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, last }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn forget(&self) {
        *self.last.lock().unwrap() = None;
    }

    pub(crate) fn last(&self) -> Option<Seen> {
        self.last.lock().unwrap().clone()
    }
}

async fn answer(State(last): State<Arc<Mutex<Option<Seen>>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let seen = Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    };
    *last.lock().unwrap() = Some(seen);
    "{}".into_response()
}
