//! Streamable HTTP (MCP 2025-03-26 and later): the SDK's worker speaks the protocol, and each of its
//! requests leaves through a door with the upstream's credentials.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rmcp::ErrorData;
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    AuthRequiredError, HttpStatusError, InsufficientScopeError, SseError, StreamableHttpClient,
    StreamableHttpClientTransportConfig, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::Sse;
use tokio_util::sync::CancellationToken;

use super::body::{BodyError, events, whole};
use crate::execute::{Door, DoorAnswer, DoorRequest, Executor, ToolError};

/// The HTTP side of a connection. Clones are one.
#[derive(Clone)]
pub(in crate::upstream) struct HttpClient {
    executor: Executor,
    door: Arc<Door>,
    limit: usize,
    has_sessions: Arc<AtomicBool>,
    /// Streams that could not be opened, one after another.
    unopened: Arc<AtomicU32>,
    lost: CancellationToken,
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::upstream) enum HttpFault {
    /// The request was not sent, or not answered.
    Call(ToolError),
    /// The answer cannot be read.
    Body(BodyError),
}

impl fmt::Display for HttpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for HttpFault {}

type Fault = StreamableHttpError<HttpFault>;

/// A transport that reads messages of at most `limit` bytes, and its client side.
pub(in crate::upstream) fn transport(
    executor: Executor,
    door: Door,
    limit: usize,
) -> (StreamableHttpClientTransport<HttpClient>, HttpClient) {
    let client = HttpClient {
        executor,
        door: Arc::new(door),
        limit,
        has_sessions: Arc::default(),
        unopened: Arc::default(),
        lost: CancellationToken::new(),
    };
    let mut config = StreamableHttpClientTransportConfig::with_uri(client.door.shown());
    config.max_concurrent_requests = MOST_REQUESTS;
    config.max_sse_event_size = limit;
    // A server that was started anew knows no sessions of before.
    config.reinit_on_expired_session = true;
    // Where streams cannot be opened again, the connection is made anew instead.
    let mut again = ExponentialBackoff::default();
    (again.max_times, again.base_duration) = (Some(MOST_UNOPENED), STREAM_PAUSE);
    config.retry_config = Arc::new(again);
    (StreamableHttpClientTransport::with_client(client.clone(), config), client)
}

impl HttpClient {
    /// Whether the upstream has named a session.
    pub(in crate::upstream) fn has_sessions(&self) -> bool {
        self.has_sessions.load(Ordering::Relaxed)
    }

    /// Comes when the upstream does not know the session any more, or its streams cannot be opened.
    pub(in crate::upstream) fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    fn expired(&self) -> Fault {
        self.lost.cancel();
        StreamableHttpError::SessionExpired
    }

    async fn open(
        &self,
        method: &'static str,
        session: Option<&str>,
        custom: &HashMap<HeaderName, HeaderValue>,
        body: Option<Vec<u8>>,
    ) -> Result<DoorAnswer, Fault> {
        let mut headers = vec![("Accept".to_owned(), "application/json, text/event-stream".to_owned())];
        if body.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        headers.extend(session.map(|session| (SESSION.to_owned(), session.to_owned())));
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let mut custom: Vec<(String, String)> =
            custom.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        custom.sort();
        headers.append(&mut custom);
        let mut request = DoorRequest { method, headers, body, target: None };
        for _ in 0..=MOST_REDIRECTS {
            let answer = self.executor.open(&self.door, &request).await;
            let answer = answer.map_err(|error| StreamableHttpError::Client(HttpFault::Call(error)))?;
            match answer.status {
                307 | 308 => request.target = Some(text_of(&answer.headers, &header::LOCATION).unwrap_or_default()),
                _ => return admitted(answer),
            }
        }
        Err(unexpected("it redirects again and again"))
    }
}

/// The answer, unless it asks for other credentials.
fn admitted(answer: DoorAnswer) -> Result<DoorAnswer, Fault> {
    let challenge = text_of(&answer.headers, &header::WWW_AUTHENTICATE);
    match (answer.status, challenge) {
        (401, challenge) => {
            Err(StreamableHttpError::AuthRequired(AuthRequiredError::new(challenge.unwrap_or_default())))
        }
        (403, Some(challenge)) => {
            Err(StreamableHttpError::InsufficientScope(InsufficientScopeError::new(challenge, None)))
        }
        _ => Ok(answer),
    }
}

impl StreamableHttpClient for HttpClient {
    type Error = HttpFault;

