//! Long answers stay whole where they are cut.

use serde_json::{Value, json};

use super::support::{Server, invoke, text, tool};

fn rows(count: usize) -> Value {
    (0..count).map(|row| json!({"row": row, "text": "x".repeat(40)})).collect()
}

#[tokio::test]
async fn lists_lose_their_last_items_and_stay_json() {
    let server = Server::of("application/json", json!({"name": "all", "items": rows(1_000)}).to_string()).await;
    let mut capability = tool(&server, &[]);
    capability.limits.max_output = Some(5_000);
    let outcome = invoke(capability).await.unwrap();
    assert!(text(&outcome).len() <= 5_000);
    let shown: Value = serde_json::from_str(text(&outcome)).unwrap();
    let kept = shown["items"].as_array().unwrap();
    assert_eq!((&shown["name"], &kept[0]["row"]), (&json!("all"), &json!(0)));
    assert!(kept.len() > 40 && kept.iter().all(|row| row["text"].as_str().unwrap().len() == 40));
    assert!(outcome.notes[0].contains(&format!("{} of 1000 items of `/items`", kept.len())), "{:?}", outcome.notes);
    assert_eq!(outcome.structured, Some(shown));
}

#[tokio::test]
async fn what_is_not_a_list_is_cut_too() {
    let wide: Value =
        (0..500).map(|n| (format!("member {n}"), json!("y".repeat(100)))).collect::<serde_json::Map<_, _>>().into();
    for body in [wide, json!("z".repeat(50_000)), json!({"a": {"b": ["é".repeat(50_000)]}}), json!([[rows(100)]])] {
        let server = Server::of("application/json", body.to_string()).await;
        let mut capability = tool(&server, &[]);
        capability.limits.max_output = Some(3_000);
        let outcome = invoke(capability).await.unwrap();
        assert!((1..=3_000).contains(&text(&outcome).len()), "{}", text(&outcome).len());
        serde_json::from_str::<Value>(text(&outcome)).unwrap();
        assert!(outcome.notes[0].contains("longer than what is shown"), "{:?}", outcome.notes);
    }
}

#[tokio::test]
async fn json_that_was_not_read_to_its_end_is_closed() {
    let body = json!({"items": rows(1_000), "total": 1_000}).to_string();
    for limit in [1, 9, 10, 11, 55, 60, 61, 5_000, 5_001, 5_017, 5_031] {
        let server = Server::of("application/json", body.clone()).await;
        let mut capability = tool(&server, &[]);
        capability.limits.max_response = Some(limit);
        let outcome = invoke(capability).await.unwrap();
        let shown: Value = serde_json::from_str(text(&outcome)).unwrap_or_else(|_| panic!("{limit}: {outcome:?}"));
        assert!(
            shown["items"].as_array().is_none_or(|items| items.iter().all(|item| item["row"].is_u64() || limit < 90))
        );
        assert!(outcome.notes[0].contains("was cut after"), "{:?}", outcome.notes);
    }
}

#[tokio::test]
async fn texts_end_with_a_line_and_tables_with_a_record() {
    let server = Server::of("text/plain", "one line of text\n".repeat(100)).await;
    let mut capability = tool(&server, &[]);
    capability.limits.max_output = Some(500);
    let outcome = invoke(capability).await.unwrap();
    assert!(text(&outcome).len() <= 500 && text(&outcome).ends_with("text\n"));
    assert!(outcome.notes[0].contains("of 1700 bytes are shown"), "{:?}", outcome.notes);

    let server = Server::of("text/csv", "id,text\n".to_owned() + &"1,\"two\nlines\"\n".repeat(100)).await;
    let mut capability = tool(&server, &[]);
    capability.limits.max_output = Some(500);
    let outcome = invoke(capability).await.unwrap();
    assert!(text(&outcome).len() <= 500 && text(&outcome).ends_with("lines\"\n"), "{}", text(&outcome));
}
