//! Whether what arrived is what should have: paths segment by segment, queries and forms as pairs in
//! which only equal names keep their order, headers by name, JSON by value, the rest by bytes.

use cap_compiler::source::percent_decoded;
use serde_json::Value;

use super::cases::Case;
use super::server::Seen;

/// Which credentials should have arrived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    None,
    Added,
}

type Pairs = Vec<(String, String)>;

/// How a request differs from what a case expects; empty if it does not.
pub(crate) fn differences(case: &Case, seen: &Seen, credentials: Credentials) -> Vec<String> {
    let expected = &case.expected;
    let mut found = Vec::new();
    let mut differ = |what: &str, got: String, wanted: String| {
        if got != wanted {
            found.push(format!("{what} {got} is not {wanted}"));
        }
    };
    differ("method", seen.method.clone(), expected["method"].as_str().unwrap().to_owned());
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let segments: Vec<String> = path.split('/').map(percent_decoded).collect();
    differ("path", shown(&segments), shown(&expected["path"]));
    let added = case.auth.as_ref().filter(|_| credentials == Credentials::Added).map(|auth| &auth["adds"]);
    let mut wanted = pairs_of(&expected["query"]);
    wanted.extend(added.map(|adds| pairs_of(&adds["query"])).unwrap_or_default());
    differ("query", shown(&sorted(pairs(query))), shown(&sorted(wanted)));
    let headers = expected["headers"].as_object().into_iter().flatten();
    for (name, value) in headers.chain(added.and_then(|adds| adds["headers"].as_object()).into_iter().flatten()) {
        let got = seen.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let wanted = value.as_str().unwrap_or_default().to_owned();
        let bare = |text: String| match name.as_str() {
            "content-type" => text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            "cookie" => percent_decoded(&text),
            _ => text,
        };
        differ(&format!("header {name}"), got.map_or("(absent)".to_owned(), bare), bare(wanted));
    }
    found.extend(body(case, seen));
    found
}

fn body(case: &Case, seen: &Seen) -> Option<String> {
    let expected = &case.expected;
    let text = String::from_utf8_lossy(&seen.body);
    let same = match case.kind.as_str() {
        "json" | "any" => serde_json::from_slice::<Value>(&seen.body).is_ok_and(|body| equal(&body, &expected["body"])),
        "form" => sorted(pairs(&text)) == sorted(pairs_of(&expected["form"])),
        "text" | "xml" => Some(text.as_ref()) == expected["body"].as_str(),
        "binary" => seen.body == super::arguments::decoded(&expected["body"]["$file"]["base64"]),
        "multipart" => return parts(case, seen),
        _ => seen.body.is_empty(),
    };
    let wanted: String = expected["body"].to_string().chars().take(200).collect();
    let got: String = text.chars().take(200).collect();
    (!same).then(|| format!("{} body {got} is not {wanted}", case.kind))
}

/// Numbers are compared as numbers: `1` and `1.0` are one value of JSON.
fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| equal(one, other)))
        }
        _ => one == other,
    }
}

/// Each part that was expected is there, with its file name and its bytes.
fn parts(case: &Case, seen: &Seen) -> Option<String> {
    let text = String::from_utf8_lossy(&seen.body);
    for part in case.expected["parts"].as_array().into_iter().flatten() {
        let name = part["name"].as_str().unwrap();
        let mut head = format!("name=\"{name}\"");
        if let Some(filename) = part["filename"].as_str() {
            head = format!("{head}; filename=\"{filename}\"");
        }
        if !text.contains(&head) {
            return Some(format!("no part {head} in {}", text.chars().take(400).collect::<String>()));
        }
        if let Some(value) = part["value"].as_str().filter(|value| !text.contains(*value)) {
            return Some(format!("part `{name}` is not {value}"));
        }
    }
    None
}

fn pairs_of(value: &Value) -> Pairs {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    value.as_array().into_iter().flatten().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// The pairs of a query or a form, decoded.
fn pairs(text: &str) -> Pairs {
    let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// By name; the sort is stable, so equal names keep their order.
fn sorted(mut pairs: Pairs) -> Pairs {
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    pairs
}

fn shown(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}
