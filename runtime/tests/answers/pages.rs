//! Pages behind one cursor, in every style.

use std::sync::Arc;

use cap_compiler::capability::*;
use cap_runtime::execute::{ErrorKind, PageRequest, Prepared, ToolOutcome};
use serde_json::{Value, json};

use super::support::{Asked, Server, http, json_answer, page, tool, typed};

const ALL: usize = 25;

fn things(from: usize, count: usize) -> Vec<Value> {
    (from..(from + count).min(ALL)).map(|id| json!({"id": id})).collect()
}

fn number(asked: &Asked, name: &str, otherwise: usize) -> usize {
    asked.query(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// A server with 25 things, ten on a page, that can be paged through in every style.
async fn server() -> Server {
    Server::start(|asked| {
        let size = number(asked, "size", 10);
        let from = match (asked.query("page"), asked.query("token"), asked.query("after")) {
            (Some(page), ..) => (page.parse::<usize>().unwrap() - 1) * size,
            (_, Some(token), _) => token.trim_start_matches('t').parse().unwrap(),
            (.., Some(after)) => after.parse::<usize>().unwrap() + 1,
            _ => number(asked, "offset", 0),
        };
        let more = from + size < ALL;
        let next = more.then(|| format!("/things?offset={}&size={size}", from + size));
        let mut answer = json_answer(&json!({
            "items": things(from, size),
            "total": ALL,
            "has_more": more,
            "token": more.then(|| format!("t{}", from + size)),
            "next": next,
        }));
        if let Some(next) = next {
            let link = format!("<{next}>; rel=\"next\", </things>; rel=\"first\"");
            answer.headers_mut().insert("link", link.parse().unwrap());
        }
        answer
    })
    .await
}

fn argument(name: &str) -> ArgumentName {
    ArgumentName(name.to_owned())
}

fn pagination(next: NextPage) -> Pagination {
    Pagination { next, items: "/items".to_owned(), size: Some(argument("size")), total: None, more: None }
}

fn paged(server: &Server, pagination: Pagination) -> Prepared {
    let mut capability = tool(server, &["page", "token", "after", "offset", "size"]);
    capability.answer.pagination = Some(pagination);
    Prepared::new(Arc::new(capability))
}

fn styles() -> Vec<Pagination> {
    let more = |next| Pagination { more: Some("/has_more".to_owned()), ..pagination(next) };
    let total = |next| Pagination { total: Some("/total".to_owned()), ..pagination(next) };
    vec![
        pagination(NextPage::Link),
        pagination(NextPage::Url { next: "/next".to_owned() }),
        pagination(NextPage::Cursor { argument: argument("token"), next: "/token".to_owned() }),
        more(NextPage::After { argument: argument("after"), member: "/id".to_owned() }),
        pagination(NextPage::Page { argument: argument("page"), start: 1 }),
        total(NextPage::Page { argument: argument("page"), start: 1 }),
        pagination(NextPage::Offset { argument: argument("offset"), start: 0 }),
        total(NextPage::Offset { argument: argument("offset"), start: 0 }),
    ]
}

fn ids(outcome: &ToolOutcome) -> Vec<u64> {
    let items = outcome.structured.as_ref().unwrap()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_u64().unwrap()).collect()
}

fn at(cursor: Option<String>) -> PageRequest {
    PageRequest { cursor, collect: None }
}

fn collect(items: usize) -> PageRequest {
    PageRequest { cursor: None, collect: Some(items) }
}

#[tokio::test]
async fn every_style_leads_through_all_pages() {
    for style in styles() {
        let server = server().await;
        let tool = paged(&server, style.clone());
        let (mut cursor, mut all) = (None, Vec::new());
        for _ in 0..4 {
            let outcome = page(&tool, json!({"size": 10}), &at(cursor)).await.unwrap();
            all.extend(ids(&outcome));
            cursor = outcome.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((all, cursor), ((0..25).collect::<Vec<_>>(), None), "{style:?}");
    }
}

#[tokio::test]
async fn pages_are_collected_until_there_are_enough() {
    for style in styles() {
        let server = server().await;
        let tool = paged(&server, style.clone());
        let outcome = page(&tool, json!({"size": 10}), &collect(15)).await.unwrap();
        assert_eq!((ids(&outcome).len(), server.seen().len()), (20, 2), "{style:?}");
        let rest = page(&tool, json!({"size": 10}), &at(outcome.next_cursor)).await.unwrap();
        assert_eq!(ids(&rest), [20, 21, 22, 23, 24], "{style:?}");
        let all = page(&tool, json!({"size": 10}), &collect(1_000)).await.unwrap();
        assert_eq!((ids(&all).len(), all.next_cursor), (25, None), "{style:?}");
    }
}

#[tokio::test]
async fn cursors_belong_to_their_call() {
    let server = server().await;
    for style in styles() {
        let tool = paged(&server, style);
        let cursor = page(&tool, json!({"size": 10}), &at(None)).await.unwrap().next_cursor.unwrap();
        let other = page(&tool, json!({"size": 5}), &at(Some(cursor.clone()))).await.unwrap_err();
        assert_eq!(other.kind(), ErrorKind::Arguments);
        for wrong in ["", "e30", &cursor[1..], &cursor.replace('a', "b")] {
            if wrong != cursor {
                assert!(page(&tool, json!({"size": 10}), &at(Some(wrong.to_owned()))).await.is_err(), "{wrong}");
            }
        }
    }
}

#[tokio::test]
async fn an_address_cannot_be_made_up() {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let server = server().await;
    let tool = paged(&server, pagination(NextPage::Link));
    let cursor = page(&tool, json!({}), &at(None)).await.unwrap().next_cursor.unwrap();
    let mut said: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap();
    said["u"] = json!("/admin/delete");
    let forged = BASE64_URL_SAFE_NO_PAD.encode(said.to_string());
    let error = page(&tool, json!({}), &at(Some(forged))).await.unwrap_err();
    assert!(error.to_string().contains("`cursor` is no cursor of this tool"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn strangers_addresses_are_not_followed() {
    for next in
        ["https://evil.example/things", "//evil.example/things", "http://user@127.0.0.1/x", "/../admin", "/based"]
    {
        let server = Server::start(move |_| json_answer(&json!({"items": [1], "next": next}))).await;
        let mut capability = tool(&server, &[]);
        http(&mut capability).server = Text::literal(format!("{}/base", server.url()));
        capability.answer.pagination = Some(pagination(NextPage::Url { next: "/next".to_owned() }));
        let outcome = page(&Prepared::new(Arc::new(capability)), json!({}), &collect(10)).await.unwrap();
        assert_eq!((outcome.next_cursor, server.seen().len()), (None, 1), "{next}");
        assert!(outcome.notes.iter().any(|note| note.contains("is not followed")), "{next}: {:?}", outcome.notes);
    }
}

#[tokio::test]
async fn a_failure_on_the_way_keeps_what_came() {
    let server = Server::start(|asked| match asked.query("page").as_deref() {
        Some("3") => typed(500, "text/plain", "boom"),
        _ => json_answer(&json!({"items": [1, 2]})),
    })
    .await;
    let tool = paged(
        &server,
        Pagination { size: None, ..pagination(NextPage::Page { argument: argument("page"), start: 1 }) },
    );
    let outcome = page(&tool, json!({}), &collect(100)).await.unwrap();
    assert_eq!(outcome.structured, Some(json!({"items": [1, 2, 1, 2]})));
    assert!(outcome.notes.iter().any(|note| note.contains("the next page failed") && note.contains("boom")));
    assert!(outcome.next_cursor.is_some());
}

#[tokio::test]
async fn pages_without_end_end() {
    let server = Server::start(|_| json_answer(&json!({"items": [1]}))).await;
    let tool = paged(
        &server,
        Pagination { size: None, ..pagination(NextPage::Page { argument: argument("page"), start: 1 }) },
    );
    page(&tool, json!({}), &collect(1_000_000)).await.unwrap();
    assert_eq!(server.seen().len(), 50);
    // A cursor that leads to itself is the last one.
    let server = Server::start(|_| json_answer(&json!({"items": [1], "token": "same"}))).await;
    let tool = paged(&server, pagination(NextPage::Cursor { argument: argument("token"), next: "/token".to_owned() }));
    page(&tool, json!({}), &collect(1_000)).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_servers_own_limit_ends_nothing_early() {
    // Four at most, whatever is asked for.
    let server = Server::start(|asked| {
        let from = (number(asked, "page", 1) - 1) * 4;
        json_answer(&json!({"items": things(from, 4), "total": ALL}))
    })
    .await;
    let page_style = NextPage::Page { argument: argument("page"), start: 1 };
    let tool = paged(&server, Pagination { total: Some("/total".to_owned()), ..pagination(page_style) });
    let all = page(&tool, json!({"size": 20}), &collect(1_000)).await.unwrap();
    assert_eq!((ids(&all), all.next_cursor), ((0..25).collect(), None));
}

#[tokio::test]
async fn a_page_that_comes_again_is_kept_once() {
    let server = Server::start(|_| json_answer(&json!({"items": things(0, 10)}))).await;
    let style = NextPage::Page { argument: argument("page"), start: 1 };
    let tool = paged(&server, Pagination { size: None, ..pagination(style) });
    let all = page(&tool, json!({}), &collect(1_000)).await.unwrap();
    assert_eq!((ids(&all).len(), all.next_cursor, server.seen().len()), (10, None, 2));
    assert!(all.notes.iter().any(|note| note.contains("one page again and again")), "{:?}", all.notes);
}

#[tokio::test]
async fn a_tool_without_pages_says_so() {
    let server = server().await;
    let plain = Prepared::new(Arc::new(tool(&server, &[])));
    let error = page(&plain, json!({}), &collect(5)).await.unwrap_err();
    assert!(error.to_string().contains("`collect` means nothing here"), "{error}");
    assert!(server.seen().is_empty());
}
