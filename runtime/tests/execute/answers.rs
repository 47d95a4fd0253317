//! Answers become outcomes, failures become words.

use cap_runtime::execute::{Content, ErrorKind, ToolError};
use serde_json::json;

use super::support::{Server, call, invoke};

#[tokio::test]
async fn answers_keep_their_kind() {
    let server = Server::start().await;
    let outcome = invoke(call(&server.url(), "/x"), json!({})).await.unwrap();
    assert_eq!(outcome.content, [Content::Text(r#"{"ok":true}"#.to_owned())]);
    assert_eq!(outcome.structured, Some(json!({"ok": true})));

    let content = |path: &'static str| {
        let call = call(&server.url(), path);
        async move { invoke(call, json!({})).await.unwrap().content.remove(0) }
    };
    let data = |text: &str| text.to_owned();
    assert_eq!(content("/png").await, Content::Image { data: data("iVBORw=="), media_type: data("image/png") });
    assert_eq!(content("/wav").await, Content::Audio { data: data("UklGRg=="), media_type: data("audio/wav") });
    assert_eq!(content("/pdf").await, Content::Blob { data: data("JVBERgA="), media_type: data("application/pdf") });
    assert_eq!(content("/latin1").await, Content::Text(data("café")));
    assert_eq!(content("/empty").await, Content::Text(data("the server answered 204 without content")));
}

#[tokio::test]
async fn false_json_is_text_with_a_note() {
    let server = Server::start().await;
    let outcome = invoke(call(&server.url(), "/not-json"), json!({})).await.unwrap();
    assert_eq!(outcome.content, [Content::Text("{oops".to_owned())]);
    assert_eq!((outcome.structured, outcome.notes.len()), (None, 1));
}

#[tokio::test]
async fn failures_say_what_the_server_said_and_what_to_do() {
    let server = Server::start().await;
    let error = invoke(call(&server.url(), "/problem"), json!({})).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server answered 422: Not right: `state` is odd\n[{\"field\":\"state\"}]\n\
         the server did not accept the arguments; change them as it says"
    );
    let error = invoke(call(&server.url(), "/busy"), json!({})).await.unwrap_err();
    assert!(matches!(error, ToolError::Status { status: 429, retry_after: Some(wait), .. } if wait.as_secs() == 60));
    assert!(error.to_string().contains("wait 60 s"), "{error}");
    assert_eq!(server.seen().len(), 2, "a wait beyond the deadline is not waited for");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let error = invoke(call("http://127.0.0.1:1", "/x"), json!({})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}
