//! Digests of arguments: they tell whether two calls were given the same, and nothing else.
//!
//! A plain digest of a small argument is no secret: whoever has it tries all account numbers and finds
//! the one. So it is keyed (HMAC-SHA-256) with a random key that is kept beside the audit log and never
//! in it. Who holds the key can check a suspicion; who has only the log can compare calls.

use std::fmt;

use cap_compiler::pin::Digest;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretSlice};
use serde_json::{Map, Number, Value};
use sha2::Sha256;

/// The key of digests of arguments.
pub struct DigestKey(SecretSlice<u8>);

impl DigestKey {
    /// How many bytes a key has.
    pub const LENGTH: usize = 32;

    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(SecretSlice::from(bytes.to_vec()))
    }

    /// The keyed digest of arguments in canonical form.
    #[must_use]
    pub fn digest(&self, arguments: &Map<String, Value>) -> Digest {
        let mut text = String::with_capacity(128);
        write_members(arguments, &mut text);
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) else {
            // HMAC takes keys of every length.
            return Digest::default();
        };
        mac.update(text.as_bytes());
        Digest::from_bytes(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

/// JSON in one spelling, as RFC 8785 has it: keys sorted by their UTF-16 code units, no white space,
/// numbers as ECMAScript writes them. Whole numbers that do not fit into a double stay exact.
#[must_use]
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => write_number(number, text),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => write_members(members, text),
    }
}

fn write_members(members: &Map<String, Value>, text: &mut String) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(value, text);
    }
    text.push('}');
}

fn write_number(number: &Number, text: &mut String) {
    let float = number.as_f64().filter(|_| number.is_f64());
    let Some(float) = float else {
        return text.push_str(&number.to_string());
    };
    let size = float.abs();
    if size == 0.0 {
        text.push('0');
    } else if (1e-6..1e21).contains(&size) {
        text.push_str(&float.to_string());
    } else {
        // `1e21` here is `1e+21` there.
        let written = format!("{float:e}");
        text.push_str(&if size > 1.0 { written.replace('e', "e+") } else { written });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{DigestKey, canonical};

    #[test]
    fn every_spelling_has_one_form() {
        let parse = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        let cases = [
            (r#"{"b": 1, "a": [true, null]}"#, r#"{"a":[true,null],"b":1}"#),
            // The key orders of RFC 8785, section 3.2.3: code units, not code points.
            (r#"{"\ufb33": 1, "\ud83d\ude00": 2, "\u20ac": 3}"#, "{\"\u{20ac}\":3,\"\u{1f600}\":2,\"\u{fb33}\":1}"),
            ("[1.0, 1, 1e0]", "[1,1,1]"),
            ("[-0.0, 1e21, 1e-7, 0.000001, 4.5]", "[0,1e+21,1e-7,0.000001,4.5]"),
            ("[333333333.33333329, 1E30, 2e-3]", "[333333333.3333333,1e+30,0.002]"),
            ("[9007199254740993, 18446744073709551615]", "[9007199254740993,18446744073709551615]"),
            (r#""\u000f\/\"\\""#, r#""\u000f/\"\\""#),
        ];
        for (written, form) in cases {
            assert_eq!(canonical(&parse(written)), form, "{written}");
        }
    }

    #[test]
    fn a_digest_depends_on_the_key_and_on_what_is_said_only() {
        let (one, other) = (DigestKey::new([1; 32]), DigestKey::new([2; 32]));
        let arguments = |value: Value| value.as_object().cloned().unwrap_or_default();
        let (a, b) = (arguments(json!({"x": 1, "y": 2})), arguments(json!({"y": 2.0, "x": 1})));
        assert_eq!(one.digest(&a), one.digest(&b));
        assert_ne!(one.digest(&a), other.digest(&a));
        assert_ne!(one.digest(&a), one.digest(&arguments(json!({"x": 1, "y": 3}))));
        assert_eq!(format!("{one:?}"), "DigestKey");
    }
}
