//! What holds of every document: names are unique and legal, nothing is dropped in silence, and the
//! order in which a document says things changes nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cap_compiler::compile::{Compilation, compile, parse_file};
use cap_compiler::diagnostic::Code;
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Names that collide, that agents cannot write, and that mean something elsewhere.
const NAMES: [&str; 14] = [
    "id",
    "ID",
    "page[size]",
    "page_size",
    "page size",
    "created<",
    "created>",
    "größe",
    "body",
    "args",
    "secret",
    "x.y",
    "$filter",
    "a_name_that_is_far_too_long_for_an_argument_because_nobody_stopped_it_from_growing",
];
const IDS: [&str; 9] = [
    "listPets",
    "list_pets",
    "List Pets",
    "pets/list",
    "api",
    "schemas",
    "",
    "größe",
    "an_operation_id_that_is_far_too_long_for_a_tool_because_nobody_stopped_it_from_growing",
];
const SEGMENTS: [&str; 8] = ["pets", "Pets", "v1.0", "a:b", "{id}", "{ID}", "{page size}", "{größe}"];
const SCHEMAS: [&str; 6] = ["Pet", "pet", "Pet.input", "Pet input", "api", "größe"];
const LOCATIONS: [&str; 3] = ["query", "header", "cookie"];

/// One operation, as the test thinks of it.
#[derive(Clone, Debug)]
struct Operation {
    id: Option<&'static str>,
    parameters: BTreeSet<(&'static str, &'static str)>,
    members: BTreeSet<&'static str>,
    answer: &'static str,
}

type Paths = Vec<(String, BTreeMap<&'static str, Operation>)>;
type Schemas = Vec<(&'static str, &'static str)>;

fn operation() -> impl Strategy<Value = Operation> {
    let parameters = prop::collection::btree_set((select(&LOCATIONS), select(&NAMES)), 0..6);
    let members = prop::collection::btree_set(select(&NAMES), 0..4);
    (prop::option::of(select(&IDS)), parameters, members, select(&SCHEMAS))
        .prop_map(|(id, parameters, members, answer)| Operation { id, parameters, members, answer })
}

fn paths() -> impl Strategy<Value = Paths> {
    let path = prop::collection::vec(select(&SEGMENTS), 1..4).prop_map(|segments| format!("/{}", segments.join("/")));
    let operations = prop::collection::btree_map(select(&["get", "post", "delete"]), operation(), 1..3);
    prop::collection::btree_map(path, operations, 1..6).prop_map(|paths| paths.into_iter().collect())
}

fn schemas() -> impl Strategy<Value = Schemas> {
    // Each schema refers to another, perhaps to itself.
    let others = prop::collection::vec(select(&SCHEMAS), SCHEMAS.len());
    others.prop_map(|others| SCHEMAS.into_iter().zip(others).collect())
}

fn document(paths: &Paths, schemas: &Schemas) -> Vec<u8> {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let schema = |(name, other): &(&str, &str)| {
        let schema = json!({"type": "object", "properties": {
            "other": reference(other),
            "id": {"type": "integer", "readOnly": true},
        }});
        ((*name).to_owned(), schema)
    };
    let item = |(path, operations): &(String, BTreeMap<&str, Operation>)| {
        let operations =
            operations.iter().map(|(method, it)| ((*method).to_owned(), written(it, &reference(it.answer))));
        (path.clone(), operations.collect::<Map<String, Value>>().into())
    };
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Properties", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": paths.iter().map(item).collect::<Map<String, Value>>(),
        "components": {"schemas": schemas.iter().map(schema).collect::<Map<String, Value>>()},
    });
    document.to_string().into_bytes()
}

fn written(it: &Operation, answer: &Value) -> Value {
    let parameter =
        |(location, name): &(&str, &str)| json!({"in": location, "name": name, "schema": {"type": "string"}});
    let mut operation = json!({
        "parameters": it.parameters.iter().map(parameter).collect::<Value>(),
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}},
    });
    if let Some(id) = it.id {
        operation["operationId"] = id.into();
    }
    if !it.members.is_empty() {
        let members: Map<String, Value> =
            it.members.iter().map(|name| ((*name).to_owned(), json!({"type": "string"}))).collect();
        let schema = json!({"type": "object", "properties": members});
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

fn imported(bytes: Vec<u8>) -> Import {
    let source = DocumentSource { id: SourceId::new("openapi.json"), bytes };
    import(&source, &ImportOptions::default(), &MemoryLoader::default())
}

fn compiled(import: &Import) -> Compilation {
    let files: Vec<_> =
        import.files.iter().map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()))).collect();
    compile(&files, &Pins::default())
}

