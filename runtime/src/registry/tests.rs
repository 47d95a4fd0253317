//! Registry, views and search over capabilities made by hand.

#[path = "../../tests/support/sample.rs"]
mod sample;

use std::sync::Arc;

use cap_compiler::capability::{Annotations, Capability, Server, ServerName};
use cap_compiler::pin::Pin;
use serde_json::json;

use super::*;
use crate::execute::Prepared;

fn capability(server: &str, name: &str, description: &str) -> Capability {
    let input = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let call = sample::get("http://localhost", "/");
    Capability {
        description: description.to_owned(),
        tags: vec![name.split('_').next_back().unwrap().to_owned()],
        annotations: Annotations {
            read_only: !name.starts_with("delete"),
            destructive: false,
            idempotent: true,
            open_world: true,
        },
        input: (&input).into(),
        ..sample::capability(server, &format!("{server}__{name}"), call)
    }
}

fn snapshot(generation: u64, tools: &[(&str, &str, &str)]) -> Snapshot {
    let tools = tools.iter().map(|(server, name, description)| RegisteredTool {
        prepared: Arc::new(Prepared::new(Arc::new(capability(server, name, description)))),
        pin: Pin::Unlisted,
        files: FileDigests::default(),
    });
    let servers = vec![Arc::new(Server {
        name: ServerName("weather".to_owned()),
        title: Some("Weather".to_owned()),
        description: None,
    })];
    Snapshot::build(generation, Contents { servers, tools: tools.collect(), ..Contents::default() }).unwrap()
}

fn sample() -> Snapshot {
    sample_of(1)
}

fn sample_of(generation: u64) -> Snapshot {
    snapshot(
        generation,
        &[
            ("weather", "forecast", "The forecast for the next days."),
            ("weather", "current", "The weather now."),
            ("books", "search", "Searches books by title or author."),
        ],
    )
}

fn request(query: &str, server: Option<&str>) -> SearchRequest {
    SearchRequest { query: query.to_owned(), server: server.map(str::to_owned), ..SearchRequest::default() }
}

#[test]
fn search_answers_with_what_an_agent_needs() {
    let snapshot = sample();
    let reply = View::of(&snapshot, Caller::Anyone).search(&request("what will the weather be tomorrow?", None));
    assert_eq!(reply.matches[0].server, "weather");
    assert_eq!(reply.matches[0].arguments, "city: string");
    assert_eq!(reply.total, 2);
    assert_eq!(reply.hint, None);
}

#[test]
fn a_server_is_a_filter() {
    let snapshot = sample();
    let view = View::of(&snapshot, Caller::Anyone);
    assert_eq!(view.search(&request("weather", Some("books"))).total, 0);
    let reply = view.search(&request("weather", Some("wether")));
    assert_eq!(reply.hint.as_deref(), Some("there is no such server; did you mean `weather`?"));
    assert!(view.search(&request("zzzz forecsst", None)).total > 0);
    let hint = view.search(&request("wxathxr", None)).hint.unwrap();
    assert!(hint.contains("weather"), "{hint}");
}

#[test]
fn filters_are_part_of_the_search() {
    let tools = ["get_book", "delete_book", "get_author", "delete_author"];
    let tools = tools.map(|name| ("books", name, "A book has an author."));
    let snapshot = snapshot(1, &tools);
    let view = View::of(&snapshot, Caller::Anyone);
    let names = |request: SearchRequest| {
        let reply = view.search(&request);
        assert_eq!(reply.total, reply.matches.len());
        reply.matches.into_iter().map(|found| found.tool).collect::<Vec<_>>()
    };
    let author = || SearchRequest { query: "author".to_owned(), ..SearchRequest::default() };
    assert_eq!(names(author()).len(), 4);
    assert_eq!(names(SearchRequest { read_only: true, ..author() }), ["books__get_author", "books__get_book"]);
    let tags = vec!["Author".to_owned()];
    assert_eq!(names(SearchRequest { tags: tags.clone(), ..author() }).len(), 2);
    let both = SearchRequest { tags, read_only: true, ..author() };
    assert_eq!(names(both.clone()), ["books__get_author"]);
    assert!(names(SearchRequest { limit: Some(1), ..both }).len() == 1, "a filter comes before the limit");
}

#[test]
fn nothing_found_says_where_to_look() {
    let snapshot = sample();
    let view = View::of(&snapshot, Caller::Anyone);
    let hint = |request: SearchRequest| view.search(&request).hint.unwrap();
    let search = |query: &str| SearchRequest { query: query.to_owned(), ..SearchRequest::default() };
    assert_eq!(hint(search("qqqq")), "nothing matches; try other words; there are tools of weather, books");
    let tagged = SearchRequest { tags: vec!["forecsat".to_owned()], ..search("weather") };
    assert_eq!(hint(tagged), "no tool has the tag `forecsat`; did you mean `forecast`?");
    let elsewhere = SearchRequest { server: Some("books".to_owned()), ..search("forecast") };
    assert_eq!(
        hint(elsewhere),
        "nothing matches with these filters; the search without them finds 1, first `weather__forecast`"
    );
}

#[test]
fn names_are_found_or_the_nearest_are_named() {
    let snapshot = sample();
    let view = View::of(&snapshot, Caller::Anyone);
    assert!(matches!(view.tool("books__search"), Lookup::Found(_)));
    let Lookup::Unknown { nearest } = view.tool("book_serch") else { panic!("it does not exist") };
    assert_eq!(nearest.first(), Some(&"books__search"));
    assert_eq!(
        view.servers().map(|server| (server.name.as_str(), server.tools)).collect::<Vec<_>>(),
        [("books", 1), ("weather", 2)]
    );
}

#[test]
fn only_what_clients_see_is_a_change() {
    let registry = Registry::new(sample());
    let held = registry.snapshot();
    let mut changes = registry.changes();
    registry.swap(sample_of(2));
    assert!(!changes.has_changed().unwrap());
    registry.swap(snapshot(3, &[("books", "search", "")]));
    assert!(changes.has_changed().unwrap());
    assert_eq!(*changes.borrow_and_update(), 3);
    assert_eq!((held.tools().len(), registry.snapshot().tools().len()), (3, 1));
}

#[test]
fn descriptions_are_cut_after_a_word() {
    assert_eq!(search::shortened("one  two\nthree", 100), "one two three");
    assert_eq!(search::shortened("one two three", 8), "one two…");
    assert_eq!(search::shortened(&"x".repeat(50), 5), "xxxxx…");
}
