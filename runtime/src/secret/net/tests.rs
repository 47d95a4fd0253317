//! Values are found in every form, and nothing else is.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::*;

const VALUE: &str = "s3/cr+et \"A\\z\" Q9?x";

fn net() -> Net {
    let net = Net::default();
    net.learn("KEY", VALUE);
    net
}

#[test]
fn an_empty_net_changes_nothing() {
    assert!(matches!(Net::default().text(VALUE), Cow::Borrowed(_)));
}

#[test]
fn each_form_is_masked() {
    let net = net();
    let json = serde_json::to_string(VALUE).unwrap();
    let forms = [VALUE.to_owned(), json, format!("{VALUE:?}"), VALUE.to_lowercase(), forms(VALUE).join(" ")];
    for form in forms {
        let masked = net.text(&form).into_owned();
        assert!(masked.contains("{secret.KEY}"), "{form} became {masked}");
        for word in ["s3", "%2F", "Q9", "q9"] {
            assert!(!masked.contains(word), "{form} became {masked}");
        }
    }
}

#[test]
fn base64_of_something_longer_is_masked_wherever_the_value_stands_in_it() {
    let net = net();
    for before in 0..7 {
        let longer = format!("{}{VALUE}{}", "u".repeat(before), "w".repeat(7 - before));
        for text in [BASE64_STANDARD.encode(&longer), BASE64_URL_SAFE_NO_PAD.encode(&longer)] {
            assert!(net.text(&text).contains("{secret.KEY}"), "{text}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_masked() {
    let bytes = [&[0xff, 0x00][..], VALUE.as_bytes(), &[0xfe]].concat();
    assert_eq!(net().bytes(&bytes).as_ref(), [&[0xff, 0x00][..], b"{secret.KEY}", &[0xfe]].concat());
}

#[test]
fn short_values_are_left_alone() {
    let net = Net::default();
    net.learn("KEY", "abc");
    assert_eq!(net.text("abcabc"), "abcabc");
}

#[test]
fn the_longest_of_two_values_is_masked_whole() {
    let net = net();
    net.learn("LONGER", &format!("{VALUE}-and-more"));
    assert_eq!(net.text(&format!("<{VALUE}-and-more>")), "<{secret.LONGER}>");
}

#[test]
fn what_is_written_is_masked_before() {
    learn("NET_TEST", VALUE);
    let mut written = MaskingWriter(Vec::new());
    written.write_all(format!("a {VALUE} b").as_bytes()).unwrap();
    assert_eq!(written.0, b"a {secret.NET_TEST} b");
}

#[test]
fn old_values_are_forgotten_and_new_ones_are_not() {
    let net = Net::default();
    let values: Vec<String> = (0..MOST + 8).map(|number| format!("token-{number:08}")).collect();
    net.learn_all(values.iter().map(|value| ("TOKEN", value.as_str())));
    let last = values.last().unwrap();
    assert_eq!(net.text(last), "{secret.TOKEN}");
    assert_eq!(net.text(&values[0]), values[0]);
}