    async fn post_message(
        &self,
        _uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, Fault> {
        let body = serde_json::to_vec(&message)?;
        let session = session_id.as_deref();
        let answer = self.open("POST", session, &custom_headers, Some(body)).await?;
        let named = answer.headers.get(SESSION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        if named.is_some() {
            self.has_sessions.store(true, Ordering::Relaxed);
        }
        match answer.status {
            202 | 204 => Ok(StreamableHttpPostResponse::Accepted),
            404 if session.is_some() => Err(self.expired()),
            200..=299 => self.read(answer, &message, named).await,
            _ => refused(answer, &message, session, named).await,
        }
    }

    async fn delete_session(
        &self,
        _uri: Arc<str>,
        session_id: Arc<str>,
        _auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), Fault> {
        // Many servers know no such request; the session ends by itself then.
        self.open("DELETE", Some(&session_id), &custom_headers, None).await.map(|_| ())
    }

    async fn get_stream(
        &self,
        _uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        _auth_header: Option<String>,
        mut custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Fault> {
        if let Some(id) = last_event_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            custom_headers.insert(HeaderName::from_static("last-event-id"), id);
        }
        let opened = self.open("GET", session_id.as_deref(), &custom_headers, None).await;
        match &opened {
            Ok(answer) if answer.status < 500 => self.unopened.store(0, Ordering::Relaxed),
            Ok(_) | Err(_) if self.unopened.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_FAILURES => self.lost.cancel(),
            Ok(_) | Err(_) => {}
        }
        let answer = opened?;
        match answer.status {
            200 if media_type(&answer.headers) == EVENTS => Ok(events(answer.chunks, self.limit)),
            200 => Err(StreamableHttpError::UnexpectedContentType(Some(media_type(&answer.headers)))),
            404 if session_id.is_some() => Err(self.expired()),
            400..=499 => Err(StreamableHttpError::ServerDoesNotSupportSse),
            status => Err(HttpStatusError::new(status, None).into()),
        }
    }
}

impl HttpClient {
    /// Reads the answer to a message that was taken.
    async fn read(
        &self,
        answer: DoorAnswer,
        message: &ClientJsonRpcMessage,
        session: Option<String>,
    ) -> Result<StreamableHttpPostResponse, Fault> {
        let waits = matches!(message, JsonRpcMessage::Request(_));
        match media_type(&answer.headers).as_str() {
            EVENTS => Ok(StreamableHttpPostResponse::Sse(events(answer.chunks, self.limit), session)),
            _ if !waits => Ok(StreamableHttpPostResponse::Accepted),
            JSON => {
                let body = whole(answer.chunks, self.limit).await;
                let body = body.map_err(|error| StreamableHttpError::Client(HttpFault::Body(error)))?;
                let parsed = serde_json::from_slice::<ServerJsonRpcMessage>(&body);
                let parsed = parsed.map_err(|error| unexpected(&format!("its answer is no JSON-RPC: {error}")))?;
                Ok(StreamableHttpPostResponse::Json(parsed, session))
            }
            other => Err(StreamableHttpError::UnexpectedContentType(Some(other.chars().take(100).collect()))),
        }
    }
}

/// Reads an answer that refuses. A server that does not know `server/discover` is an older one.
async fn refused(
    answer: DoorAnswer,
    message: &ClientJsonRpcMessage,
    session: Option<&str>,
    named: Option<String>,
) -> Result<StreamableHttpPostResponse, Fault> {
    let status = answer.status;
    let retry_after = text_of(&answer.headers, &header::RETRY_AFTER);
    let body = whole(answer.chunks, LARGEST_REFUSAL).await.unwrap_or_default();
    let said = match serde_json::from_slice::<ServerJsonRpcMessage>(&body) {
        Ok(JsonRpcMessage::Error(error)) => Some(error),
        Ok(_) | Err(_) => None,
    };
    if let (JsonRpcMessage::Request(request), None, 400..=499) = (message, session, status)
        && matches!(request.request, ClientRequest::DiscoverRequest(_))
    {
        let error = said.map_or_else(|| ErrorData::invalid_request(format!("HTTP {status}"), None), |said| said.error);
        return Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::error(error, Some(request.id.clone())), None));
    }
    match said {
        Some(error) if status != 403 => Ok(StreamableHttpPostResponse::Json(JsonRpcMessage::Error(error), named)),
        Some(_) | None => Err(HttpStatusError::new(status, retry_after).into()),
    }
}

fn unexpected(reason: &str) -> Fault {
    StreamableHttpError::UnexpectedServerResponse(reason.to_owned().into())
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn media_type(headers: &HeaderMap) -> String {
    let value = text_of(headers, &header::CONTENT_TYPE).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

const SESSION: &str = "Mcp-Session-Id";
const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";
/// Requests at one time; the upstream's own limit is looked at before.
const MOST_REQUESTS: usize = 1_024;
const MOST_REDIRECTS: usize = 3;
/// How often a stream that broke is asked for again, with growing pauses.
const MOST_UNOPENED: usize = 3;
/// Streams in a row that could not be opened, after which the connection is lost.
const MOST_FAILURES: u32 = 3;
const STREAM_PAUSE: Duration = Duration::from_millis(250);
/// Bytes of an answer that says no.
const LARGEST_REFUSAL: usize = 64 << 10;
