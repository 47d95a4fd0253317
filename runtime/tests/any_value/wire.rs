//! The same over a real connection: what a server receives is what was planned.

use cap_compiler::capability::{Body, BodyContent, PathPiece, Text};
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

use super::support::{Server, anything, call, executor, form, object, prepared, simple};
use super::{decode, segment, settings, text};

/// A server, and the runtime that it lives in, for all draws of one test.
fn serve() -> (Runtime, Server) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    (runtime, server)
}

#[test]
fn values_arrive_as_they_were_given() {
    let (runtime, server) = serve();
    let executor = executor();
    let header = "[^\\pC\\pZ]([^\\pC]{0,8}[^\\pC\\pZ])?";
    proptest!(settings(), |(path in segment(), query in text(), field in text(), note in header)| {
        let mut call = call(&server.url(), "/x/");
        call.method = "POST".to_owned();
        call.path.push(PathPiece::Value(simple("path")));
        call.query.push(form("query"));
        call.headers.push(simple("note"));
        let content = BodyContent::Form(vec![form("field")]);
        call.body = Some(Body { media_type: Text::default(), optional: false, content, empty: None, choice: None });
        let arguments = object(json!({"path": path, "query": query, "field": field, "note": note}));
        runtime.block_on(executor.call(&prepared(call, anything()), &arguments)).unwrap();
        let seen = server.last();
        let (before, after) = seen.target.split_once('?').unwrap();
        let segments: Vec<_> = before.split('/').map(|it| decode::percent(it).unwrap()).collect();
        prop_assert_eq!(segments, ["", "x", path.as_str()]);
        prop_assert_eq!(decode::pairs(after), Some(vec![("query".to_owned(), query)]));
        prop_assert_eq!(decode::pairs(&seen.text()), Some(vec![("field".to_owned(), field)]));
        prop_assert_eq!(seen.headers.iter().filter(|(name, _)| name == "note").count(), 1);
        prop_assert_eq!(seen.header("note"), Some(note));
    });
}
