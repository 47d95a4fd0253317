//! Importing documents written for tests: the files and the diagnostics are golden files under
//! `fixtures/imported/`. `BLESS=1` writes them anew; review the difference.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "golden files are written where a crash costs nothing"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::definition;
use cap_compiler::diagnostic::Code;
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::report::{Colour, Places, render_terminal};
use cap_compiler::source::{MemoryLoader, SourceId};
use serde_json::{Map, Value};

const DOCUMENTS: [&str; 18] = [
    "pages.yaml",
    "parts.yaml",
    "xml.yaml",
    "bodies.yaml",
    "payments.yaml",
    "pet_store.yaml",
    "nasty.json",
    "swagger.yaml",
    "older.json",
    "careless.yaml",
    "many_files/openapi.yaml",
    "latest.yaml",
    "no_server.yaml",
    "repeated_key.yaml",
    "byte_order_mark.json",
    "not_openapi.yaml",
    "oauth.yaml",
    "flows.yaml",
];

/// What a person asked for who imports one of these.
fn options(document: &str) -> ImportOptions {
    match document {
        // A name that tools cannot have, and another server than the document's.
        "oauth.yaml" => ImportOptions {
            api: Some("Lending Library!".to_owned()),
            server: Some("https://test.library.example".to_owned()),
            ..ImportOptions::default()
        },
        _ => ImportOptions::default(),
    }
}

#[test]
fn a_selection_that_fits_nothing_is_a_warning() {
    let options = ImportOptions { tags: vec!["zebras".to_owned()], ..ImportOptions::default() };
    let result = import_fixture("pet_store.yaml", &options);
    assert!(result.files.is_empty());
    assert!(result.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::NOTHING_SELECTED));
}

#[test]
fn documents_become_the_golden_files() {
    let mut differences = Vec::new();
    for document in DOCUMENTS {
        let result = import_fixture(document, &options(document));
        let folder = fixtures().join("imported").join(document.split(['.', '/']).next().unwrap());
        let mut wanted: BTreeMap<PathBuf, String> =
            result.files.iter().map(|(path, text)| (folder.join(path), text.clone())).collect();
        wanted.insert(folder.join("diagnostics.txt"), diagnostics_text(document, &result));
        if std::env::var("BLESS").is_ok() {
            bless(&folder, &wanted);
        }
        let found = files_below(&folder);
        for path in wanted.keys().chain(found.keys()) {
            if wanted.get(path) != found.get(path) {
                differences.push(path.display().to_string());
            }
        }
    }
    differences.dedup();
    assert!(differences.is_empty(), "run with BLESS=1 and review:\n{}", differences.join("\n"));
}

#[test]
fn what_is_imported_compiles_without_a_word() {
    for document in DOCUMENTS {
        let result = import_fixture(document, &ImportOptions::default());
        let compiled = compile(&parsed(&result), &Pins::default());
        // A document that names no server is imported with a placeholder, of which it is said that it is one.
        let said = compiled.diagnostics.iter().filter(|it| it.code != Code::PLACEHOLDER_SERVER).count();
        assert_eq!(said, 0, "{document}");
        assert_eq!(compiled.tools.len(), if result.files.is_empty() { 0 } else { result.summary.imported });
    }
}

#[test]
fn what_is_written_is_what_was_meant() {
    for document in DOCUMENTS {
        for (path, text) in import_fixture(document, &ImportOptions::default()).files {
            let parsed = definition::parse(&SourceId::new(&path), text.as_bytes());
            assert_eq!(parsed.diagnostics, Vec::new(), "{path}");
            let again = serde_json::to_value(
                match parsed.value.unwrap() {
                    definition::Definition::Capability(it) => serde_json::to_value(it),
                    definition::Definition::Api(it) => serde_json::to_value(it),
                    definition::Definition::Schemas(it) => serde_json::to_value(it),
                    definition::Definition::Upstream(it) => serde_json::to_value(it),
                }
                .unwrap(),
            )
            .unwrap();
            let tree = cap_compiler::syntax::parse_definition(&SourceId::new(&path), text.as_bytes()).unwrap();
            let mut tree = tree.as_object().unwrap().clone();
            tree.shift_remove("version");
            tree.shift_remove("kind");
            assert_eq!(Value::Object(tree), again, "{path}");
        }
    }
}

