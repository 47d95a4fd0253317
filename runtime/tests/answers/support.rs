//! A server that answers what a test says, and counts what it was asked.

#[path = "../support/sample.rs"]
mod sample;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use cap_compiler::capability::*;
use cap_runtime::execute::{
    Content, Executor, ExecutorSettings, PageRequest, Prepared, ToolError, ToolOutcome, Unheard,
};
use cap_runtime::secret::Secrets;
use serde_json::{Map, Value};

/// What a test's server answers with.
pub(crate) type Answering = dyn Fn(&Asked) -> Response + Send + Sync;

/// A request as a server sees it.
pub(crate) struct Asked {
    /// Path and query.
    pub(crate) target: String,
    /// The value of `If-None-Match`.
    pub(crate) condition: Option<String>,
}

impl Asked {
    /// A parameter of the query, as it is written.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).next()
    }
}

#[derive(Clone)]
struct Memory {
    seen: Arc<Mutex<Vec<String>>>,
    answering: Arc<Answering>,
}

pub(crate) struct Server {
    address: std::net::SocketAddr,
    memory: Memory,
}

impl Server {
    pub(crate) async fn start(answering: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        let memory = Memory { seen: Arc::default(), answering: Arc::new(answering) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(memory.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, memory }
    }

    /// A server that always answers the same.
    pub(crate) async fn of(media_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::start(move |_| typed(200, media_type, body.clone())).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The targets that were asked for, in order.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.memory.seen.lock().unwrap().clone()
    }
}

async fn answer(State(memory): State<Memory>, request: Request) -> Response {
    let condition = request.headers().get("if-none-match").map(|value| value.to_str().unwrap().to_owned());
    let asked = Asked { target: request.uri().to_string(), condition };
    memory.seen.lock().unwrap().push(asked.target.clone());
    (memory.answering)(&asked)
}

pub(crate) fn typed(status: u16, media_type: &str, body: impl Into<axum::body::Body>) -> Response {
    let mut builder = Response::builder().status(status);
    if !media_type.is_empty() {
        builder = builder.header("content-type", media_type);
    }
    builder.body(body.into()).unwrap()
}

pub(crate) fn json_answer(value: &Value) -> Response {
    typed(200, "application/json", value.to_string())
}

/// A tool that sends the arguments `names` in its query.
pub(crate) fn tool(server: &Server, names: &[&str]) -> Capability {
    let query = names.iter().map(|name| Parameter {
        name: (*name).to_owned(),
        value: Binding::Value(Expression::Argument(ArgumentName((*name).to_owned()))),
        encoding: Encoding::Style { style: Style::Form, explode: true, allow_reserved: false },
    });
    let call = HttpCall { query: query.collect(), ..sample::get(&server.url(), "/things") };
    let limits = Limits { retries: Some(0), ..Limits::default() };
    Capability { limits, ..sample::capability("test", "test__things", call) }
}

pub(crate) fn http(capability: &mut Capability) -> &mut HttpCall {
    let Call::Http(call) = &mut capability.call else { unreachable!("only requests are tried here") };
    call
}

pub(crate) fn executor() -> Executor {
    Executor::new(ExecutorSettings { secrets: Secrets::none(), ..ExecutorSettings::default() }).unwrap()
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

pub(crate) async fn invoke(capability: Capability) -> Result<ToolOutcome, ToolError> {
    executor().call(&Prepared::new(Arc::new(capability)), &Map::new()).await
}

pub(crate) async fn page(tool: &Prepared, arguments: Value, page: &PageRequest) -> Result<ToolOutcome, ToolError> {
    executor().call_heard(tool, &object(arguments), page, &Unheard).await
}

/// The one text of an outcome.
pub(crate) fn text(outcome: &ToolOutcome) -> &str {
    match outcome.content.as_slice() {
        [Content::Text(text)] => text,
        other => panic!("not one text: {other:?}"),
    }
}
