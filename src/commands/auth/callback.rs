//! Hears the one request with which a browser comes back from logging in. It is no web server: it
//! reads the first line of a request, within bounds, and answers with one plain page.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};

/// Where browsers come back to.
const PATH: &str = "/callback";
/// The longest request that is read; a browser's is shorter.
const LONGEST: usize = 16 << 10;
/// How long one connection may take to say what it wants: browsers open some that they do not use.
const PATIENCE: Duration = Duration::from_secs(2);

/// A listener on a port of this machine.
pub(super) struct Callback {
    listener: TcpListener,
    address: SocketAddr,
}

/// A browser that came back.
pub(super) struct Heard {
    /// The query of the address.
    pub(super) query: String,
    /// The page that waits for an answer.
    pub(super) page: Page,
}

/// A connection that waits for its page.
pub(super) struct Page(TcpStream);

impl Callback {
    /// Listens on loopback only; 0 is a free port.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub(super) async fn listen(port: u16) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address as the authorization server is told (RFC 8252, section 7.3).
    pub(super) fn redirect_uri(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// The first request to the callback's path; others, such as one for an icon, are sent away.
    pub(super) async fn hear(&self, wait: Duration) -> Option<Heard> {
        let deadline = Instant::now() + wait;
        loop {
            let (mut stream, _) = timeout_at(deadline, self.listener.accept()).await.ok()?.ok()?;
            let target = timeout(PATIENCE, target(&mut stream)).await.ok().flatten();
            let query = target.as_deref().and_then(|target| target.strip_prefix(PATH)?.strip_prefix('?'));
            match query {
                Some(query) => return Some(Heard { query: query.to_owned(), page: Page(stream) }),
                None => answer(stream, "404 Not Found", "There is nothing here.").await,
            }
        }
    }
}

impl Page {
    /// Answers the browser.
    pub(super) async fn say(self, text: &str) {
        answer(self.0, "200 OK", text).await;
    }
}

/// The target of a `GET` request.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    // A browser goes away when it is not read to the end of its head.
    while !read.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let mut part = [0_u8; 2048];
        let count = stream.read(&mut part).await.ok()?;
        read.extend_from_slice(part.get(..count)?);
        if count == 0 || read.len() > LONGEST {
            return None;
        }
    }
    let head = std::str::from_utf8(&read).ok()?;
    let mut words = head.lines().next()?.split(' ');
    (words.next() == Some("GET")).then(|| words.next().map(str::to_owned)).flatten()
}

async fn answer(mut stream: TcpStream, status: &str, text: &str) {
    let page = format!("<!doctype html><title>cap</title><p>{text}</p>\n");
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        page.len()
    );
    // Nobody is told if the browser has gone.
    _ = stream.write_all(format!("{head}{page}").as_bytes()).await;
    _ = stream.shutdown().await;
}
