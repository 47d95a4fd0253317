//! Nodes of JSON texts are found as those of YAML texts are.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use cap_compiler::syntax::{Pointer, locate};

fn found(text: &str, pointer: &str) -> Option<(Option<String>, String, Option<String>)> {
    let pointer = Pointer::parse(pointer).unwrap();
    let located = locate(text, &BTreeSet::from([pointer.clone()])).remove(&pointer)?;
    let slice = |range: std::ops::Range<usize>| text[range].to_owned();
    Some((located.key.map(slice), slice(located.value), located.scalar))
}

const TEXT: &str = r#" {"a": {"b/c": [1, "t\u00e9xt", {"d": true}]}, "": null, "e": [] , "f\"g": -1.5e3}"#;

#[test]
fn members_and_items_are_found() {
    assert_eq!(found(TEXT, "/a/b~1c/0"), Some((None, "1".into(), Some("1".into()))));
    assert_eq!(found(TEXT, "/a/b~1c/1"), Some((None, r#""t\u00e9xt""#.into(), Some("téxt".into()))));
    assert_eq!(found(TEXT, "/a/b~1c/2/d"), Some((Some("\"d\"".into()), "true".into(), Some("true".into()))));
    assert_eq!(found(TEXT, "/f\"g"), Some((Some(r#""f\"g""#.into()), "-1.5e3".into(), Some("-1.5e3".into()))));
    assert_eq!(found(TEXT, "/"), Some((Some("\"\"".into()), "null".into(), Some("null".into()))));
}

#[test]
fn collections_are_found_at_their_first_character() {
    assert_eq!(found(TEXT, "/a/b~1c"), Some((Some("\"b/c\"".into()), String::new(), None)));
    assert_eq!(found(TEXT, "/e"), Some((Some("\"e\"".into()), String::new(), None)));
    assert_eq!(found(TEXT, ""), Some((None, String::new(), None)));
}

#[test]
fn several_are_found_in_one_reading() {
    let wanted: BTreeSet<Pointer> =
        ["/a", "/a/b~1c/2", "/e", "/nowhere"].iter().filter_map(|it| Pointer::parse(it)).collect();
    assert_eq!(locate(TEXT, &wanted).len(), 3);
}

#[test]
fn what_is_not_there_is_not_found() {
    assert_eq!(found(TEXT, "/a/x"), None);
    assert_eq!(found(TEXT, "/e/0"), None);
    assert_eq!(found("{\"a\": 1", "/b"), None);
}

#[test]
fn yaml_in_braces_is_still_found() {
    assert_eq!(found("{a: {b: text}}", "/a/b"), Some((Some("b".into()), "text".into(), Some("text".into()))));
}

#[test]
fn depth_costs_nothing() {
    let text = format!("{{\"deep\": {}{}, \"after\": 1}}", "[".repeat(200_000), "]".repeat(200_000));
    assert_eq!(found(&text, "/after").map(|it| it.1), Some("1".to_owned()));
}
