//! Bodies of HTTP answers: read within bounds, whole or event by event.

use std::fmt;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use sse_stream::{Error as SseError, Sse, SseStream};

type Chunks = BoxStream<'static, Result<Bytes, String>>;

/// Why a body cannot be read.
#[derive(Debug)]
pub(in crate::upstream) struct BodyError(pub(super) String);

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BodyError {}

/// A whole body of at most `limit` bytes.
///
/// # Errors
/// When it is longer, or breaks.
pub(super) async fn whole(mut chunks: Chunks, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(BodyError)?;
        if body.len() + chunk.len() > limit {
            return Err(too_long(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The events of a body (WHATWG HTML, section 9.2), each of at most `limit` bytes.
pub(super) fn events(chunks: Chunks, limit: usize) -> BoxStream<'static, Result<Sse, SseError>> {
    let calm = |event: Sse| Sse { retry: event.retry.map(|pause| pause.clamp(SHORTEST_RETRY, LONGEST_RETRY)), ..event };
    SseStream::from_bytes_stream(bounded(chunks, limit)).map(move |event| event.map(calm)).boxed()
}

/// The chunks, until an event has more than `limit` bytes.
fn bounded(chunks: Chunks, limit: usize) -> impl Stream<Item = Result<Bytes, BodyError>> + Send {
    let state = (chunks, 0_usize, b'\n');
    futures::stream::unfold(Some(state), move |state| async move {
        let (mut chunks, mut length, mut last) = state?;
        let chunk = match chunks.next().await? {
            Ok(chunk) => chunk,
            Err(error) => return Some((Err(BodyError(error)), None)),
        };
        for byte in chunk.iter().filter(|byte| **byte != b'\r') {
            // An empty line ends an event.
            length = if *byte == b'\n' && last == b'\n' { 0 } else { length + 1 };
            last = *byte;
            if length > limit {
                return Some((Err(too_long(limit)), None));
            }
        }
        Some((Ok(chunk), Some((chunks, length, last))))
    })
}

fn too_long(limit: usize) -> BodyError {
    BodyError(format!("a message has more than {limit} bytes"))
}

/// Milliseconds until a stream is asked for again, whatever a server says.
const SHORTEST_RETRY: u64 = 50;
const LONGEST_RETRY: u64 = 30_000;
