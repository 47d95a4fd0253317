//! Templates that do not parse: the fault has a place, whatever characters stand there.

use cap_compiler::definition::Template;

#[test]
fn a_fault_stands_at_whole_characters() {
    for text in ["{{ secrɁ\u{1} }}", "ü {{ a é }}", "{{ 名 + }}", "{{ 'é' ~ ё ё }}"] {
        let Err(error) = Template::parse(text) else { panic!("{text:?} parses") };
        assert!(text.get(error.range.clone()).is_some(), "{text:?}: {error:?}");
    }
}
