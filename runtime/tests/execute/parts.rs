//! Multipart and form bodies of imported operations, part by part.

use std::path::Path;

use serde_json::json;

use super::imported::Imported;
use super::support::Seen;

async fn parts() -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/openapi/parts.yaml");
    Imported::of(&std::fs::read_to_string(path).unwrap()).await
}

/// The head and the content of each part, by a reading of RFC 2046 that trusts nothing of ours.
fn read(seen: &Seen) -> Vec<(Vec<String>, String)> {
    let media_type = seen.header("content-type").unwrap();
    let boundary = media_type.split_once("boundary=").unwrap().1.to_owned();
    let text = String::from_utf8_lossy(&seen.body).into_owned();
    let whole = format!("\r\n{text}");
    let mut pieces: Vec<&str> = whole.split(&format!("\r\n--{boundary}")).collect();
    assert_eq!(pieces.remove(0), "");
    assert_eq!(pieces.pop().unwrap().trim_end(), "--");
    let part = |piece: &str| {
        let (head, content) = piece.strip_prefix("\r\n").unwrap().split_once("\r\n\r\n").unwrap();
        (head.split("\r\n").map(str::to_owned).collect(), content.to_owned())
    };
    pieces.into_iter().map(part).collect()
}

fn heads(seen: &Seen) -> Vec<String> {
    read(seen).into_iter().map(|(head, _)| head.join(" | ")).collect()
}

