//! What is written as YAML is read back as it was, whatever it is.

use cap_compiler::import::emit::emit;
use cap_compiler::syntax::{Bounds, parse_yaml};
use serde_json::{Map, Value, json};

const NASTY: [&str; 64] = [
    "",
    " ",
    "  two",
    "two  ",
    "\n",
    "a\n",
    "a\n\n",
    "\na",
    "a\nb",
    "a\n\nb\n",
    "a \nb",
    "a\n b",
    "a\n  \nb",
    "\ta",
    "a\tb",
    "a\t",
    "Off",
    "off",
    "yes",
    "NO",
    "y",
    "null",
    "Null",
    "~",
    "true",
    "False",
    "017",
    "0x1F",
    "0o17",
    "1_000",
    "1e3",
    "-1",
    "+1",
    ".5",
    "1.",
    ".inf",
    "-.INF",
    ".nan",
    "2026-11-21",
    "12:30:45",
    "2026-11-21T10:00:00Z",
    "<<",
    "=",
    "---",
    "--- a",
    "...",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "{{ x }}",
    "{a}",
    "[a]",
    "a, b",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%a",
    "@a",
];

const STRANGER: [&str; 23] = [
    "null -",
    "`a`",
    "\"a\"",
    "'a'",
    "it's",
    "a\\b",
    "a\\nb",
    "\u{0}",
    "\u{7}\u{1b}",
    "\u{85}",
    "a\u{2028}b\u{2029}c",
    "\u{feff}a",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}abc",
    "\u{e0041}",
    "🐕 walks",
    "日本語: はい",
    "a\r\nb",
    "a\rb",
    "http://a.b/c?d=e#f",
    "a # b",
    "/repos/{{ owner }}/{{ repo }}",
];

fn texts() -> Vec<String> {
    let mut texts: Vec<String> = NASTY.iter().chain(&STRANGER).map(|text| (*text).to_owned()).collect();
    let pairs: Vec<String> = NASTY
        .iter()
        .chain(&STRANGER)
        .flat_map(|left| ["\n", " ", ""].map(|between| format!("{left}{between}word {left}")))
        .collect();
    texts.extend(pairs);
    texts.push("word ".repeat(300));
    texts.push("word ".repeat(300).trim().to_owned());
    texts.push(format!(
        "{}\n\n{}\nend",
        "long words here ".repeat(20).trim(),
        "and  double  spaces ".repeat(20).trim()
    ));
    texts.push("x".repeat(3_000));
    texts.push(format!("a {} b", "y".repeat(500)));
    texts.push(format!("first line\n{}", "- item with: colon # and hash, {{ hole }} ".repeat(10).trim()));
    texts
}

#[test]
fn every_text_comes_back_wherever_it_stands() {
    for text in texts() {
        comes_back(&json!({"key": text}));
        comes_back(&json!({"list": [text, text], "after": 1}));
        comes_back(&json!({"map": {"inner": text, "other": [1, {"deep": text}]}}));
        comes_back(&json!({"flow": {"a": text}, "items": [{"a": text, "b": [text]}, [[text]]]}));
        let name = text.clone();
        comes_back(&json!({name.clone(): 1, "properties": {name.clone(): {name: true}}}));
    }
}

#[test]
fn every_shape_comes_back() {
    for tree in [
        json!({}),
        json!({"a": {}, "b": [], "c": [{}], "d": [[]], "e": {"f": {}}}),
        json!({"a": [[1, [2, [3, [4]]]]], "b": {"c": {"d": {"e": {"f": 1}}}}}),
        json!({"n": null, "t": true, "f": false, "i": -5, "u": u64::MAX, "x": 1.5, "e": 1e300, "s": 1e-7, "z": -0.0}),
        json!({"properties": {"a": {"type": "string"}}, "query": {"q": "{{ q }}"}, "response": {"schema": {}}}),
        json!({"items": [{"properties": {"a": 1}}, {"a": {"properties": {"b": {"c": [1, 2]}}}}]}),
        json!({"long": (0..60).collect::<Vec<_>>(), "maps": (0..30).map(|n| json!({"n": n, "m": {"k": n}})).collect::<Vec<_>>()}),
    ] {
        comes_back(&tree);
    }
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let tree = json!({"a": texts(), "b": {"c": texts()}});
    assert_eq!(write(&tree), write(&tree));
}

#[test]
fn lines_look_as_people_write_them() {
    let tree = json!({
        "path": "/repos/{{ owner }}", "version": "017", "tags": ["a", "b"],
        "properties": {"labels": {"type": "array", "items": {"type": "string"}}},
        "security": [["a"], ["b", "c"]],
        "description": "word ".repeat(30).trim(),
    });
    let expected = "\
# c
path: /repos/{{ owner }}
version: \"017\"
tags: [a, b]
properties:
  labels: {type: array, items: {type: string}}
security: [[a], [b, c]]
description: >-
  word word word word word word word word word word word word word word word word word word word
  word word word word word word word word word word word
";
    assert_eq!(write(&tree), expected);
}

fn comes_back(tree: &Value) {
    let text = write(tree);
    let parsed = parse_yaml(&text, &Bounds::DEFINITION);
    let parsed = parsed.unwrap_or_else(|fault| panic!("{fault:?} in\n{text}"));
    assert_eq!(&parsed.value, tree, "\n{text}");
    assert!(parsed.duplicates.is_empty(), "{text}");
}

fn write(tree: &Value) -> String {
    let empty = Map::new();
    emit("c", tree.as_object().unwrap_or(&empty))
}
