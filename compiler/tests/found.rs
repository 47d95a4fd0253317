//! Documents that fuzzing found: what is imported of them must compile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use cap_compiler::compile::{compile, parse_file};
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use serde_json::{Value, json};

/// Imports a document whose one operation is `GET /x`, and checks that it compiles.
fn imported(operation: &Value) -> Import {
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": "Found", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/x": {"get": operation}},
    });
    let source = DocumentSource { id: SourceId::new("openapi.json"), bytes: document.to_string().into_bytes() };
    let import = import(&source, &ImportOptions::default(), &MemoryLoader::default());
    let parse = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<_> = import.files.iter().map(parse).collect();
    let compilation = compile(&files, &Pins::default());
    let errors: Vec<_> = compilation.diagnostics.iter().filter(|it| it.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(compilation.tools.len(), 1, "{:#?}", import.diagnostics);
    import
}

#[test]
fn a_parameter_with_a_media_type_that_is_none() {
    for media_type in ["json", "application/ json", "application/json\u{1a}", ""] {
        let parameter = json!({"name": "q", "in": "query", "content": {media_type: {"schema": {"type": "string"}}}});
        let import = imported(&json!({"parameters": [parameter]}));
        assert!(!import.diagnostics.is_empty());
    }
}

/// A range is sent as a media type that the body has as well.
#[test]
fn a_body_with_a_range_and_what_it_is_sent_as() {
    let content = json!({
        "*/*": {"schema": {"type": "object", "properties": {}}},
        "application/json": {"schema": {"type": "object", "properties": {"id": {"type": "integer"}}}},
        "APPLICATION/JSON": {"schema": {"type": "object"}},
    });
    imported(&json!({"requestBody": {"content": content}}));
}
