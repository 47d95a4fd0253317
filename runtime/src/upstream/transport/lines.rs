//! Lines of a program's output, of at most so many bytes. A longer one is cut off, and the request that it
//! answers gets an error in its place, so that nobody waits for what will not come.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};

/// Output whose lines are bounded.
#[derive(Debug)]
pub(in crate::upstream) struct BoundedLines<R> {
    inner: R,
    limit: usize,
    line: Line,
    /// What is to be read next.
    out: Vec<u8>,
    read: usize,
}

/// What is known of the line that comes.
#[derive(Debug, Default)]
struct Line {
    length: usize,
    /// Its first bytes.
    head: Vec<u8>,
    /// Its last bytes, once it is too long.
    tail: Vec<u8>,
}

impl<R> BoundedLines<R> {
    pub(in crate::upstream) fn new(inner: R, limit: usize) -> Self {
        Self { inner, limit, line: Line::default(), out: Vec::new(), read: 0 }
    }

    /// Takes in what came: parts of lines, each up to and with its end.
    fn take(&mut self, bytes: &[u8]) {
        (self.read, self.out) = (0, Vec::with_capacity(bytes.len()));
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let was_within = self.line.length <= self.limit;
            self.line.take(part);
            let is_within = self.line.length <= self.limit;
            match (was_within, is_within) {
                (_, true) => self.out.extend_from_slice(part),
                // What came of it so far is no message; it ends here.
                (true, false) => self.out.push(b'\n'),
                (false, false) => {}
            }
            if !is_within {
                self.line.keep_tail(part);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                if !is_within {
                    self.out.extend(refusal(&line, self.limit));
                }
            }
        }
    }
}

impl Line {
    fn take(&mut self, part: &[u8]) {
        self.length = self.length.saturating_add(part.len());
        let room = KEPT.saturating_sub(self.head.len());
        self.head.extend(part.iter().take(room));
    }

    fn keep_tail(&mut self, part: &[u8]) {
        self.tail.extend(part.iter().skip(part.len().saturating_sub(KEPT)));
        let more = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..more);
    }

    /// The identifier of the request that it answers: SDKs write it first or last.
    fn id(&self) -> Option<Value> {
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&self.tail));
        let last = || {
            let (_, id) = tail.trim_end().strip_suffix('}')?.rsplit_once("\"id\":")?;
            serde_json::from_str(id.trim()).ok()
        };
        let first = || {
            let (before, after) = head.split_once("\"id\":")?;
            let is_outermost = !before.trim_start().strip_prefix('{')?.contains(['{', '[']);
            let id = after.split([',', '}']).next().filter(|_| is_outermost)?;
            serde_json::from_str(id.trim()).ok()
        };
        first().or_else(last).filter(|id: &Value| id.is_number() || id.is_string())
    }
}

fn refusal(line: &Line, limit: usize) -> Vec<u8> {
    let Some(id) = line.id() else { return Vec::new() };
    let message = format!("its answer has {} bytes; {limit} are taken, as `limits.max_response` says", line.length);
    let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": TOO_LONG, "message": message}});
    format!("{error}\n").into_bytes()
}

impl<R: AsyncRead + Unpin> AsyncRead for BoundedLines<R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.read >= self.out.len() {
            let mut bytes = [0_u8; CHUNK];
            let mut chunk = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.take(chunk.filled());
        }
        let part: Vec<u8> = self.out.iter().skip(self.read).take(into.remaining()).copied().collect();
        into.put_slice(&part);
        self.read += part.len();
        Poll::Ready(Ok(()))
    }
}

/// Bytes of the beginning and of the end of a line that are looked at.
const KEPT: usize = 256;
const CHUNK: usize = 8 << 10;
/// The code of JSON-RPC for an error within.
const TOO_LONG: i32 = -32_603;

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::BoundedLines;

    async fn read(text: &str) -> String {
        let mut lines = BoundedLines::new(text.as_bytes(), 64);
        let mut read = String::new();
        lines.read_to_string(&mut read).await.unwrap();
        read
    }

    #[tokio::test]
    async fn lines_within_the_limit_stay() {
        let text = format!("{{\"id\":1}}\n\n{}\nlast", "x".repeat(63));
        assert_eq!(read(&text).await, text);
    }

    #[tokio::test]
    async fn a_longer_one_becomes_the_error_of_its_request() {
        let long = "x".repeat(100_000);
        for (text, id) in [
            (
                format!(
                    "{{\"jsonrpc\":\"2.0\", \"id\": 7, \"result\":{{\"id\":1,\"a\":\"{long}\"}}}}\n{{\"next\":1}}\n"
                ),
                "\"id\":7,",
            ),
            (
                format!(
                    "{{\"result\":{{\"id\":1,\"a\":\"{long}\"}},\"jsonrpc\":\"2.0\",\"id\":\"seven\"}}\n{{\"next\":1}}\n"
                ),
                "\"id\":\"seven\",",
            ),
        ] {
            let read = read(&text).await;
            assert!(read.len() < 10_000, "{} bytes", read.len());
            let error = read.lines().find(|line| line.contains("max_response")).unwrap();
            assert!(error.contains(id) && error.starts_with("{\"jsonrpc\""), "{error}");
            assert!(read.ends_with("\n{\"next\":1}\n"), "{read}");
        }
        assert!(!read(&format!("{long}\n")).await.contains("max_response"));
    }
}
