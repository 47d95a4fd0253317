//! Any bytes as a document: the import does not panic, and what it writes compiles without an error.
#![no_main]

use std::sync::Arc;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::import::{DocumentSource, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = DocumentSource { id: SourceId::new("document.yaml"), bytes: bytes.to_vec() };
    let import = import(&source, &ImportOptions::default(), &MemoryLoader::default());
    let parsed = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = import.files.iter().map(parsed).collect();
    let compilation = compile(&files, &Pins::default());
    let errors: Vec<&Diagnostic> = compilation.diagnostics.iter().filter(|it| it.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{:#?}", import.files);
    assert_eq!(compilation.capabilities.len(), import.summary.imported);
});