#[tokio::test]
async fn parts_have_the_types_and_headers_that_the_document_says() {
    let api = parts().await;
    let arguments = json!({
        "title": "t", "cover": "aGk=", "scan": "aGk=", "scan_content_type": "image/webp", "pages": ["YQ==", "Yg=="],
        "raw": "_w", "details": {"year": 1}, "notes": "# n", "band": "b",
    });
    let seen = api.call("add_album", arguments).await.unwrap();
    assert_eq!(
        heads(&seen),
        [
            "Content-Disposition: form-data; name=\"title\"",
            "Content-Disposition: form-data; name=\"cover\"; filename=\"cover\" | Content-Type: image/png | \
             X-Kind: cover | X-Size: 3",
            "Content-Disposition: form-data; name=\"scan\"; filename=\"scan\" | Content-Type: image/webp",
            "Content-Disposition: form-data; name=\"pages\"; filename=\"pages\" | Content-Type: application/octet-stream",
            "Content-Disposition: form-data; name=\"pages\"; filename=\"pages\" | Content-Type: application/octet-stream",
            "Content-Disposition: form-data; name=\"raw\"; filename=\"raw\" | Content-Type: application/octet-stream",
            "Content-Disposition: form-data; name=\"details\" | Content-Type: application/json",
            "Content-Disposition: form-data; name=\"notes\" | Content-Type: text/markdown",
            "Content-Disposition: form-data; name=\"band\"",
        ]
    );
    let contents: Vec<String> = read(&seen).into_iter().map(|(_, content)| content).collect();
    assert_eq!(contents, ["t", "hi", "hi", "a", "b", "\u{fffd}", r#"{"year":1}"#, "# n", "b"]);
    let seen = api.call("add_album", json!({"cover": "", "cover_content_type": "image/jpeg"})).await.unwrap();
    assert!(heads(&seen)[0].contains("Content-Type: image/jpeg"));
    let error = api.refusal("add_album", json!({"cover": "", "cover_content_type": "image/gif"})).await;
    assert!(error.contains("`cover_content_type` must be one of"), "{error}");
    let error = api.refusal("add_album", json!({"cover": "", "scan": "", "scan_content_type": "a\r\nX: y"})).await;
    assert!(error.contains("`scan_content_type` has control characters"), "{error}");
}

#[tokio::test]
async fn names_of_files_stay_within_their_quotes() {
    let api = parts().await;
    let cases = [
        ("a\"; name=\"b", "a%22; name=%22b"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1"),
        ("naïve ☃.png", "naïve ☃.png"),
        ("back\\slash", "back\\slash"),
        ("100%.png", "100%.png"),
        ("a\0b\u{7f}", "ab"),
    ];
    for (given, wanted) in cases {
        let seen = api.call("add_album", json!({"cover": "aGk=", "cover_filename": given})).await.unwrap();
        let parts = read(&seen);
        assert_eq!(parts.len(), 1);
        let wanted = format!("Content-Disposition: form-data; name=\"cover\"; filename=\"{wanted}\"");
        assert_eq!(parts[0].0[0], wanted);
        assert_eq!(parts[0].0.len(), 4);
    }
}

#[tokio::test]
async fn names_of_parts_stay_within_their_quotes() {
    let api = parts().await;
    let arguments = json!({"where": {"a\"; filename=\"x": "1", "b\r\nX-Evil: 1": "2", "ø": "3"}});
    let seen = api.call("add_styled", arguments).await.unwrap();
    let wanted = ["a%22; filename=%22x", "b%0D%0AX-Evil: 1", "ø"];
    let wanted = wanted.map(|name| format!("Content-Disposition: form-data; name=\"where[{name}]\""));
    assert_eq!(heads(&seen), wanted);
}

#[tokio::test]
async fn content_cannot_end_its_part() {
    let api = parts().await;
    let seen = api.call("add_album", json!({"cover": "", "title": "a\r\n--cap--\r\n\r\n--"})).await.unwrap();
    assert_eq!(read(&seen)[0].1, "a\r\n--cap--\r\n\r\n--");
}

#[tokio::test]
async fn other_kinds_of_multipart_keep_their_media_type() {
    let api = parts().await;
    let seen = api.call("add_related", json!({"details": {"a": 1}, "cover": "aGk="})).await.unwrap();
    let media_type = seen.header("content-type").unwrap();
    assert!(media_type.starts_with("multipart/related; boundary=cap-"), "{media_type}");
    assert_eq!(media_type.matches("boundary").count(), 1);
    assert_eq!(read(&seen).len(), 2);
}

#[tokio::test]
async fn styles_take_a_value_apart_as_in_a_form() {
    let api = parts().await;
    let arguments = json!({
        "title": "a,b", "tags": ["x y", "z%"], "songs": ["1", "2"],
        "where": {"land": "NO", "towns": ["a", "b"]}, "size": {"height": 3},
    });
    let seen = api.call("add_styled", arguments).await.unwrap();
    let name = |head: &str| head.split_once("name=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let found: Vec<(String, String)> =
        read(&seen).into_iter().map(|(head, content)| (name(&head.join(" ")), content)).collect();
    let wanted = [
        ("title", "a,b"),
        ("tags", "x y|z%"),
        ("songs", "1,2"),
        ("where[land]", "NO"),
        ("where[towns][]", "a"),
        ("where[towns][]", "b"),
        ("height", "3"),
    ];
    assert_eq!(found, wanted.map(|(name, content)| (name.to_owned(), content.to_owned())));
    let error = api.refusal("add_styled", json!({"title": "a", "size": {"title": "other"}})).await;
    assert!(error.contains("`size` must not have the member `title`"), "{error}");
    let error = api.refusal("search", json!({"q": "a", "area": {"q": "other"}})).await;
    assert!(error.contains("`area` must not have the member `q`"), "{error}");
}

#[tokio::test]
async fn ranges_have_a_default_where_the_document_names_one() {
    let api = parts().await;
    let seen = api.call("set_picture", json!({"body": "iVBORw=="})).await.unwrap();
    assert_eq!((seen.header("content-type").unwrap().as_str(), seen.body.as_slice()), ("image/png", &b"\x89PNG"[..]));
    let seen = api.call("set_picture", json!({"body": "", "content_type": "image/webp"})).await.unwrap();
    assert_eq!(seen.header("content-type").unwrap(), "image/webp");
}

#[tokio::test]
async fn sequences_are_one_value_a_line() {
    let api = parts().await;
    let seen = api.call("add_events", json!({"body": [{"n": 1}, {"n": 2, "t": "a\nb"}]})).await.unwrap();
    assert_eq!(seen.header("content-type").unwrap(), "application/x-ndjson");
    assert_eq!(seen.text(), "{\"n\":1}\n{\"n\":2,\"t\":\"a\\nb\"}\n");
    let seen = api.call("set_events", json!({"body": [1, 2]})).await.unwrap();
    assert_eq!(seen.text(), "\u{1e}1\n\u{1e}2\n");
}

#[tokio::test]
async fn form_fields_follow_their_encoding() {
    let api = parts().await;
    let arguments = json!({
        "q": "a b&c", "filter": {"by": {"name": "x"}, "tags": ["1", "2"]}, "place": {"lat": 1.5},
        "area": {"lat": 2}, "sort": ["a", "b"], "path": "/a?b&c=d", "cursor": "z",
    });
    let seen = api.call("search", arguments).await.unwrap();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&seen.body).into_owned().collect();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("q", "a b&c"),
            ("filter[by][name]", "x"),
            ("filter[tags][]", "1"),
            ("filter[tags][]", "2"),
            ("place", r#"{"lat":1.5}"#),
            ("lat", "2"),
            ("sort", "a|b"),
            ("path", "/a?b&c=d"),
            ("cursor", "z"),
        ]
    );
}
