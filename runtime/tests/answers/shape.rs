//! What is kept of an answer, and what it is held against.

use serde_json::json;

use super::support::{Server, invoke, text, tool};

const ANSWER: &str =
    r#"{"items":[{"id":1,"name":"a","owner":{"login":"x","key":"k"}},{"id":2,"name":"b","owner":null}],"next":"n"}"#;

#[tokio::test]
async fn fields_keep_members_through_lists() {
    let server = Server::of("application/json", ANSWER).await;
    let mut capability = tool(&server, &[]);
    capability.answer.fields =
        vec![vec!["items".into(), "id".into()], vec!["items".into(), "owner".into(), "login".into()]];
    let outcome = invoke(capability).await.unwrap();
    let kept = json!({"items": [{"id": 1, "owner": {"login": "x"}}, {"id": 2, "owner": null}]});
    assert_eq!(text(&outcome), kept.to_string());
    assert_eq!(outcome.structured, Some(kept));
}

#[tokio::test]
async fn filters_make_something_else() {
    for (filter, wanted) in [
        (".items[] | {id, name}", json!([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])),
        ("[.items[] | select(.id > 1) | .name] | join(\",\")", json!("b")),
        (".items | length", json!(2)),
        (".items[] | select(.name | test(\"^[ab]$\")) | .id", json!([1, 2])),
        ("empty", json!([])),
    ] {
        let server = Server::of("application/json", ANSWER).await;
        let mut capability = tool(&server, &[]);
        capability.answer.select = Some(filter.to_owned());
        let outcome = invoke(capability).await.unwrap();
        assert_eq!((outcome.structured, outcome.notes), (Some(wanted), Vec::new()), "{filter}");
    }
}

#[tokio::test]
async fn a_filter_that_fails_leaves_the_answer() {
    let server = Server::of("application/json", ANSWER).await;
    let mut capability = tool(&server, &[]);
    capability.answer.select = Some(".next[]".to_owned());
    let outcome = invoke(capability).await.unwrap();
    assert_eq!(text(&outcome), ANSWER);
    assert!(outcome.notes[0].contains("`response.select` could not be applied"), "{:?}", outcome.notes);
}

#[tokio::test]
async fn only_what_keeps_to_the_schema_is_structured() {
    let schema = json!({"type": "object", "properties": {"next": {"type": "integer"}}});
    let server = Server::of("application/json", ANSWER).await;
    let mut capability = tool(&server, &[]);
    capability.output = Some((&schema).into());
    let outcome = invoke(capability.clone()).await.unwrap();
    assert_eq!((text(&outcome), &outcome.structured), (ANSWER, &None));
    assert!(outcome.notes[0].contains("`/next`"), "{:?}", outcome.notes);
    capability.output = Some((&json!({"type": "object", "required": ["items"]})).into());
    assert!(invoke(capability).await.unwrap().structured.is_some());
}
