//! Real documents, where they are at hand: `CAP_SHARED` names a folder with a `corpus/specs` in it.
//! Nothing panics, every operation is imported or named, and what is written reads back cleanly.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "figures for the person who runs this"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cap_compiler::compile::{ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};

#[test]
fn every_document_of_the_corpus_is_imported() {
    let Ok(shared) = std::env::var("CAP_SHARED") else { return };
    let mut faults = Vec::new();
    let mut operations = 0;
    for path in documents(&Path::new(&shared).join("corpus/specs")) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let start = Instant::now();
        let result = import_at(&name, &bytes, "https://api.example.com");
        let imported = start.elapsed();
        let start = Instant::now();
        let found = check(&result);
        let summary = &result.summary;
        eprintln!(
            "{name}: {} of {} operations, {} files, {} bytes; import {imported:.2?}, check {:.2?}; {} diagnostics",
            summary.imported,
            summary.operations,
            result.files.len(),
            result.files.iter().map(|(_, text)| text.len()).sum::<usize>(),
            start.elapsed(),
            result.diagnostics.len(),
        );
        if std::env::var("CAP_VERBOSE").is_ok() {
            for diagnostic in &result.diagnostics {
                let text = format!("{} {} +{}", diagnostic.code, diagnostic.message, diagnostic.repeated);
                eprintln!("    {text} at {} {:?}", diagnostic.primary.place.pointer, diagnostic.primary.label());
            }
        }
        operations += summary.imported;
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
        if summary.imported + summary.skipped.len() != summary.operations {
            faults.push(format!("{name}: operations are missing"));
        }
        if name == "github-api.v30.json" && summary.imported != 767 {
            faults.push(format!("{name}: {} of 767 operations", summary.imported));
        }
    }
    eprintln!("{operations} operations");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults[..faults.len().min(60)].join("\n"));
}

trait Labelled {
    fn label(&self) -> &str;
}

impl Labelled for cap_compiler::diagnostic::Label {
    fn label(&self) -> &str {
        &self.text
    }
}

fn import_at(name: &str, bytes: &[u8], server: &str) -> Import {
    let source = DocumentSource { id: SourceId::new(name), bytes: bytes.to_vec() };
    let options = ImportOptions { server: Some(server.to_owned()), ..ImportOptions::default() };
    import(&source, &options, &MemoryLoader::default())
}

/// Everything that the compiler has to say about imported files, and schemas that cannot be used.
fn check(result: &Import) -> Vec<String> {
    let files: Vec<Arc<ParsedFile>> =
        result.files.iter().map(|(path, text)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()))).collect();
    let compiled = compile(&files, &Pins::default());
    let mut faults: Vec<String> = compiled.diagnostics.iter().map(show).collect();
    if compiled.capabilities.len() != result.summary.imported {
        faults.push(format!("{} of {} compile", compiled.capabilities.len(), result.summary.imported));
    }
    for capability in &compiled.capabilities {
        for schema in std::iter::once(&capability.input).chain(&capability.output) {
            if let Err(error) = jsonschema::draft202012::new(schema) {
                faults.push(format!("{}: {error}", capability.tool));
            }
        }
    }
    faults
}

fn show(diagnostic: &Diagnostic) -> String {
    let place = &diagnostic.primary.place;
    format!(
        "{} {} ({}{}) {}",
        diagnostic.code, diagnostic.message, place.source, place.pointer, diagnostic.primary.text
    )
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let only = std::env::var("CAP_ONLY").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains(&only) && (name.contains(".v30.") || name.contains(".v31."))
        })
        .collect();
    found.sort();
    found
}
