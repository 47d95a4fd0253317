//! Request bodies as bytes on the wire.

use cap_compiler::capability::{Binding, Body, BodyContent, BodyPart, HttpCall, Style, Text};
use serde_json::{Value, json};

use super::support::{Server, anything, bound, call, executor, form, invoke, object, prepared, styled};

fn post(server: &str, media_type: &str, content: BodyContent) -> HttpCall {
    let body = Body { media_type: Text::literal(media_type), optional: true, content, empty: None, choice: None };
    HttpCall { method: "POST".to_owned(), body: Some(body), ..call(server, "/x") }
}

#[tokio::test]
async fn json_keeps_types_and_leaves_absent_members_out() {
    let server = Server::start().await;
    let members = ["title", "labels", "absent", "nothing"].map(|name| (name.to_owned(), bound(name)));
    let mut members = members.to_vec();
    members.push(("fixed".to_owned(), Binding::Literal(json!(1))));
    let call = post(&server.url(), "application/json", BodyContent::Json(Binding::Object(members)));
    invoke(call, json!({"title": "t", "labels": [1, {"a": 2.0}], "nothing": null})).await.unwrap();
    let seen = server.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/x"));
    assert_eq!(seen.header("content-type").unwrap(), "application/json");
    assert_eq!(seen.text(), r#"{"title":"t","labels":[1,{"a":2.0}],"nothing":null,"fixed":1}"#);
}

#[tokio::test]
async fn an_optional_body_is_left_out_with_its_arguments() {
    let server = Server::start().await;
    let members = vec![("a".to_owned(), bound("a")), ("fixed".to_owned(), Binding::Literal(json!(1)))];
    let mut call = post(&server.url(), "application/json", BodyContent::Json(Binding::Object(members)));
    invoke(call.clone(), json!({})).await.unwrap();
    assert_eq!(server.last().header("content-type"), None);
    assert!(server.last().body.is_empty());
    call.body.as_mut().unwrap().optional = false;
    invoke(call, json!({})).await.unwrap();
    assert_eq!(server.last().text(), r#"{"fixed":1}"#);
}

#[tokio::test]
async fn forms_have_an_encoding_for_each_property() {
    let server = Server::start().await;
    let parameters = vec![form("a"), styled("b", Style::Form, false), styled("c", Style::DeepObject, true), form("no")];
    let call = post(&server.url(), "application/x-www-form-urlencoded", BodyContent::Form(parameters));
    invoke(call, json!({"a": ["1 &", "2"], "b": [1, 2], "c": {"d": "e"}})).await.unwrap();
    assert_eq!(server.last().text(), "a=1%20%26&a=2&b=1,2&c%5Bd%5D=e");
}

#[tokio::test]
async fn multipart_has_text_json_and_files() {
    let server = Server::start().await;
    let part = |name: &str, binary| BodyPart {
        name: name.to_owned(),
        value: bound(name),
        binary,
        filename: None,
        content_type: None,
        headers: Vec::new(),
        encoding: None,
    };
    let mut file = part("file", true);
    file.filename = Some(Text::literal("a\"b.txt"));
    file.content_type = Some(Text::literal("text/csv"));
    let parts = vec![part("note", false), part("meta", false), file, part("tag", false), part("raw", true)];
    let call = post(&server.url(), "multipart/form-data", BodyContent::Multipart(parts));
    let arguments =
        json!({"note": "hi\r\n--cap", "meta": {"a": 1}, "file": "aGVsbG8=", "tag": ["x", "y"], "raw": "_-8"});
    invoke(call, arguments).await.unwrap();
    let seen = server.last();
    let kind = seen.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let expected = [
        "Content-Disposition: form-data; name=\"note\"\r\n\r\nhi\r\n--cap".as_bytes(),
        b"Content-Disposition: form-data; name=\"meta\"\r\nContent-Type: application/json\r\n\r\n{\"a\":1}",
        b"Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.txt\"\r\nContent-Type: text/csv\r\n\r\nhello",
        b"Content-Disposition: form-data; name=\"tag\"\r\n\r\nx",
        b"Content-Disposition: form-data; name=\"tag\"\r\n\r\ny",
        b"Content-Disposition: form-data; name=\"raw\"; filename=\"raw\"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\xef",
    ];
    let mut whole = Vec::new();
    for part in expected {
        whole.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        whole.extend_from_slice(part);
        whole.extend_from_slice(b"\r\n");
    }
    whole.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    assert_eq!(seen.body, whole);
}

#[tokio::test]
async fn text_and_bytes_go_as_they_are() {
    let server = Server::start().await;
    let text = post(&server.url(), "application/xml", BodyContent::Text(bound("v")));
    invoke(text, json!({"v": "<a>ü</a>"})).await.unwrap();
    assert_eq!(
        (server.last().header("content-type").unwrap().as_str(), server.last().text().as_str()),
        ("application/xml", "<a>ü</a>")
    );
    let bytes = post(&server.url(), "image/png", BodyContent::Binary(bound("v")));
    invoke(bytes.clone(), json!({"v": "iVBO\nRw"})).await.unwrap();
    assert_eq!(server.last().body, b"\x89PNG");
    let error = invoke(bytes, json!({"v": "not base64!"})).await.unwrap_err();
    assert!(error.to_string().contains("`v` must be base64"), "{error}");
}

#[test]
fn a_dry_run_shows_the_request() {
    let members = vec![("title".to_owned(), bound("title"))];
    let mut call = post("https://api.example.com/v1", "application/json", BodyContent::Json(Binding::Object(members)));
    call.query.push(form("page"));
    let arguments: Value = json!({"title": "t", "page": 2});
    let plan = executor().plan(&prepared(call, anything()), &object(arguments)).unwrap();
    let expected = "POST https://api.example.com/v1/x?page=2\nAccept: application/json, text/*;q=0.9, */*;q=0.8\nContent-Type: application/json\n\n{\n  \"title\": \"t\"\n}\n";
    assert_eq!(plan.render(), expected);
}
