//! Multipart bodies: taken apart, and compared part by part.
//!
//! The reference comparison looks at the media type only, because OpenAPI leaves much of the rest open.
//! What is said here, of names, file names, texts and the bytes of files, counts beyond it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::cases::Case;
use crate::compare::{grouped, same, short};

#[derive(Debug)]
struct Part {
    filename: Option<String>,
    bytes: Vec<u8>,
}

/// How the parts of a body differ from the expected ones.
pub(crate) fn differences(case: &Case, body: &[u8]) -> Vec<String> {
    if case.kind != "multipart" {
        return Vec::new();
    }
    let wanted = case.expected["parts"].as_array().cloned().unwrap_or_default();
    let name = |part: &Value| part["name"].as_str().unwrap_or_default().to_owned();
    let wanted = grouped(wanted.into_iter().map(|part| (name(&part), part)));
    let found = grouped(parts(body));
    let mut differences = Vec::new();
    for (name, wanted) in &wanted {
        let found = found.get(name).map(Vec::as_slice).unwrap_or_default();
        if found.len() != wanted.len() {
            differences.push(format!("part {name}: {} of them instead of {}", found.len(), wanted.len()));
            continue;
        }
        for (found, wanted) in found.iter().zip(wanted) {
            differences.extend(part(case, name, found, wanted));
        }
    }
    let others = found.keys().filter(|name| !wanted.contains_key(*name));
    differences.extend(others.map(|name| format!("unexpected part {name}")));
    differences
}

fn part(case: &Case, name: &str, found: &Part, wanted: &Value) -> Option<String> {
    if wanted["file"] == true {
        let file = &case.arguments["body"][name]["$file"];
        let bytes = file["base64"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
        if bytes.is_some_and(|bytes| bytes != found.bytes) {
            return Some(format!("part {name}: other bytes"));
        }
        let differs = wanted["filename"].as_str() != found.filename.as_deref();
        return differs
            .then(|| format!("part {name}: file name {:?} instead of {}", found.filename, wanted["filename"]));
    }
    let found = String::from_utf8_lossy(&found.bytes);
    let value = wanted["value"].as_str().unwrap_or_default();
    let json = |text: &str| serde_json::from_str::<Value>(text).ok();
    let equal = found == value || json(&found).zip(json(value)).is_some_and(|(left, right)| same(&left, &right));
    (!equal).then(|| format!("part {name}: {} instead of {}", short(&found), short(value)))
}

/// Names and parts. The boundary is the body's first line.
fn parts(body: &[u8]) -> Vec<(String, Part)> {
    let Some(end) = find(body, b"\r\n") else { return Vec::new() };
    let boundary = [b"\r\n".as_slice(), &body[..end]].concat();
    let mut found = Vec::new();
    let mut rest = &body[end..];
    while let Some(headers) = rest.strip_prefix(b"\r\n") {
        let (Some(blank), Some(close)) = (find(headers, b"\r\n\r\n"), find(headers, &boundary)) else { break };
        let text = String::from_utf8_lossy(&headers[..blank]).into_owned();
        let part = Part { filename: said(&text, "filename"), bytes: headers[blank + 4..close].to_vec() };
        found.push((said(&text, "name").unwrap_or_default(), part));
        rest = &headers[close + boundary.len()..];
    }
    found
}

/// What a part's `Content-Disposition` says in quotes.
fn said(headers: &str, key: &str) -> Option<String> {
    let start = headers.find(&format!("; {key}=\""))? + key.len() + 4;
    headers[start..].split_once('"').map(|(value, _)| value.to_owned())
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
