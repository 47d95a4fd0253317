//! Edits of JSON texts: what is changed, and all that is not.

use super::*;
use serde_json::json;

fn edited(text: &str) -> String {
    with_member(text, &["servers", "cap"], &json!({"url": "u"})).unwrap()
}

#[test]
fn a_member_is_added_and_all_else_stays() {
    assert_eq!(edited(""), "{\n  \"servers\": {\n    \"cap\": {\n      \"url\": \"u\"\n    }\n  }\n}\n");
    assert_eq!(
        edited("{\n\t// note\n\t\"servers\": {\n\t\t\"a\": 1 // one\n\t}\n}\n"),
        "{\n\t// note\n\t\"servers\": {\n\t\t\"a\": 1, // one\n\t\t\"cap\": {\n\t\t\t\"url\": \"u\"\n\t\t}\n\t}\n}\n"
    );
    assert_eq!(
        edited("{\n  \"servers\": {\n    \"a\": 1, /* x\n    y */\n  },\n  \"b\": 2,\n}"),
        "{\n  \"servers\": {\n    \"a\": 1, /* x\n    y */\n    \"cap\": {\n      \"url\": \"u\"\n    },\n  },\n  \"b\": 2,\n}"
    );
    assert_eq!(edited("{\"servers\": {\"a\": 1}}"), "{\"servers\": {\"a\": 1, \"cap\": {\"url\":\"u\"}}}");
    assert_eq!(
        edited("{\r\n  \"servers\": {}\r\n}\r\n"),
        "{\r\n  \"servers\": {\r\n    \"cap\": {\r\n      \"url\": \"u\"\r\n    }\r\n  }\r\n}\r\n"
    );
    assert_eq!(
        edited("{\n  \"servers\": {\n    // none yet\n  }\n}\n"),
        "{\n  \"servers\": {\n    \"cap\": {\n      \"url\": \"u\"\n    }\n    // none yet\n  }\n}\n"
    );
}

#[test]
fn a_member_is_replaced() {
    assert_eq!(
        edited("{\n  \"servers\": {\n    \"cap\": \"x\", // ours\n    \"b\": [1, {\"c\": \"}\"}]\n  }\n}\n"),
        "{\n  \"servers\": {\n    \"cap\": {\n      \"url\": \"u\"\n    }, // ours\n    \"b\": [1, {\"c\": \"}\"}]\n  }\n}\n"
    );
}

#[test]
fn what_is_no_object_is_left_alone() {
    for text in
        ["[]", "{\"servers\": []}", "{\"servers\": 1}", "{", "1", "{\"servers\": {\"cap\": 1}, \"servers\": {}, x}"]
    {
        assert_eq!(with_member(text, &["servers", "cap"], &json!(1)), None, "{text}");
    }
    // Of a key that stands twice the last one counts.
    let twice = with_member("{\"servers\": {\"a\": 1}, \"servers\": {\"b\": 1}}", &["servers", "cap"], &json!(2));
    assert_eq!(twice.unwrap(), "{\"servers\": {\"a\": 1}, \"servers\": {\"b\": 1, \"cap\": 2}}");
}

/// Numbers in no order, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    /// White space and comments, each comment with a number of its own.
    fn gap(&mut self, comments: &mut usize) -> String {
        let mut gap = String::new();
        for _ in 0..self.below(4) {
            gap.push_str(&match self.below(7) {
                0 => " ".to_owned(),
                1 => "\n".to_owned(),
                2 => "\t".to_owned(),
                3 => "\r\n  ".to_owned(),
                4 => String::new(),
                kind => {
                    *comments += 1;
                    if kind == 5 { format!("// n{comments}, }} \"\n") } else { format!("/* n{comments},\n{{ */") }
                }
            });
        }
        gap
    }

    fn value(&mut self, depth: u64, comments: &mut usize) -> String {
        match self.below(if depth == 0 { 4 } else { 6 }) {
            0 => "12.5e3".to_owned(),
            1 => "null".to_owned(),
            2 => "\"a \\\" // } , /* \\\\\"".to_owned(),
            3 => "\"\u{e9}\u{1f600}\"".to_owned(),
            4 => self.list('[', ']', depth, comments, |_, value| value),
            _ => self.object(depth, comments),
        }
    }

    fn object(&mut self, depth: u64, comments: &mut usize) -> String {
        self.list('{', '}', depth, comments, |index, value| {
            let name = if index == 1 { "servers".to_owned() } else { format!("k{index}") };
            format!("\"{name}\" : {value}")
        })
    }

    fn list(
        &mut self,
        open: char,
        close: char,
        depth: u64,
        comments: &mut usize,
        entry: fn(u64, String) -> String,
    ) -> String {
        let mut text = format!("{open}{}", self.gap(comments));
        let count = self.below(4);
        for index in 0..count {
            let value = self.value(depth - 1, comments);
            text.push_str(&entry(index, value));
            text.push_str(&self.gap(comments));
            if index + 1 < count || self.below(3) == 0 {
                text.push(',');
                text.push_str(&self.gap(comments));
            }
        }
        text.push(close);
        text
    }
}

#[test]
fn any_layout_takes_a_member_and_loses_nothing() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut added = 0;
    for _ in 0..5_000 {
        let mut comments = 0;
        let text = format!("{}{}{}", dice.gap(&mut comments), dice.object(3, &mut comments), dice.gap(&mut comments));
        let mut expected = parse(&text).unwrap_or_else(|fault| panic!("{fault:?}: {text}"));
        let way_is_free = expected.get("servers").is_none_or(Value::is_object);
        let edited = with_member(&text, &["servers", "cap"], &json!({"url": "u"}));
        assert_eq!(edited.is_some(), way_is_free, "{text}");
        let Some(edited) = edited else { continue };
        expected["servers"]["cap"] = json!({"url": "u"});
        assert_eq!(parse(&edited), Ok(expected), "{text}\n{edited}");
        for number in 1..=comments {
            assert!(edited.contains(&format!("n{number},")), "comment {number} is lost: {text}\n{edited}");
        }
        assert_eq!(
            with_member(&edited, &["servers", "cap"], &json!({"url": "u"})).as_deref().map(parse),
            Some(parse(&edited))
        );
        added += 1;
    }
    assert!(added > 2_000, "{added}");
}

#[test]
fn half_a_text_is_refused_without_a_panic() {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for _ in 0..200 {
        let text = dice.object(3, &mut 0);
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let half = &text[..end];
            let edited = with_member(half, &["servers", "cap"], &json!(1));
            // What is left may be nothing but space and comments, which is an empty file.
            assert!(edited.is_none() || half.trim().is_empty(), "{half}");
        }
    }
}
