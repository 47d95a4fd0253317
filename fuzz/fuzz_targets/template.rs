//! Any text as a template: parsing does not panic, and the places it gives are places of the text.
#![no_main]

use cap_compiler::definition::{Template, TemplatePiece};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!(text.get(error.range.clone()).is_some(), "{error:?} is at no place of {text:?}");
            return;
        }
    };
    assert_eq!(template.source, text);
    for piece in &template.pieces {
        let TemplatePiece::Hole(hole) = piece else { continue };
        let within = text.get(hole.range.clone()).expect("a hole stands in the text");
        assert!(within.contains(&hole.source), "{within:?} has no {:?}", hole.source);
        let names = hole.names.iter().map(|name| &name.range);
        for range in names.chain(hole.filters.iter().map(|filter| &filter.range)) {
            assert!(text.get(range.clone()).is_some(), "{range:?} is no place of {text:?}");
        }
    }
});
