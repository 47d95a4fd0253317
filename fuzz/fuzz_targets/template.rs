//! Any text as a template: nothing panics, and what it is taken apart into stands in the text, as does
//! the fault of one that does not parse.

#![no_main]

use cap_compiler::definition::{Template, TemplatePiece};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => {
            assert!(text.get(error.range.clone()).is_some(), "{error:?} is not within the text");
            return;
        }
    };
    assert_eq!(template.source, text);
    for piece in &template.pieces {
        let TemplatePiece::Hole(hole) = piece else { continue };
        assert!(text.get(hole.range.clone()).is_some(), "{hole:?} is not within the text");
        for name in &hole.names {
            assert!(text.get(name.range.clone()).is_some(), "{name:?} is not within the text");
        }
    }
});