/// The files without the document's digest, which is another for another spelling.
fn content(import: &Import) -> BTreeMap<String, String> {
    let without =
        |text: &str| text.lines().filter(|line| !line.contains("document: sha256:")).collect::<Vec<_>>().join("\n");
    import.files.iter().map(|(path, text)| (path.clone(), without(text))).collect()
}

fn is_legal(name: &str, more: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c) || more.contains(c);
    !name.is_empty() && name.len() <= 64 && name.chars().all(legal)
}

/// How many arguments the operation at a path has.
fn arguments(path: &str, it: &Operation) -> usize {
    let placeholders: BTreeSet<&str> = path.split('/').filter(|segment| segment.starts_with('{')).collect();
    let sent = it.parameters.iter().filter(|(location, name)| *location == "query" || is_token(name));
    // Two spellings of a header's name are one header.
    let spelled = |name: &str, location: &str| if location == "header" { name.to_lowercase() } else { name.to_owned() };
    let sent: BTreeSet<(&str, String)> = sent.map(|(location, name)| (*location, spelled(name, location))).collect();
    placeholders.len() + sent.len() + it.members.len()
}

/// Whether a header or cookie can have the name; those that cannot are left out with a diagnostic.
fn is_token(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn names_are_unique_and_legal_and_nothing_is_dropped(paths in paths(), schemas in schemas()) {
        let import = imported(document(&paths, &schemas));
        let compilation = compiled(&import);
        prop_assert!(compilation.diagnostics.iter().all(|it| !it.is_error()), "{:?}", compilation.diagnostics);
        let operations: usize = paths.iter().map(|(_, operations)| operations.len()).sum();
        prop_assert_eq!(import.summary.operations, operations);
        prop_assert_eq!(import.summary.imported + import.summary.skipped.len(), operations);
        prop_assert_eq!(compilation.tools.len(), import.summary.imported);
        let tools: BTreeSet<&str> = compilation.capabilities().map(|it| it.tool.as_str()).collect();
        prop_assert_eq!(tools.len(), compilation.tools.len());
        prop_assert!(tools.iter().all(|name| is_legal(name, "")), "{:?}", tools);
        for capability in compilation.capabilities() {
            for name in capability.input.read()["properties"].as_object().into_iter().flat_map(Map::keys) {
                prop_assert!(is_legal(name, "."), "{} of {}", name, capability.tool);
            }
        }
        let unsendable = |it: &Operation| it.parameters.iter().any(|(location, name)| *location != "query" && !is_token(name));
        if paths.iter().flat_map(|(_, all)| all.values()).any(unsendable) {
            prop_assert!(import.diagnostics.iter().any(|it| it.code == Code::UNREADABLE_PARAMETER), "{:?}", import.diagnostics);
        }
        let counted: usize = compilation.capabilities().filter_map(|it| it.input.read()["properties"].as_object().map(Map::len)).sum();
        if import.summary.skipped.is_empty() {
            let wanted: usize =
                paths.iter().flat_map(|(path, all)| all.values().map(move |it| arguments(path, it))).sum();
            prop_assert_eq!(counted, wanted);
        }
    }

    #[test]
    fn the_order_of_paths_and_components_changes_nothing(
        (first, second) in paths().prop_flat_map(|paths| (Just(paths.clone()), Just(paths).prop_shuffle())),
        (schemas, shuffled) in schemas().prop_flat_map(|schemas| (Just(schemas.clone()), Just(schemas).prop_shuffle())),
    ) {
        let import = imported(document(&first, &schemas));
        prop_assert_eq!(content(&import), content(&imported(document(&second, &shuffled))));
        prop_assert_eq!(import.files, imported(document(&first, &schemas)).files);
    }
}
