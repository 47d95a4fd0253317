//! The documents that benches read: a real one that is no part of the project, and one made of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a bench that cannot go on stops, and says why"
)]

use std::path::PathBuf;

use serde_json::{Map, Value};

/// Bytes of the larger document, at least.
pub(crate) const LARGE: usize = 13_000_000;

/// A large real document, where `CAP_SHARED` names the folder that has it.
pub(crate) fn github() -> Option<Vec<u8>> {
    let Some(shared) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return None;
    };
    Some(std::fs::read(PathBuf::from(shared).join("corpus/specs/github-api.v30.json")).unwrap())
}

/// The document with its paths again under `/1`, `/2` and so on, until it is large enough.
pub(crate) fn repeated(document: &[u8], size: usize) -> Vec<u8> {
    let mut document: Value = serde_json::from_slice(document).unwrap();
    let paths = document["paths"].take();
    let rest = document.to_string().len();
    let rounds = size.saturating_sub(rest).div_ceil(paths.to_string().len());
    let mut all = Map::new();
    for round in 0..rounds {
        for (path, item) in paths.as_object().unwrap() {
            all.insert(format!("/{round}{path}"), renamed(item, round));
        }
    }
    document["paths"] = Value::Object(all);
    document.to_string().into_bytes()
}

/// A path item whose operations have other names.
fn renamed(item: &Value, round: usize) -> Value {
    let mut item = item.clone();
    for operation in item.as_object_mut().unwrap().values_mut() {
        if let Some(id) = operation.get("operationId").and_then(Value::as_str) {
            operation["operationId"] = format!("{id}/{round}").into();
        }
    }
    item
}
