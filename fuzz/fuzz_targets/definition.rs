//! Any bytes as a definition file: nothing panics, every diagnostic can be shown, and nothing fails
//! without a word.

#![no_main]

use std::sync::Arc;

use cap_compiler::compile::{compile, parse_file};
use cap_compiler::pin::Pins;
use cap_compiler::report::{Colour, Places, render_terminal};
use cap_compiler::source::{MemoryLoader, SourceId};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut loader = MemoryLoader::default();
    loader.insert("tool.yaml", bytes);
    let file = Arc::new(parse_file(&SourceId::new("tool.yaml"), bytes));
    let compilation = compile([&file], &Pins::default());
    let places = Places::of(&compilation.diagnostics, &loader);
    let said = render_terminal(&compilation.diagnostics, &places, Colour::Never);
    assert_eq!(said.is_empty(), compilation.diagnostics.is_empty());
    assert!(compilation.failed.is_empty() || !compilation.diagnostics.is_empty(), "it failed without a word");
});