#[test]
fn the_order_of_paths_changes_nothing() {
    for document in ["pet_store.yaml", "nasty.json"] {
        let bytes = read(document);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let tree = cap_compiler::syntax::parse_yaml(&text, &cap_compiler::syntax::Bounds::DOCUMENT).unwrap().value;
        let shuffled = serde_json::to_vec(&backwards(tree.clone())).unwrap();
        let straight = serde_json::to_vec(&tree).unwrap();
        let options = ImportOptions::default();
        let one = import_bytes(document, straight, &options);
        let other = import_bytes(document, shuffled, &options);
        // The digest of the document is another, and nothing else is.
        let without_digest = |import: &Import| -> Vec<(String, String)> {
            let text = |text: &String| {
                text.lines().filter(|line| !line.contains("document: sha256:")).collect::<Vec<_>>().join("\n")
            };
            import.files.iter().map(|(path, it)| (path.clone(), text(it))).collect()
        };
        assert_eq!(without_digest(&one), without_digest(&other), "{document}");
    }
}

#[test]
fn no_wrong_value_takes_more_than_its_own_operation_down() {
    let text = String::from_utf8(read("pet_store.yaml")).unwrap();
    let tree = cap_compiler::syntax::parse_yaml(&text, &cap_compiler::syntax::Bounds::DOCUMENT).unwrap().value;
    let wrong = [
        Value::Null,
        Value::Bool(true),
        Value::from(-1.5),
        Value::from("{x"),
        serde_json::json!([[]]),
        serde_json::json!({"$ref": "#/no"}),
    ];
    let mut pointers = Vec::new();
    below(&tree, String::new(), &mut pointers);
    for (index, pointer) in pointers.iter().enumerate() {
        let mut broken = tree.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong[index % wrong.len()].clone();
        let options = ImportOptions { server: Some("https://pets.example.com".to_owned()), ..ImportOptions::default() };
        let result = import_bytes("broken.json", serde_json::to_vec(&broken).unwrap(), &options);
        let compiled = compile(&parsed(&result), &Pins::default());
        let errors: Vec<_> = compiled.diagnostics.iter().filter(|it| it.is_error()).collect();
        assert!(errors.is_empty(), "{pointer} = {}: {errors:?}", wrong[index % wrong.len()]);
        let summary = &result.summary;
        assert_eq!(summary.imported + summary.skipped.len(), summary.operations, "{pointer}");
        if pointer.starts_with("/paths/") && pointer.matches('/').count() > 3 {
            assert!(summary.imported >= 12, "{pointer}: {}", summary.imported);
        }
    }
}

fn below(tree: &Value, pointer: String, found: &mut Vec<String>) {
    match tree {
        Value::Object(members) => {
            for (key, value) in members {
                below(value, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                below(value, format!("{pointer}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(pointer);
}

#[test]
fn it_does_not_matter_where_the_files_of_a_document_lie() {
    let here = import_fixture("many_files/openapi.yaml", &ImportOptions::default());
    for place in ["/else/where", "https://reading.example.com/v1"] {
        let mut loader = MemoryLoader::default();
        for (path, text) in files_below(&fixtures().join("openapi/many_files")) {
            let path = path.strip_prefix(fixtures().join("openapi/many_files")).unwrap().to_string_lossy().into_owned();
            loader.insert(&format!("{place}/{path}"), text.into_bytes());
        }
        let id = SourceId::new(&format!("{place}/openapi.yaml"));
        let source = DocumentSource { id, bytes: read("many_files/openapi.yaml") };
        assert_eq!(import(&source, &ImportOptions::default(), &loader).files, here.files, "{place}");
    }
}

#[test]
fn a_person_chooses_server_and_operations() {
    let options = ImportOptions {
        api: Some("shop".to_owned()),
        server: Some("http://127.0.0.1:9000/base/".to_owned()),
        include: vec!["*pet*".to_owned(), "/pets/*/photo".to_owned()],
        exclude: vec!["deletePet".to_owned()],
        methods: vec!["POST".to_owned(), "delete".to_owned(), "get".to_owned()],
        tags: vec!["PETS".to_owned()],
        ..ImportOptions::default()
    };
    let result = import_fixture("pet_store.yaml", &options);
    let names: Vec<&str> = result.files.iter().map(|(path, _)| path.as_str()).collect();
    let expected = [
        "shop/api.yaml",
        "shop/create_pet.yaml",
        "shop/get_pet.yaml",
        "shop/get_photo.yaml",
        "shop/list_pets.yaml",
        "shop/pets_search.yaml",
        "shop/schemas.yaml",
        "shop/upload_photo.yaml",
    ];
    assert_eq!(names, expected);
    let api = &result.files[0].1;
    assert!(api.contains("server: http://127.0.0.1:9000/base\n"), "{api}");
    assert!(api.contains("network: private\n"), "{api}");
    assert!(api.contains("http://127.0.0.1:9000\n"), "the uploads move to the same host: {api}");
    assert_eq!(compile(&parsed(&result), &Pins::default()).diagnostics, Vec::new());
}

#[test]
fn a_relative_server_is_resolved_against_the_url_of_the_document() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "T"}, "servers": [{"url": "../v3"}],
        "paths": {"/a": {"get": {"responses": {}}}}}"#;
    let source = DocumentSource { id: SourceId::new("https://api.example.com/docs/openapi.json"), bytes: text.into() };
    let result = import(&source, &ImportOptions::default(), &MemoryLoader::default());
    assert!(result.files[0].1.contains("server: https://api.example.com/v3\n"), "{:?}", result.files);
    assert_eq!(result.files[1].0, "t/get_a.yaml");
}

#[test]
fn a_parameter_whose_media_type_is_none_is_sent_in_the_usual_style() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "T"}, "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a": {"get": {"parameters": [
            {"name": "q", "in": "query", "content": {"js\u000bon": {"schema": {"type": "string"}}}},
            {"name": "r", "in": "query", "content": {"json": {}, "application/json": {}}}], "responses": {}}}}}"#;
    let result = import_bytes("t.json", text.into(), &ImportOptions::default());
    assert!(result.files[1].1.contains("q: \"{{ q }}\""), "{}", result.files[1].1);
    assert!(result.files[1].1.contains("content: application/json"), "{}", result.files[1].1);
    assert!(result.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::MEDIA_TYPE_UNREADABLE));
    assert_eq!(compile(&parsed(&result), &Pins::default()).diagnostics, Vec::new());
}

