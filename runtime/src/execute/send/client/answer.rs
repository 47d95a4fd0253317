//! What a server answered, read within bounds.

use std::ops::Deref;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};
use tokio::time::{timeout, timeout_at};

use super::{Bounds, SendError, classify};

/// What a server answered.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// The other headers that somebody reads, by their names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// At most as many bytes as were asked for, decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether there was more.
    pub(crate) cut: bool,
    /// How old it is, where it was kept from an earlier call.
    pub(crate) kept: Option<Duration>,
}

/// Waits no longer than the server may be silent.
pub(super) async fn in_time<T>(waiting: impl Future<Output = T>, longest: Option<Duration>) -> Result<T, SendError> {
    match longest {
        None => Ok(waiting.await),
        Some(longest) => timeout(longest, waiting).await.map_err(|_| SendError::Silent(longest)),
    }
}

/// Reads a response.
///
/// # Errors
/// When it cannot be read, or its server fell silent.
pub(super) async fn read(mut response: Response, bounds: &Bounds) -> Result<Answer, SendError> {
    readable(&response)?;
    let limit = usize::try_from(bounds.max_response).unwrap_or(usize::MAX);
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: text(&response, &CONTENT_TYPE),
        location: text(&response, &LOCATION),
        retry_after: text(&response, &RETRY_AFTER).and_then(|value| wait(&value)),
        headers: kept_headers(response.headers()),
        body: Vec::new(),
        cut: false,
        kept: None,
    };
    while let Some(chunk) = next_chunk(&mut response, &mut answer, bounds).await? {
        let room = limit - answer.body.len();
        answer.body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if chunk.len() > room {
            answer.cut = true;
            break;
        }
    }
    Ok(answer)
}

/// The next bytes of a body. Of a stream that has not ended in time, what came is kept.
async fn next_chunk(
    response: &mut Response,
    answer: &mut Answer,
    bounds: &Bounds,
) -> Result<Option<impl Deref<Target = [u8]> + use<>>, SendError> {
    let streams = answer.content_type.as_deref().is_some_and(is_stream);
    let until = bounds.stream_until.filter(|_| streams);
    let reading = in_time(response.chunk(), bounds.read_timeout);
    let read = match until {
        None => reading.await,
        Some(until) => timeout_at(until, reading).await.unwrap_or(Err(SendError::Silent(Duration::ZERO))),
    };
    match read {
        Err(SendError::Silent(_)) if streams => {
            answer.cut = true;
            Ok(None)
        }
        read => read?.map_err(classify),
    }
}

fn is_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["text/event-stream", "application/x-ndjson", "application/jsonl", "application/ndjson"]
        .iter()
        .any(|stream| essence.eq_ignore_ascii_case(stream))
}

/// Headers that caching, paging and errors read.
const KEPT: [&str; 14] = [
    "age",
    "cache-control",
    "content-length",
    "date",
    "etag",
    "expires",
    "last-modified",
    "link",
    "pragma",
    "ratelimit-reset",
    "set-cookie",
    "vary",
    "www-authenticate",
    "x-ratelimit-reset",
];
/// Bytes of one of them.
const LONGEST_HEADER: usize = 8 * 1024;

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, value)| KEPT.contains(&name.as_str()) && value.len() <= LONGEST_HEADER);
    kept.map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

impl Answer {
    /// The value of a header that is kept.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// When a limit of the server begins anew: seconds from now, or seconds since 1970 where the number is
    /// too large for that.
    pub(crate) fn reset_after(&self) -> Option<Duration> {
        if self.status != 429 {
            return None;
        }
        let seconds = self.header("ratelimit-reset").or_else(|| self.header("x-ratelimit-reset"))?.trim();
        let reset = Duration::try_from_secs_f64(seconds.parse().ok()?).ok()?;
        if reset < Duration::from_secs(1_000_000_000) {
            return Some(reset);
        }
        (SystemTime::UNIX_EPOCH + reset).duration_since(SystemTime::now()).ok()
    }
}

/// What is still encoded was encoded twice, or in a way that was not offered.
fn readable(response: &Response) -> Result<(), SendError> {
    match text(response, &CONTENT_ENCODING).map(|encoding| encoding.trim().to_ascii_lowercase()) {
        None => Ok(()),
        Some(encoding) if encoding.is_empty() || encoding == "identity" => Ok(()),
        Some(_) if response.content_length() == Some(0) => Ok(()),
        Some(_) => {
            let reason = "its answer has a content encoding that was not asked for, and was not read";
            Err(SendError::Unusable(reason.to_owned()))
        }
    }
}

fn text(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `Retry-After`: seconds, or a date. No more than a year, so that it can be added to any time.
fn wait(value: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(366 * 86_400);
    let asked = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(value.trim()).ok()?;
            date.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(asked.min(LONGEST))
}
