//! Values that try to be more than values.

use cap_compiler::capability::{Binding, Piece, Text};
use cap_compiler::capability::{PathPiece, Style};
use cap_runtime::execute::{ErrorKind, ToolError};
use serde_json::{Value, json};

use super::support::{Server, argument, bound, call, computed, decoded, form, invoke, simple, styled};

#[tokio::test]
async fn a_path_value_stays_in_its_segment() {
    let server = Server::start().await;
    for value in ["a/b", "..%2f", "%2e%2e", "a\\b", "x?y=1", "x#y", ";p=1", "@evil.test", "ü", "..a", " . "] {
        let mut call = call(&server.url(), "/files/");
        call.path.push(PathPiece::Value(simple("name")));
        call.path.push(PathPiece::Literal("/end".to_owned()));
        invoke(call, json!({"name": value})).await.unwrap();
        let target = server.last().target;
        let segments: Vec<&str> = target.split('/').collect();
        assert_eq!(segments.len(), 4, "{target}");
        assert_eq!(decoded(segments[2]), value);
        assert!(!target.contains('?') && !target.contains('#'), "{target}");
    }
}

#[tokio::test]
async fn path_values_that_no_encoding_makes_safe_are_refused() {
    let server = Server::start().await;
    let rows: [(Style, Value); 9] = [
        (Style::Simple, json!(".")),
        (Style::Simple, json!("..")),
        (Style::Simple, json!("...")),
        (Style::Simple, json!("")),
        (Style::Simple, json!([])),
        (Style::Simple, json!("a\r\nb")),
        (Style::Simple, json!(["a\u{0}"])),
        (Style::Label, json!(".")),
        (Style::Label, json!("..")),
    ];
    for (style, value) in rows {
        let mut call = call(&server.url(), "/files/");
        call.path.push(PathPiece::Value(styled("name", style, false)));
        let error = invoke(call, json!({"name": value})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Arguments, "{value}");
        assert!(error.to_string().contains("`name`"), "{error}");
    }
    // Two values that are harmless alone.
    let mut call = call(&server.url(), "/files/");
    call.path.push(PathPiece::Value(simple("a")));
    call.path.push(PathPiece::Value(simple("b")));
    let error = invoke(call, json!({"a": ".", "b": "."})).await.unwrap_err();
    assert!(error.to_string().contains("`a`"), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_header_value_is_one_line() {
    let server = Server::start().await;
    for value in ["a\r\nX-Evil: 1", "a\rb", "a\nb", "a\u{0}b", "a\u{7f}", "\r\n"] {
        let mut call = call(&server.url(), "/x");
        call.headers.push(simple("x_note"));
        let error = invoke(call, json!({"x_note": value})).await.unwrap_err();
        assert!(matches!(&error, ToolError::Arguments { problems, .. } if problems[0].argument == "x_note"), "{error}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_query_value_adds_no_key() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    call.query.push(form("q"));
    invoke(call, json!({"q": "1&admin=true#x"})).await.unwrap();
    assert_eq!(server.last().query(), "q=1%26admin%3Dtrue%23x");
}

#[tokio::test]
async fn a_template_in_a_value_is_text() {
    let server = Server::start().await;
    let value = "{{ secret.TOKEN }} {{ 7 * 7 }} {% raw %}";
    let mut call = call(&server.url(), "/x");
    let text = Text { pieces: vec![Piece::Literal("<".to_owned()), Piece::Hole(argument("q"))] };
    let mut parameters = vec![form("q"), form("text"), form("computed"), form("args")];
    parameters[1].value = Binding::Text(text);
    parameters[2].value = Binding::Value(computed("q | trim", &["q"]));
    parameters[3].value = Binding::Value(computed("args['q'] ~ '!'", &["q"]));
    call.query = parameters;
    invoke(call, json!({"q": value})).await.unwrap();
    let query = decoded(server.last().query());
    assert_eq!(query, format!("q={value}&text=<{value}&computed={value}&args={value}!"));
}

#[tokio::test]
async fn absent_arguments_leave_their_keys_out() {
    let server = Server::start().await;
    let mut call = call(&server.url(), "/x");
    let mut parameters = vec![form("a"), form("b"), form("c"), form("d"), form("e")];
    parameters[1].value =
        Binding::Text(Text { pieces: vec![Piece::Literal("x".to_owned()), Piece::Hole(argument("a"))] });
    parameters[2].value = Binding::Value(computed("a | upper", &["a"]));
    parameters[3].value = Binding::Value(computed("a | default('fallback')", &["a"]));
    parameters[4].value = bound("given");
    call.query = parameters;
    invoke(call, json!({"given": "yes"})).await.unwrap();
    assert_eq!(server.last().query(), "d=fallback&e=yes");
}

#[tokio::test]
async fn the_server_reads_no_argument() {
    let mut call = call("http://", "/x");
    call.server.pieces.push(Piece::Hole(argument("host")));
    let error = invoke(call, json!({"host": "evil.test"})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Definition);
}