#[test]
fn headers_that_differ_in_case_alone_are_one() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "T"}, "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a": {
            "parameters": [{"name": "X-TRACE", "in": "header"}, {"name": "x-trace", "in": "query"}],
            "get": {"parameters": [{"name": "X-Trace", "in": "header"}], "responses": {}}}}}"#;
    let result = import_bytes("t.json", text.into(), &ImportOptions::default());
    let (_, tool) = &result.files[1];
    assert!(tool.contains("X-Trace: \"{{ args['X-Trace'] }}\""), "{tool}");
    assert!(tool.contains("x-trace: \"{{ args['x-trace'] }}\"") && !tool.contains("X-TRACE"), "{tool}");
    assert_eq!(compile(&parsed(&result), &Pins::default()).diagnostics, Vec::new());
}

#[test]
fn secrets_are_named_with_where_they_come_from() {
    let secrets = import_fixture("pet_store.yaml", &ImportOptions::default()).summary.secrets;
    let names: Vec<&str> = secrets.iter().map(|need| need.name.as_str()).collect();
    assert_eq!(names, ["PET_STORE_KEY", "PET_STORE_SIGNATURE", "PET_STORE_TOKEN"]);
    assert_eq!(secrets[2].description.as_deref(), Some("A token from your account page."));
}

fn import_fixture(document: &str, options: &ImportOptions) -> Import {
    import_bytes(document, read(document), options)
}

fn import_bytes(document: &str, bytes: Vec<u8>, options: &ImportOptions) -> Import {
    import(&DocumentSource { id: SourceId::new(document), bytes }, options, &loader())
}

fn parsed(result: &Import) -> Vec<Arc<ParsedFile>> {
    result.files.iter().map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()))).collect()
}

fn diagnostics_text(document: &str, result: &Import) -> String {
    let mut loader = loader();
    loader.insert(document, read(document));
    let places = Places::of(&result.diagnostics, &loader);
    render_terminal(&result.diagnostics, &places, Colour::Never)
}

/// The same tree with the members of `paths` in the opposite order.
fn backwards(mut tree: Value) -> Value {
    for key in ["paths", "components"] {
        let Some(Value::Object(members)) = tree.get_mut(key) else { continue };
        let turned: Map<String, Value> = std::mem::take(members).into_iter().rev().collect();
        *members = turned;
    }
    tree
}

/// The files that documents refer to.
fn loader() -> MemoryLoader {
    let folder = fixtures().join("openapi");
    let mut loader = MemoryLoader::default();
    for (path, text) in files_below(&folder.join("many_files")) {
        loader.insert(&path.strip_prefix(&folder).unwrap().to_string_lossy(), text.into_bytes());
    }
    loader
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

fn read(document: &str) -> Vec<u8> {
    std::fs::read(fixtures().join("openapi").join(document)).unwrap()
}

fn bless(folder: &Path, wanted: &BTreeMap<PathBuf, String>) {
    let _ = std::fs::remove_dir_all(folder);
    for (path, text) in wanted {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn files_below(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.insert(path.clone(), std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}
