//! The examples in the documents: files that are shown compile.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use cap_compiler::canonical::{KeyOrders, canonical};
use cap_compiler::definition;
use cap_compiler::source::SourceId;
use support::project;

/// The YAML blocks of a document that are whole files.
fn files_shown_in(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(project().join(document)).unwrap();
    let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains("\nkind: ")).map(str::to_owned).collect()
}

#[test]
fn files_shown_in_the_documents_are_read_without_a_word_and_laid_out() {
    let mut seen = 0;
    let orders = KeyOrders::of_definitions();
    for document in ["docs/capability-format.md", "README.md"] {
        for block in files_shown_in(document) {
            let read = definition::parse(&SourceId::new(document), block.as_bytes());
            assert_eq!(read.diagnostics, Vec::new(), "{document} shows\n{block}");
            let canonical = canonical(&SourceId::new(document), block.as_bytes(), &orders).unwrap();
            assert_eq!(canonical, block, "{document} shows what `cap fmt` would write otherwise");
            seen += 1;
        }
    }
    assert!(seen >= 8, "only {seen} files are shown");
}
