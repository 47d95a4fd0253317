//! A server that remembers what it received, and capabilities that call it.

#[path = "../support/sample.rs"]
mod sample;

use std::borrow::Borrow;
use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body as AxumBody, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cap_compiler::capability::*;
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared, ToolError, ToolOutcome};
use cap_runtime::secret::Secrets;
use serde_json::{Map, Value, json};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    pub(crate) fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

#[derive(Clone, Default)]
struct Memory {
    seen: Arc<Mutex<Vec<Seen>>>,
    failures: Arc<AtomicUsize>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    memory: Memory,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let memory = Memory::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(memory.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, memory }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.memory.seen.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().unwrap()
    }
}

async fn answer(State(memory): State<Memory>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    let seen = Seen {
        method: parts.method.to_string(),
        target: parts.uri.to_string(),
        headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    };
    memory.seen.lock().unwrap().push(seen.clone());
    let typed = |kind: &'static str, bytes: &[u8]| ([(header::CONTENT_TYPE, kind)], bytes.to_vec()).into_response();
    match parts.uri.path() {
        "/redirect/same" => (StatusCode::FOUND, [(header::LOCATION, "/landed?x=1")]).into_response(),
        "/redirect/loop" => (StatusCode::FOUND, [(header::LOCATION, "/redirect/loop")]).into_response(),
        "/redirect/other" => (StatusCode::FOUND, [(header::LOCATION, "http://localhost:1/stolen")]).into_response(),
        "/flaky" if memory.failures.fetch_add(1, Ordering::SeqCst) < 2 => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        "/busy" => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], "slow down").into_response(),
        "/problem" => (
            StatusCode::UNPROCESSABLE_ENTITY,
            [(header::CONTENT_TYPE, "application/problem+json")],
            json!({"title": "Not right", "detail": "`state` is odd", "errors": [{"field": "state"}]}).to_string(),
        )
            .into_response(),
        "/reflect" => (StatusCode::BAD_REQUEST, seen.header("authorization").unwrap_or_default()).into_response(),
        // The same text as above, spelled as some servers spell JSON.
        "/reflect/escaped" => {
            let text = seen.header("authorization").unwrap_or_default().replace('/', "\\/").replace('y', "\\u0079");
            typed("application/json", format!("{{\"said\":\"{text}\",\"{text}\":[1]}}").as_bytes())
        }
        // An error whose text is cut for the agent within the credential.
        "/reflect/late" => {
            let text = format!("{}{}", "x".repeat(1_990), seen.header("authorization").unwrap_or_default());
            (StatusCode::BAD_REQUEST, text).into_response()
        }
        "/reflect/bytes" => typed("application/vnd.odd", seen.header("authorization").unwrap_or_default().as_bytes()),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            StatusCode::OK.into_response()
        }
        "/nap" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            StatusCode::OK.into_response()
        }
        "/endless" | "/endless.bin" => {
            let kind = if parts.uri.path() == "/endless" { "text/plain" } else { "image/png" };
            let chunk = Bytes::from(vec![b'a'; 64 * 1024]);
            let stream = futures::stream::repeat_with(move || Ok::<_, Infallible>(chunk.clone()));
            ([(header::CONTENT_TYPE, kind)], AxumBody::from_stream(stream)).into_response()
        }
        "/bomb" => ([(header::CONTENT_TYPE, "text/plain"), (header::CONTENT_ENCODING, "gzip")], bomb()).into_response(),
        "/empty" => StatusCode::NO_CONTENT.into_response(),
        "/png" => typed("image/png", b"\x89PNG"),
        "/wav" => typed("audio/wav", b"RIFF"),
        "/pdf" => typed("application/pdf", b"%PDF\x00"),
        "/latin1" => typed("text/plain; charset=iso-8859-1", b"caf\xe9"),
        "/not-json" => typed("application/json", b"{oops"),
        _ => typed("application/json; charset=utf-8", br#"{"ok":true}"#),
    }
}

/// 64 MiB of nothing, which gzip makes small.
fn bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    encoder.finish().unwrap()
}

/// A GET below `server` with nothing else, which tests add to.
pub(crate) fn call(server: &str, path: &str) -> HttpCall {
    sample::get(server, path)
}

pub(crate) fn capability(call: HttpCall, input: &Value) -> Capability {
    Capability { input: input.into(), ..sample::capability("test", "test__tool", call) }
}

pub(crate) fn prepared(call: HttpCall, input: impl Borrow<Value>) -> Prepared {
    Prepared::new(Arc::new(capability(call, input.borrow())))
}

/// Any arguments at all.
pub(crate) fn anything() -> Value {
    json!({"type": "object"})
}

pub(crate) fn executor() -> Executor {
    Executor::new(ExecutorSettings { secrets: Secrets::none(), ..ExecutorSettings::default() }).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

pub(crate) async fn invoke(call: HttpCall, arguments: Value) -> Result<ToolOutcome, ToolError> {
    executor().call(&prepared(call, anything()), &object(arguments)).await
}

pub(crate) fn argument(name: &str) -> Expression {
    Expression::Argument(ArgumentName(name.to_owned()))
}

pub(crate) fn bound(name: &str) -> Binding {
    Binding::Value(argument(name))
}

pub(crate) fn secret(name: &str) -> Text {
    Text { pieces: vec![Piece::Hole(Expression::Secret(SecretName(name.to_owned())))] }
}

pub(crate) fn computed(source: &str, arguments: &[&str]) -> Expression {
    Expression::Computed(Computed {
        source: source.to_owned(),
        arguments: arguments.iter().map(|name| ArgumentName((*name).to_owned())).collect(),
        secrets: Vec::new(),
    })
}

pub(crate) fn styled(name: &str, style: Style, explode: bool) -> Parameter {
    let encoding = Encoding::Style { style, explode, allow_reserved: false };
    Parameter { name: name.to_owned(), value: bound(name), encoding }
}

pub(crate) fn simple(name: &str) -> Parameter {
    styled(name, Style::Simple, false)
}

pub(crate) fn form(name: &str) -> Parameter {
    styled(name, Style::Form, true)
}

pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}

/// The shared material that is not part of the project, if this machine has it.
pub(crate) fn shared(path: &str) -> Option<String> {
    let Some(root) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set, `{path}` is not read");
        return None;
    };
    Some(std::fs::read_to_string(PathBuf::from(root).join(path)).unwrap())
}
