//! The forms in which a value may come back.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use super::SHORTEST;

/// Shorter parts of base64 are found by chance in large answers.
const SHORTEST_PART: usize = 8;

/// The value as it is, as JSON and the debug form of a text write it, as URLs write it, in base64 at
/// each of three places within something longer, and as hosts are written.
pub(super) fn forms(value: &str) -> Vec<String> {
    let json = Value::from(value).to_string();
    let debug = format!("{value:?}");
    let inner = |quoted: &str| quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned();
    let mut forms = vec![
        value.to_owned(),
        inner(&json),
        inner(&debug),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)),
        percent(value, |byte| byte.is_ascii_graphic() && !b"\"#<>?`{}".contains(&byte)),
        percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._* ".contains(&byte)).replace(' ', "+"),
        value.to_ascii_lowercase(),
        BASE64_STANDARD.encode(value),
        BASE64_STANDARD_NO_PAD.encode(value),
        BASE64_URL_SAFE.encode(value),
    ];
    let lower: Vec<String> = forms.iter().skip(3).take(3).map(|form| lower_escapes(form)).collect();
    forms.extend(lower);
    for before in 0..3 {
        forms.extend(base64_parts(value.as_bytes(), before).filter(|part| part.len() >= SHORTEST_PART));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort();
    forms.dedup();
    forms
}

fn percent(value: &str, kept: impl Fn(u8) -> bool) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value.bytes() {
        if kept(byte) { text.push(char::from(byte)) } else { text.push_str(&format!("%{byte:02X}")) }
    }
    text
}

/// `%2F` as `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut lowered = String::with_capacity(text.len());
    let mut escaped = 0;
    for c in text.chars() {
        lowered.push(if escaped > 0 { c.to_ascii_lowercase() } else { c });
        escaped = if c == '%' { 2 } else { usize::saturating_sub(escaped, 1) };
    }
    lowered
}

/// The characters that belong to the value alone when `before` bytes (of three) stand before it.
fn base64_parts(value: &[u8], before: usize) -> impl Iterator<Item = String> {
    let mut bytes = vec![0; before];
    bytes.extend_from_slice(value);
    let (start, end) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
    let encoded = [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)];
    encoded.into_iter().filter_map(move |text| text.get(start..end).map(str::to_owned))
}
