//! Servers that lie over HTTP: each costs only itself, and says why.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::{MB, World, upstream};

/// A server of 2025-11-25 that lies where `lie` has an answer.
struct Liar {
    url: String,
    /// The headers and the method of every request.
    seen: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Liar {
    async fn start(lie: impl Fn(&str, &Value) -> Option<Response> + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (kept, lie) = (Arc::clone(&seen), Arc::new(lie));
        let answer = move |method: Method, headers: HeaderMap, body: Bytes| {
            let (kept, lie) = (Arc::clone(&kept), Arc::clone(&lie));
            async move {
                kept.lock().unwrap().push(headers);
                let message: Value = serde_json::from_slice(&body).unwrap_or_default();
                let asked = if method == Method::POST {
                    message["method"].as_str().unwrap_or_default()
                } else {
                    method.as_str()
                };
                lie(asked, &message).unwrap_or_else(|| honest(asked, &message))
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self { url, seen }
    }

    fn transport(&self) -> Value {
        json!({"http": self.url})
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn honest(asked: &str, message: &Value) -> Response {
    let result = match asked {
        "initialize" => {
            json!({"protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": true}}, "serverInfo": {"name": "liar", "version": "1"}})
        }
        "tools/list" => json!({"tools": [{"name": "honest", "inputSchema": {"type": "object"}}]}),
        "tools/call" => json!({"content": [{"type": "text", "text": "honestly"}]}),
        "GET" | "DELETE" => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
        "server/discover" => {
            let error = json!({"code": -32601, "message": "Method not found"});
            return Json(json!({"jsonrpc": "2.0", "id": message["id"], "error": error})).into_response();
        }
        _ => return StatusCode::ACCEPTED.into_response(),
    };
    answered(message, &result)
}

fn answered(message: &Value, result: &Value) -> Response {
    Json(json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).into_response()
}

/// An answer in pieces that come without end, or a number of times.
fn pieces(media_type: &'static str, first: String, piece: &'static str, times: usize, pause: Duration) -> Response {
    let head = futures::stream::iter([Bytes::from(first)]);
    let rest = futures::stream::iter(0..times).then(move |_| async move {
        tokio::time::sleep(pause).await;
        Bytes::from_static(piece.as_bytes())
    });
    let body = Body::from_stream(head.chain(rest).map(Ok::<_, std::io::Error>));
    ([(header::CONTENT_TYPE, media_type)], body).into_response()
}

/// A hundred megabytes within a result.
fn giant(message: &Value) -> Response {
    const PIECE: &str = match std::str::from_utf8(&[b'x'; 1 << 16]) {
        Ok(text) => text,
        Err(_) => "",
    };
    let first = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{"tools":[{{"name":"g","inputSchema":{{"description":""#,
        message["id"]
    );
    pieces("application/json", first, PIECE, 1_600, Duration::ZERO)
}

/// A gigabyte of zeros within a result, compressed.
fn bomb(message: &Value) -> Response {
    use std::io::Write;

    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    write!(out, r#"{{"jsonrpc":"2.0","id":{},"result":{{"content":[{{"type":"text","text":""#, message["id"]).unwrap();
    let zeros = vec![b'0'; 1 << 20];
    (0..256).for_each(|_| out.write_all(&zeros).unwrap());
    let body = out.finish().unwrap();
    ([(header::CONTENT_TYPE, "application/json"), (header::CONTENT_ENCODING, "gzip")], body).into_response()
}

#[tokio::test]
async fn one_that_does_not_begin_is_unavailable_and_says_why() {
    let html =
        |_: &str, _: &Value| Some(([(header::CONTENT_TYPE, "text/html")], "<html>Sign in</html>").into_response());
    let down = |_: &str, _: &Value| Some((StatusCode::INTERNAL_SERVER_ERROR, "oops").into_response());
    let text = |_: &str, _: &Value| Some(([(header::CONTENT_TYPE, "application/json")], "{not json").into_response());
    let list = |asked: &str, message: &Value| (asked == "tools/list").then(|| giant(message));
    let circle = |asked: &str, message: &Value| {
        let result = json!({"tools": [{"name": "t", "inputSchema": {}}], "nextCursor": "again"});
        (asked == "tools/list").then(|| answered(message, &result))
    };
    let endless = |asked: &str, message: &Value| {
        let before = message["params"]["cursor"].as_str().unwrap_or("0").parse::<u64>().unwrap_or_default();
        let result = json!({"tools": [], "nextCursor": (before + 1).to_string()});
        (asked == "tools/list").then(|| answered(message, &result))
    };
    let forever = |_: &str, _: &Value| {
        Some(pieces("text/event-stream", String::new(), ": still here\n\n", usize::MAX, Duration::from_millis(50)))
    };
    let liars = [
        ("html", Liar::start(html).await, "text/html"),
        ("down", Liar::start(down).await, "500"),
        ("text", Liar::start(text).await, "JSON"),
        ("giant", Liar::start(list).await, "bytes"),
        ("circle", Liar::start(circle).await, "circles"),
        ("endless", Liar::start(endless).await, "1000 pages"),
        ("forever", Liar::start(forever).await, "within 4 s"),
    ];
    let limits = json!({"limits": {"connect_timeout": "4s", "max_response": "4MiB"}});
    let mut upstreams: Vec<(&str, Value, Value)> =
        liars.iter().map(|(name, liar, _)| (*name, liar.transport(), limits.clone())).collect();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    upstreams.push(("refusing", json!({"http": format!("http://{unused}/mcp")}), json!({})));
    let world = World::of(&upstreams).await;
    let before = world.held();
    for (name, reason) in liars.iter().map(|(name, _, reason)| (*name, *reason)).chain([("refusing", "")]) {
        world.until_unavailable(name, reason).await;
        world.others_answer().await;
    }
    let after = world.held();
    println!("{before:?} {after:?}");
    assert!(after.grown(&before) < 40 * MB, "{before:?} {after:?}");
}

#[tokio::test]
async fn an_answer_that_is_none_fails_its_call_and_no_other() {
    fn lie(way: &'static str) -> impl Fn(&str, &Value) -> Option<Response> {
        move |asked, message| {
            (asked == "tools/call").then(|| match way {
                "html" => ([(header::CONTENT_TYPE, "text/html")], "<html>").into_response(),
                "down" => (StatusCode::INTERNAL_SERVER_ERROR, "oops").into_response(),
                "empty" => StatusCode::OK.into_response(),
                "accepted" => StatusCode::ACCEPTED.into_response(),
                "text" => ([(header::CONTENT_TYPE, "application/json")], "]").into_response(),
                "other" => answered(&json!({"id": 4711}), &json!({"content": []})),
                "giant" => giant(message),
                "bomb" => bomb(message),
                "cut" => pieces("text/event-stream", "id: 1\ndata:\n\n".to_owned(), "", 0, Duration::ZERO),
                _ => pieces(
                    "text/event-stream",
                    String::new(),
                    ": still here\n\n",
                    usize::MAX,
                    Duration::from_millis(50),
                ),
            })
        }
    }
    let ways = ["html", "down", "empty", "accepted", "text", "other", "giant", "bomb", "cut", "forever"];
    let mut liars = Vec::new();
    for way in ways {
        liars.push((way, Liar::start(lie(way)).await));
    }
    let limits = json!({"limits": {"timeout": "3s", "max_response": "4MiB"}});
    let upstreams: Vec<(&str, Value, Value)> =
        liars.iter().map(|(name, liar)| (*name, liar.transport(), limits.clone())).collect();
    let world = World::of(&upstreams).await;
    for way in ways {
        world.until_ready(way).await;
    }
    let before = world.held();
    for way in ways {
        for _ in 0..2 {
            let start = Instant::now();
            let called = format!("{way}__honest");
            let (failed, ()) = tokio::join!(world.failure(&called, json!({})), world.others_answer());
            println!("{way}: {failed} after {:?}", start.elapsed());
            assert!(failed.contains(&format!("`{way}`")), "{failed}");
            assert!(start.elapsed() < Duration::from_secs(15), "{way}: {:?}", start.elapsed());
        }
    }
    let after = world.held();
    println!("{before:?} {after:?}");
    assert!(after.grown(&before) < 40 * MB, "{before:?} {after:?}");
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect() {
    let thief = Liar::start(|_, _| None).await;
    let (to, within) = (thief.url.clone(), "/mcp/moved");
    let leading = Liar::start(move |_, _| {
        Some((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to.clone())]).into_response())
    })
    .await;
    let to = thief.url.clone();
    let later = Liar::start(move |asked, _| {
        (asked == "tools/call")
            .then(|| (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to.clone())]).into_response())
    })
    .await;
    let around = Liar::start(move |asked, _| {
        (asked == "tools/call").then(|| (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, within)]).into_response())
    })
    .await;
    let headers = json!({"headers": {"Authorization": "Bearer {{ secret.PLANTED_TOKEN }}"}});
    let world = World::of(&[
        ("leading", leading.transport(), headers.clone()),
        ("later", later.transport(), headers.clone()),
        ("around", around.transport(), headers),
    ])
    .await;
    world.until_state("leading", "unavailable").await;
    assert!(
        world.health("leading").await["reason"].as_str().unwrap().contains("another server"),
        "{}",
        world.health("leading").await
    );
    for (name, reason) in [("later", "another server"), ("around", "redirects")] {
        world.until_ready(name).await;
        let failed = world.failure(&format!("{name}__honest"), json!({})).await;
        assert!(failed.contains(reason), "{failed}");
    }
    assert_eq!(thief.count(), 0, "a redirect to another origin was followed");
    assert!(later.seen.lock().unwrap().iter().all(|headers| headers.contains_key(header::AUTHORIZATION)));
    assert!(!world.served.log().join("\n").contains(crate::support::PLANTED.1), "a secret is in the log");
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_its_file_says_so() {
    let private = Liar::start(|_, _| None).await;
    let world = World::of(&[("inside", private.transport(), json!({"network": "public"}))]).await;
    let health = world.served.health().await;
    assert!(health["problems"].to_string().contains("is a private address"), "{health}");
    // A name says less than an address; what it leads to counts.
    let port = private.url.trim_end_matches("/mcp").rsplit(':').next().unwrap();
    upstream(
        &world.sandbox,
        "inside",
        &json!({"http": format!("http://localhost:{port}/mcp")}),
        &json!({"network": "public"}),
    );
    world
        .until("it is refused", async || {
            let health = world.served.health().await;
            println!("{health}");
            world.health("inside").await["status"] == "unavailable"
                || health["problems"].to_string().contains("localhost")
        })
        .await;
    assert_eq!(private.count(), 0);
}

#[tokio::test]
async fn a_stream_without_end_holds_up_nothing() {
    let endless = Liar::start(|asked, _| {
        (asked == "GET").then(|| {
            let change = "data: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/tools/list_changed\"}\n\n";
            pieces("text/event-stream", String::new(), change, usize::MAX, Duration::from_millis(1))
        })
    })
    .await;
    // Streams are for sessions.
    let named = Liar::start(|asked, message| {
        let mut response = match asked {
            "initialize" => honest(asked, message),
            "GET" => {
                pieces("text/event-stream", String::new(), "data: garbage\n\n", usize::MAX, Duration::from_millis(1))
            }
            _ => return None,
        };
        response.headers_mut().insert("mcp-session-id", "one".parse().unwrap());
        Some(response)
    })
    .await;
    let world =
        World::of(&[("endless", endless.transport(), json!({})), ("named", named.transport(), json!({}))]).await;
    for name in ["endless", "named"] {
        world.until_ready(name).await;
    }
    let before = world.held();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        for name in ["endless", "named"] {
            assert_eq!(world.answer(&format!("{name}__honest"), json!({})).await, "honestly");
        }
        world.others_answer().await;
    }
    let after = world.held();
    assert!(after.grown(&before) < 30 * MB && after.files <= before.files + 8, "{before:?} {after:?}");
}

#[tokio::test]
async fn an_older_server_names_no_address_but_its_own() {
    let thief = Liar::start(|_, _| None).await;
    let to = thief.url.clone();
    let leading = Liar::start(move |asked, _| {
        let event = format!("event: endpoint\ndata: {to}\n\n");
        (asked == "GET")
            .then(|| pieces("text/event-stream", event, ": still here\n\n", usize::MAX, Duration::from_millis(50)))
    })
    .await;
    let silent = Liar::start(|asked, _| {
        (asked == "GET").then(|| {
            pieces("text/event-stream", String::new(), ": still here\n\n", usize::MAX, Duration::from_millis(50))
        })
    })
    .await;
    let ended = Liar::start(|asked, _| {
        (asked == "GET").then(|| pieces("text/event-stream", String::new(), "", 0, Duration::ZERO))
    })
    .await;
    let refusing = Liar::start(|asked, _| (asked == "GET").then(|| StatusCode::NOT_FOUND.into_response())).await;
    let more =
        json!({"headers": {"Authorization": "Bearer {{ secret.PLANTED_TOKEN }}"}, "limits": {"connect_timeout": "3s"}});
    let liars = [
        ("leading", &leading, "another server"),
        ("silent", &silent, "within 3 s"),
        ("ended", &ended, "ends before"),
        ("refusing", &refusing, "404"),
    ];
    let upstreams: Vec<(&str, Value, Value)> =
        liars.iter().map(|(name, liar, _)| (*name, json!({"sse": liar.url}), more.clone())).collect();
    let world = World::of(&upstreams).await;
    for (name, _, reason) in liars {
        world.until_unavailable(name, reason).await;
        world.others_answer().await;
    }
    assert_eq!(thief.count(), 0, "a credential went to another server");
    assert!(!world.served.log().join("\n").contains(crate::support::PLANTED.1), "a secret is in the log");
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let hole = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/mcp", hole.local_addr().unwrap());
    let limits = json!({"limits": {"connect_timeout": "2s"}});
    let world =
        World::of(&[("http", json!({"http": url}), limits.clone()), ("sse", json!({"sse": url}), limits)]).await;
    let before = world.held();
    for name in ["http", "sse"] {
        world.until_unavailable(name, "within 2 s").await;
        let failed = world.failure(&format!("{name}__anything"), json!({})).await;
        assert!(failed.contains("no tool"), "{failed}");
    }
    world.others_answer().await;
    let after = world.held();
    assert!(after.files <= before.files + 8, "{before:?} {after:?}");
}
