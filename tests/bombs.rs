//! Texts made to exhaust whoever reads them: each ends with a word of what is wrong, in a process
//! that may not have much memory. `CAP_SHARED` adds bombs from public test suites.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// Kilobytes of address space; a debug build has much more of it than it uses.
const ROOM: u32 = 600_000;

/// Runs `cap` with little memory and gives its status and what it said.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let script = format!("ulimit -v {ROOM} && exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_cap")])
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn document(paths: &Value, schemas: &Value) -> String {
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Bomb", "version": "1"},
        "servers": [{"url": "https://bomb.example.com"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
    .to_string()
}

fn posting(media_type: &str, schema: &Value) -> Value {
    let content = Map::from_iter([(media_type.to_owned(), json!({"schema": schema}))]);
    json!({"/x": {"post": {"operationId": "x", "requestBody": {"required": true, "content": content}, "responses": {}}}})
}

/// Lists whose answers tell of their pages in objects that are the answer again, and are made of many others.
fn paged() -> String {
    let around = ["meta", "metadata", "pagination", "paging", "page", "pages", "cursor", "cursors", "links", "next"];
    let mut properties: Map<String, Value> =
        around.map(|name| (name.to_owned(), json!({"$ref": "#/components/schemas/Page"}))).into_iter().collect();
    properties.insert("data".to_owned(), json!({"type": "array"}));
    properties.insert("more".to_owned(), json!({"$ref": "#/components/schemas/S0"}));
    let Value::Object(mut schemas) = multiplied("anyOf") else { panic!("schemas are an object") };
    schemas.insert("Page".to_owned(), json!({"type": "object", "properties": properties}));
    let answer =
        json!({"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}});
    let list = |n: usize| {
        let parameters = json!([{"name": "cursor", "in": "query", "schema": {"$ref": "#/components/schemas/S0"}}]);
        (format!("/x{n}"), json!({"get": {"parameters": parameters, "responses": {"200": answer}}}))
    };
    document(&Value::Object((0..200).map(list).collect()), &Value::Object(schemas))
}

/// Forty schemas, each made ten times of the next.
fn multiplied(keyword: &str) -> Value {
    let schema = |n: usize| {
        let next = json!({"$ref": format!("#/components/schemas/S{}", n + 1)});
        let own = Map::from_iter([(format!("p{n}"), json!({"type": "string"}))]);
        (format!("S{n}"), json!({keyword: vec![next; 10], "properties": own}))
    };
    let last = ("S40".to_owned(), json!({"type": "object"}));
    Value::Object((0..40).map(schema).chain([last]).collect())
}

/// A document and, where it cannot be imported, the code that says why.
fn documents() -> Vec<(&'static str, String, Option<&'static str>)> {
    let start = json!({"$ref": "#/components/schemas/S0"});
    let form = "application/x-www-form-urlencoded";
    let same = |n: usize| (format!("/a{n}"), json!({"get": {"operationId": "same", "responses": {}}}));
    let patterns = |n: usize| (format!("p{n}"), json!({"type": "string", "pattern": format!("(a{{999}}){{999}}{n}")}));
    let colliding = |n: usize| (format!("a{}{n}", "!".repeat(n % 7)).replace(char::is_numeric, "?"), json!({}));
    let deep = format!("{{\"openapi\": \"3.0.0\", \"x\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let nines = |name: char, of: char| format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", "));
    let laughs: String = ('b'..='j').zip('a'..='i').map(|(name, of)| nines(name, of)).collect();
    let head = "openapi: 3.0.0\ninfo: {title: A, version: \"1\"}\npaths: {}\n";
    let variables = |n: usize| (format!("v{n}"), json!({"default": format!("{{v{}}}", n + 1).repeat(4)}));
    let servers = json!([{
        "url": "https://{v0}",
        "variables": (0..30).map(variables).collect::<Map<_, _>>(),
    }]);
    let mut nested = json!({});
    for _ in 0..2_000 {
        nested = json!({"items": nested});
    }
    vec![
        ("all_of", document(&posting("application/json", &start), &multiplied("allOf")), None),
        ("one_of", document(&posting(form, &start), &multiplied("oneOf")), None),
        ("any_of", document(&posting("multipart/form-data", &start), &multiplied("anyOf")), None),
        ("loop", document(&posting("application/json", &start), &json!({"S0": start})), None),
        ("same", document(&Value::Object((0..2_000).map(same).collect()), &json!({})), None),
        (
            "patterns",
            document(
                &posting(form, &json!({"properties": (0..2_000).map(patterns).collect::<Map<_, _>>()})),
                &json!({}),
            ),
            None,
        ),
        (
            "colliding",
            document(
                &posting(form, &json!({"properties": (0..400).map(colliding).collect::<Map<_, _>>()})),
                &json!({}),
            ),
            None,
        ),
        ("braces", document(&json!({"/".to_owned() + &"{".repeat(50_000): {"get": {}}}), &json!({})), Some("CAP0407")),
        (
            "prose",
            document(&json!({"/x": {"get": {"description": "<zz>[".repeat(100_000), "responses": {}}}}), &json!({})),
            None,
        ),
        ("deep_schema", document(&posting("application/json", &nested), &json!({})), Some("CAP0103")),
        ("deep", deep, Some("CAP0103")),
        ("laughs", format!("{head}a: &a [x, x, x, x, x, x, x, x, x]\n{laughs}"), Some("CAP0103")),
        (
            "long_alias",
            format!("{head}a: &a {}\nb: [{}]\n", "x".repeat(50_000), vec!["*a"; 9_000].join(", ")),
            Some("CAP0103"),
        ),
        (
            "servers",
            document(&json!({"/x": {"get": {"servers": servers, "responses": {}}}}), &json!({})),
            Some("CAP0410"),
        ),
    ]
}

#[test]
fn documents_that_multiply_are_imported_or_refused_within_bounds() {
    for (name, text, code) in documents().into_iter().chain([("paged", paged(), None)]) {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("bomb.yaml"), text).unwrap();
        let (status, said) = run(folder.path(), &["import", "bomb.yaml", "--api", "bomb"]);
        let said: String = said.chars().take(2_000).collect();
        assert!(matches!(status, Some(0 | 1)), "{name}: {status:?}\n{said}");
        match code {
            Some(code) => assert!(said.contains(code), "{name} without {code}:\n{said}"),
            None => {
                let (status, said) = run(folder.path(), &["check"]);
                assert_eq!(status, Some(0), "{name}:\n{said}");
            }
        }
    }
}

#[test]
fn public_yaml_bombs_are_refused_as_definitions_and_as_documents() {
    let Ok(shared) = std::env::var("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return;
    };
    let rows = std::fs::read_to_string(Path::new(&shared).join("vectors/yaml_bombs.jsonl")).unwrap();
    let mut count = 0;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).unwrap();
        let name = row["id"].as_str().unwrap();
        let text = match (row["input"].as_str(), name) {
            (Some(text), _) => text.to_owned(),
            (None, "deep_recursion") => "{\"\":[".repeat(8_000) + &"]}".repeat(8_000),
            (None, "document_storm") => (0..1_025).map(|n| format!("--- \"doc{n}\"\n")).collect(),
            (None, other) => panic!("no generator for {other}"),
        };
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("bomb.yaml"), text).unwrap();
        for command in ["check", "import"] {
            let (status, said) = run(folder.path(), &[command, "bomb.yaml"]);
            assert_eq!(status, Some(1), "{command} {name}:\n{said}");
            assert!(said.contains("error[CAP0"), "{command} {name}:\n{said}");
        }
        count += 1;
    }
    assert!(count >= 20, "only {count} bombs");
}
