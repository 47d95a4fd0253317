//! Which answers are kept for the next call, and for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::Response;
use cap_compiler::capability::{Capability, Credential, Expression, Piece, SecretName, Text};
use cap_runtime::execute::{Executor, ExecutorSettings, Prepared};
use cap_runtime::secret::Secrets;
use serde_json::{Map, Value, json};

use super::support::{Server, executor, http, object, text, tool};

/// A server that counts, and answers with these headers.
async fn server(status: u16, headers: &'static [(&'static str, &'static str)]) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |asked| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let mut builder = Response::builder().status(status).header("content-type", "text/plain");
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let tag = headers.iter().find(|(name, _)| *name == "etag").map(|(_, value)| *value);
        if tag.is_some() && asked.condition.as_deref() == tag {
            return builder.status(304).body(axum::body::Body::empty()).unwrap();
        }
        builder.body(format!("answer {number}").into()).unwrap()
    })
    .await
}

async fn called(executor: &Executor, capability: Capability, arguments: Value) -> (String, Vec<String>) {
    let outcome = executor.call(&Prepared::new(Arc::new(capability)), &object(arguments)).await.unwrap();
    (text(&outcome).to_owned(), outcome.notes)
}

/// What two calls of the same request give, and how often the server was asked.
async fn twice(server: &Server, capability: Capability) -> (String, usize) {
    let executor = executor();
    called(&executor, capability.clone(), json!({})).await;
    let (text, _) = called(&executor, capability, json!({})).await;
    (text, server.seen().len())
}

#[tokio::test]
async fn a_fresh_answer_is_given_again_and_said_to_be_kept() {
    let server = server(200, &[("cache-control", "max-age=60")]).await;
    let executor = executor();
    let (first, notes) = called(&executor, tool(&server, &["q"]), json!({"q": "a"})).await;
    assert_eq!((first.as_str(), notes.len()), ("answer 0", 0));
    let (second, notes) = called(&executor, tool(&server, &["q"]), json!({"q": "a"})).await;
    assert_eq!(second, "answer 0");
    assert!(notes[0].contains("kept from an earlier call"), "{notes:?}");
    let (other, _) = called(&executor, tool(&server, &["q"]), json!({"q": "b"})).await;
    assert_eq!(other, "answer 1");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn what_nobody_said_to_keep_is_asked_for_again() {
    let kept_by_nobody: [&[(&str, &str)]; 6] = [
        &[],
        &[("cache-control", "no-store, max-age=60")],
        &[("cache-control", "max-age=0")],
        &[("cache-control", "max-age=60"), ("set-cookie", "a=b")],
        &[("cache-control", "max-age=60"), ("vary", "*")],
        // A date of last change alone invites guessing, which is not done.
        &[("last-modified", "Mon, 02 Nov 2026 10:00:00 GMT")],
    ];
    for headers in kept_by_nobody {
        let server = server(200, headers).await;
        let (text, asked) = twice(&server, tool(&server, &[])).await;
        assert_eq!((text.as_str(), asked), ("answer 1", 2), "{headers:?}");
    }
}

#[tokio::test]
async fn a_stale_answer_is_asked_about() {
    let server = server(200, &[("etag", "\"one\""), ("cache-control", "no-cache")]).await;
    let (text, asked) = twice(&server, tool(&server, &[])).await;
    assert_eq!((text.as_str(), asked), ("answer 0", 2));
}

#[tokio::test]
async fn a_definition_may_say_how_long() {
    let plain = server(200, &[]).await;
    let mut capability = tool(&plain, &[]);
    capability.answer.cache = Some(Duration::from_secs(60));
    assert_eq!(twice(&plain, capability.clone()).await, ("answer 0".to_owned(), 1));
    capability.answer.cache = Some(Duration::from_secs(1));
    let server = server(200, &[("cache-control", "max-age=600")]).await;
    let mut short = tool(&server, &[]);
    short.answer.cache = capability.answer.cache;
    let executor = executor();
    called(&executor, short.clone(), json!({})).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(called(&executor, short, json!({})).await.0, "answer 1");
    // The server's `no-store` is stronger than what an author says.
    let secretive = self::server(200, &[("cache-control", "no-store")]).await;
    let mut capability = tool(&secretive, &[]);
    capability.answer.cache = Some(Duration::from_secs(60));
    assert_eq!(twice(&secretive, capability).await.1, 2);
}

#[tokio::test]
async fn failures_and_changes_are_never_kept() {
    let failing = server(404, &[("cache-control", "max-age=60")]).await;
    let executor = executor();
    for _ in 0..2 {
        executor.call(&Prepared::new(Arc::new(tool(&failing, &[]))), &Map::new()).await.unwrap_err();
    }
    assert_eq!(failing.seen().len(), 2);
    let server = server(200, &[("cache-control", "max-age=60")]).await;
    let mut post = tool(&server, &[]);
    http(&mut post).method = "POST".to_owned();
    assert_eq!(twice(&server, post).await.1, 2);
}

#[tokio::test]
async fn another_credential_gets_its_own_answer() {
    let server = server(200, &[("cache-control", "max-age=60")]).await;
    let mut capability = tool(&server, &[]);
    let hole = Piece::Hole(Expression::Secret(SecretName("TOKEN".to_owned())));
    http(&mut capability).auth = vec![vec![Credential::Bearer(Text { pieces: vec![hole] })]];
    let file = tempfile::NamedTempFile::new().unwrap();
    let set =
        |value: &str| std::io::Write::write_all(&mut file.reopen().unwrap(), format!("TOKEN={value}\n").as_bytes());
    set("first-credential").unwrap();
    let secrets = Secrets::none().with_file(file.path()).unwrap();
    let executor = Executor::new(ExecutorSettings { secrets, ..ExecutorSettings::default() }).unwrap();
    assert_eq!(called(&executor, capability.clone(), json!({})).await.0, "answer 0");
    assert_eq!(called(&executor, capability.clone(), json!({})).await.0, "answer 0");
    set("other-credential").unwrap();
    // What was read of the file is taken as it is for a moment.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while called(&executor, capability.clone(), json!({})).await.0 == "answer 0" {
        assert!(tokio::time::Instant::now() < deadline, "the other credential never came");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.seen().len(), 2);
}
