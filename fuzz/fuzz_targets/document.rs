//! Any bytes as an OpenAPI document: nothing panics, and what was imported compiles.

#![no_main]

use std::sync::Arc;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::report::{Colour, Places, render_terminal};
use cap_compiler::source::{MemoryLoader, SourceId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut loader = MemoryLoader::default();
    loader.insert("openapi.yaml", bytes);
    let source = DocumentSource { id: SourceId::new("openapi.yaml"), bytes: bytes.to_vec() };
    let options = ImportOptions { server: Some("https://api.example.com".to_owned()), ..ImportOptions::default() };
    let result = import(&source, &options, &loader);
    let _ = render_terminal(&result.diagnostics, &Places::of(&result.diagnostics, &loader), Colour::Never);
    let summary = &result.summary;
    assert_eq!(summary.imported + summary.skipped.len() + summary.unselected, summary.operations);
    let parse = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = result.files.iter().map(parse).collect();
    let compilation = compile(&files, &Pins::default());
    let errors: Vec<&Diagnostic> = compilation.diagnostics.iter().filter(|it| it.is_error()).collect();
    assert!(errors.is_empty(), "what was imported has errors: {errors:#?}\n{:#?}", result.files);
    assert_eq!(compilation.tools.len(), summary.imported);
});
