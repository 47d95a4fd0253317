//! Hostile inputs from public test suites, where the machine has them.

use std::time::Instant;

use cap_compiler::capability::{Binding, Body, BodyContent, HttpCall, Network, Parameter, PathPiece, Text};
use cap_runtime::execute::ErrorKind;
use serde_json::{Value, json};

use super::support::{
    Server, anything, bound, call, computed, decoded, executor, form, object, prepared, shared, simple,
};

fn rows(name: &str) -> Vec<Value> {
    let text = shared(&format!("vectors/{name}.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap()
}

fn in_path(server: &str) -> HttpCall {
    let mut call = call(server, "/files/");
    call.path.push(PathPiece::Value(simple("v")));
    call.path.push(PathPiece::Literal("/end".to_owned()));
    call
}

/// The value arrives as one segment, as it was, or the error names the argument.
async fn assert_one_segment(server: &Server, value: &str) {
    let before = server.seen().len();
    match executor().call(&prepared(in_path(&server.url()), anything()), &object(json!({"v": value}))).await {
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Arguments, "{value:?}: {error}");
            assert!(error.to_string().contains("`v`"), "{error}");
            assert_eq!(server.seen().len(), before);
        }
        Ok(_) => {
            let target = server.last().target;
            let segments: Vec<&str> = target.split('/').collect();
            assert_eq!(segments.len(), 4, "{value:?}: {target}");
            assert_eq!(decoded(segments[2]), value);
        }
    }
}

#[tokio::test]
async fn ssrf() {
    let (executor, none) = (executor(), object(json!({})));
    for row in rows("ssrf").iter().filter(|row| text(row, "expect") == "block") {
        let mut call = call(text(row, "url"), "/x");
        call.network = Network::Public;
        let error = executor.call(&prepared(call, anything()), &none).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Refused | ErrorKind::Definition), "{row}: {error}");
    }
}

#[tokio::test]
async fn path_traversal() {
    let server = Server::start().await;
    for row in rows("path_traversal") {
        assert_one_segment(&server, text(&row, "input")).await;
    }
}

#[tokio::test]
async fn crlf_header() {
    let server = Server::start().await;
    for row in rows("crlf_header") {
        if text(&row, "kind") != "header" {
            assert_one_segment(&server, text(&row, "input")).await;
        }
        let (name, value) = match text(&row, "kind") {
            "header" => (text(&row, "name"), text(&row, "value")),
            // A blank is listed among the control characters of URLs, but is one in no header.
            "url-control-char" if !text(&row, "input").contains(' ') => ("x-test", text(&row, "input")),
            _ => continue,
        };
        let before = server.seen().len();
        let mut call = call(&server.url(), "/x");
        call.headers.push(Parameter { value: bound("v"), ..simple(name) });
        let error = executor().call(&prepared(call, anything()), &object(json!({"v": value}))).await.unwrap_err();
        assert!(value == "ValidValue" || error.to_string().contains("`v`"), "{row}: {error}");
        assert_eq!(server.seen().len(), before);
    }
}

#[tokio::test]
async fn template_injection() {
    let server = Server::start().await;
    for row in rows("template_injection") {
        let value = text(&row, "input");
        let mut call = call(&server.url(), "/x");
        call.method = "POST".to_owned();
        call.query = vec![form("v"), Parameter { value: Binding::Value(computed("v", &["v"])), ..form("w") }];
        call.headers = vec![simple("v")];
        let content = BodyContent::Json(bound("v"));
        call.body = Some(Body {
            media_type: Text::literal("application/json"),
            optional: false,
            content,
            empty: None,
            choice: None,
        });
        executor().call(&prepared(call, anything()), &object(json!({"v": value}))).await.unwrap();
        let seen = server.last();
        let pairs: Vec<String> = seen.query().split('&').map(decoded).collect();
        assert_eq!(pairs, [format!("v={value}"), format!("w={value}")]);
        // HTTP does not keep blanks at the ends of a header.
        assert_eq!(seen.header("v").unwrap(), value.trim());
        assert_eq!(serde_json::from_str::<Value>(&seen.text()).unwrap(), json!(value));
    }
}

#[test]
fn regex_redos() {
    for row in rows("regex_redos") {
        let start = Instant::now();
        let schema = json!({"type": "object", "properties": {"v": {"type": "string", "pattern": row["pattern"]}}});
        let tool = prepared(call("http://127.0.0.1:1", "/"), schema);
        let haystack = row["haystack"].as_str().unwrap_or("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
        for value in [haystack.to_owned(), haystack.repeat(2_000)] {
            let _ = executor().plan(&tool, &object(json!({"v": value})));
        }
        assert!(start.elapsed().as_millis() < 2_000, "{row}: {:?}", start.elapsed());
    }
}
