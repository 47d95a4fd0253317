//! Lists of approved tools are read as they were written, whatever stands in them, and nothing in them is hidden.

use serde_json::json;

use super::{ApprovedTools, differences, is_hidden};
use crate::source::SourceId;

#[test]
fn what_was_written_is_read() {
    let texts = [
        "plain",
        "a\u{200b}b\u{202e}c\u{feff}",
        "tags \u{e0041}\u{e0042} and 😀",
        r"a backslash \ and \ud83d\ude00 as they stand, \\ud83d\\ude00 too",
        "quotes \" and lines\nand\ttabs\u{7f}\u{85}\u{2028}",
        "ends with \\",
    ];
    for text in texts {
        let tools = ApprovedTools::of(&[json!({"name": text, "description": text, "inputSchema": {(text): text}})]);
        let written = tools.render();
        assert!(!written.chars().any(|c| c != '\n' && is_hidden(c)), "{written}");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["tools"][0]["description"], text);
        let outcome = ApprovedTools::parse(&SourceId::new("tools.json"), written.as_bytes());
        assert_eq!(outcome.value.as_ref(), Some(&tools), "{written} {:?}", outcome.diagnostics);
    }
}

#[test]
fn a_difference_is_shown_where_it_is() {
    let long = "the same words again ".repeat(40);
    let tool = |end: &str| json!({"name": "a", "description": format!("{long}{end}")});
    let lines = differences(&tool("kind"), &tool("evil"));
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("kind\" and is") && lines[0].ends_with("evil\""), "{}", lines[0]);
    assert!(lines[0].chars().count() < 300);
    let lines = differences(&json!({"name": "a", "description": "One."}), &json!({"name": "a", "description": "Two."}));
    assert_eq!(lines, ["`description` was \"One.\" and is \"Two.\""]);
}
