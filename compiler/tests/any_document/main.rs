//! What holds for every document: names are legal, unique and stable, the same document gives the
//! same files, and what was imported compiles.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod documents;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use cap_compiler::capability::{Binding, Call, Capability, Expression, PathPiece};
use cap_compiler::compile::{Compilation, ParsedFile, compile, parse_file};
use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::import::{DocumentSource, Import, ImportOptions, import};
use cap_compiler::pin::Pins;
use cap_compiler::source::{MemoryLoader, SourceId};
use proptest::prelude::*;
use serde_json::{Map, Value};

use self::documents::{document, name};

/// Few and without a file of failures: each run is a new draw, and what fails becomes a test.
/// `PROPTEST_CASES` asks for more.
fn settings() -> ProptestConfig {
    let asked = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { 64 };
    ProptestConfig { cases, failure_persistence: None, ..asked }
}

fn imported(document: &Value) -> Import {
    let bytes = serde_json::to_vec(document).unwrap();
    import(
        &DocumentSource { id: SourceId::new("document.json"), bytes },
        &ImportOptions::default(),
        &MemoryLoader::default(),
    )
}

fn compiled(import: &Import) -> Compilation {
    let parsed = |(path, text): &(String, String)| Arc::new(parse_file(&SourceId::new(path), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = import.files.iter().map(parsed).collect();
    compile(&files, &Pins::default())
}

/// The files without the document's digest, which is another for each order of its members.
fn contents(import: &Import) -> Vec<(&str, String)> {
    let text =
        |text: &str| text.lines().filter(|line| !line.contains("document: sha256:")).collect::<Vec<_>>().join("\n");
    import.files.iter().map(|(path, it)| (path.as_str(), text(it))).collect()
}

/// The same document with the members of `paths`, `components` and `definitions` in another order.
fn shuffled(document: &Value, seed: u64) -> Value {
    let mut document = document.clone();
    for key in ["/paths", "/components", "/components/schemas", "/definitions"] {
        if let Some(Value::Object(members)) = document.pointer_mut(key) {
            let mut turned: Vec<(String, Value)> = std::mem::take(members).into_iter().collect();
            turned.sort_by_key(|(name, _)| rank(name, seed));
            *members = turned.into_iter().collect();
        }
    }
    document
}

fn rank(name: &str, seed: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, seed).hash(&mut hasher);
    hasher.finish()
}

fn is_tool_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn is_argument_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// The argument of each parameter, by where it goes and its name there.
fn sent(capability: &Capability) -> Vec<(&'static str, String, String)> {
    let Call::Http(call) = &capability.call else { unreachable!("documents have requests only") };
    let path = call.path.iter().filter_map(|piece| match piece {
        PathPiece::Value(parameter) => Some(("path", parameter)),
        PathPiece::Literal(_) => None,
    });
    let query = call.query.iter().map(|parameter| ("query", parameter));
    let headers = call.headers.iter().map(|parameter| ("header", parameter));
    let cookies = call.cookies.iter().map(|parameter| ("cookie", parameter));
    let argument = |(place, parameter): (&'static str, &cap_compiler::capability::Parameter)| match &parameter.value {
        Binding::Value(Expression::Argument(argument)) => Some((place, parameter.name.clone(), argument.0.clone())),
        Binding::Literal(_) | Binding::Value(_) | Binding::Text(_) | Binding::Object(_) | Binding::List(_) => None,
    };
    path.chain(query).chain(headers).chain(cookies).filter_map(argument).collect()
}

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn whatever_is_imported_compiles(document in document()) {
        let import = imported(&document);
        let compilation = compiled(&import);
        let errors: Vec<&Diagnostic> = compilation.diagnostics.iter().filter(|it| it.is_error()).collect();
        prop_assert!(errors.is_empty(), "{errors:#?}\n{:#?}", import.files);
        prop_assert_eq!(compilation.tools.len(), import.summary.imported);
        let summary = &import.summary;
        prop_assert_eq!(summary.imported + summary.skipped.len(), summary.operations);
    }

    #[test]
    fn names_are_legal_and_nobody_shares_one(document in document()) {
        let compilation = compiled(&imported(&document));
        let tools: BTreeSet<&str> = compilation.capabilities().map(|it| it.tool.as_str()).collect();
        prop_assert_eq!(tools.len(), compilation.tools.len());
        for capability in compilation.capabilities() {
            prop_assert!(is_tool_name(capability.tool.as_str()), "{}", capability.tool);
            let none = Map::new();
            let input = capability.input.read();
            let properties = input["properties"].as_object().unwrap_or(&none);
            for name in properties.keys() {
                prop_assert!(is_argument_name(name), "{name:?}");
            }
            // A placeholder may stand twice in a path; otherwise each parameter has an argument of its own.
            let sent: BTreeSet<_> = sent(capability).into_iter().collect();
            let arguments: BTreeSet<&String> = sent.iter().map(|(.., argument)| argument).collect();
            prop_assert_eq!(arguments.len(), sent.len(), "{:?}", sent);
            prop_assert!(arguments.iter().all(|name| properties.contains_key(*name)), "{:?}", sent);
        }
    }

    #[test]
    fn a_document_gives_the_same_files_in_whatever_order_it_is_written(document in document(), seed: u64) {
        let first = imported(&document);
        prop_assert_eq!(&first.files, &imported(&document).files);
        let other = imported(&shuffled(&document, seed));
        prop_assert_eq!(contents(&first), contents(&other));
    }

    #[test]
    fn a_name_asked_for_is_used_or_mended(name in name(), document in document()) {
        let bytes = serde_json::to_vec(&document).unwrap();
        let options = ImportOptions { api: Some(name), ..ImportOptions::default() };
        let source = DocumentSource { id: SourceId::new("document.json"), bytes };
        let import = import(&source, &options, &MemoryLoader::default());
        let compilation = compiled(&import);
        prop_assert!(!compilation.diagnostics.iter().any(Diagnostic::is_error), "{:#?}", compilation.diagnostics);
        prop_assert!(compilation.capabilities().all(|it| is_tool_name(it.tool.as_str())));
    }
}
