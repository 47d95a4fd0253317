//! Whether a request is the one that a case expects.
//!
//! The path goes by segments after percent-decoding, the query and forms by decoded pairs whose order
//! counts among equal names only, headers by name with others allowed, JSON by structure, everything
//! else by bytes. Credentials are looked at apart from the rest.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::cases::Case;
use crate::server::Seen;

type Pairs = Vec<(String, String)>;

/// How a request differs from the expected one; empty if it does not.
pub(crate) fn request(case: &Case, seen: &Seen) -> Vec<String> {
    let expected = &case.expected;
    let mut differences = Vec::new();
    let mut differ = |what: &str, found: String, wanted: String| {
        if found != wanted {
            differences.push(format!("{what} {} instead of {}", short(&found), short(&wanted)));
        }
    };
    differ("method", seen.method.clone(), text(&expected["method"]));
    let target = seen.target.split('#').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments: Vec<String> = path.split('/').map(|segment| decoded(segment, Plus::Itself)).collect();
    differ("path", format!("{segments:?}"), format!("{:?}", texts(&expected["path"])));
    let query = without(pairs(query), &added_query(case));
    differ("query", show(query), show(listed(&expected["query"])));
    for (name, wanted) in expected["headers"].as_object().into_iter().flatten() {
        let (found, wanted) = header(name, seen.headers.get(name), &text(wanted));
        differ(&format!("header {name}"), found, wanted);
    }
    differences.extend(body(case, &seen.body));
    differences
}

/// Which of a case's credentials did not arrive.
pub(crate) fn credentials(case: &Case, seen: &Seen) -> Vec<String> {
    let adds = &case.auth["adds"];
    let mut missing = Vec::new();
    for (name, wanted) in adds["headers"].as_object().into_iter().flatten() {
        let (found, wanted) = header(name, seen.headers.get(name), &text(wanted));
        if found != wanted {
            missing.push(format!("credential: header {name} {} instead of {}", short(&found), short(&wanted)));
        }
    }
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let found = pairs(query);
    for (name, wanted) in added_query(case) {
        if !found.contains(&(name.clone(), wanted.clone())) {
            missing.push(format!("credential: query {name}={wanted} is not in {}", short(&format!("{found:?}"))));
        }
    }
    missing
}

fn body(case: &Case, bytes: &[u8]) -> Vec<String> {
    let expected = &case.expected["body"];
    let found = String::from_utf8_lossy(bytes);
    let differs = match case.kind.as_str() {
        "json" | "any" => match serde_json::from_slice::<Value>(bytes) {
            Ok(value) if same(&value, expected) => None,
            Ok(value) => {
                Some(format!("body {} instead of {}", short(&value.to_string()), short(&expected.to_string())))
            }
            Err(_) => Some(format!("body is not JSON: {}", short(&found))),
        },
        "form" => {
            let (found, wanted) = (show(pairs(&found)), show(listed(&case.expected["form"])));
            (found != wanted).then(|| format!("form {} instead of {}", short(&found), short(&wanted)))
        }
        "text" | "xml" => (Some(found.as_ref()) != expected.as_str()).then(|| format!("text body {}", short(&found))),
        "binary" => {
            let differs = expected["$file"]["base64"] != BASE64_STANDARD.encode(bytes);
            differs.then(|| format!("binary body {}", short(&found)))
        }
        // Its parts are looked at apart, see `multipart`.
        "multipart" => None,
        _ => (!bytes.is_empty()).then(|| format!("unexpected body {}", short(&found))),
    };
    differs.into_iter().collect()
}

/// A header's value as it is compared: media types without parameters, cookies decoded.
fn header(name: &str, found: Option<&String>, wanted: &str) -> (String, String) {
    let found = found.map(String::as_str);
    let comparable = |text: &str| match name {
        "content-type" => text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
        "cookie" => decoded(text, Plus::Itself),
        _ => text.to_owned(),
    };
    (found.map_or_else(|| "(absent)".to_owned(), comparable), comparable(wanted))
}

/// JSON by structure; numbers by value.
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        _ => left == right,
    }
}

/// Pairs sorted by name; equal names keep their order.
fn show(mut pairs: Pairs) -> String {
    pairs.sort_by(|left, right| left.0.cmp(&right.0));
    format!("{pairs:?}")
}

/// The pairs that remain when those of the credentials are taken away, each once.
fn without(mut pairs: Pairs, others: &Pairs) -> Pairs {
    for other in others {
        if let Some(at) = pairs.iter().position(|pair| pair == other) {
            pairs.remove(at);
        }
    }
    pairs
}

fn added_query(case: &Case) -> Pairs {
    listed(&case.auth["adds"]["query"])
}

fn listed(pairs: &Value) -> Pairs {
    pairs.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// A query or form taken apart and decoded.
fn pairs(query: &str) -> Pairs {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(name, Plus::Space), decoded(value, Plus::Space))
    };
    query.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

/// What `+` means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plus {
    Itself,
    Space,
}

/// Percent-decoded; what is not well-formed stays as it is.
fn decoded(text: &str, plus: Plus) -> String {
    let spaced = if plus == Plus::Space { text.replace('+', " ") } else { text.to_owned() };
    let mut bytes = Vec::with_capacity(spaced.len());
    let mut rest = spaced.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let digits = tail.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            return text.to_owned();
        };
        bytes.push(byte);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn texts(values: &Value) -> Vec<String> {
    values.as_array().into_iter().flatten().map(text).collect()
}

pub(crate) fn short(text: &str) -> String {
    if text.chars().count() <= 240 {
        text.to_owned()
    } else {
        format!("{}…", text.chars().take(240).collect::<String>())
    }
}

/// The parts of a multipart body by name, in order.
pub(crate) fn grouped<T>(parts: impl IntoIterator<Item = (String, T)>) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for (name, part) in parts {
        groups.entry(name).or_default().push(part);
    }
    groups
}
