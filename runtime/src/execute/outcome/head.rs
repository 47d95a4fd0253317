//! The answer to a HEAD request is its headers.

use serde_json::{Map, Value};

use super::{Reading, ToolOutcome, finish};
use crate::execute::send::Answer;

const TOLD: [(&str, &str); 4] =
    [("content-length", "content_length"), ("etag", "etag"), ("last-modified", "last_modified"), ("link", "link")];

pub(super) fn read(answer: &Answer, reading: &Reading<'_>) -> ToolOutcome {
    let mut told = Map::new();
    told.insert("status".to_owned(), Value::from(answer.status));
    if let Some(content_type) = &answer.content_type {
        told.insert("content_type".to_owned(), Value::from(content_type.as_str()));
    }
    for (header, name) in TOLD {
        let Some(value) = answer.header(header) else { continue };
        let number = value.parse::<u64>().ok().filter(|_| header == "content-length");
        told.insert(name.to_owned(), number.map_or_else(|| Value::from(value), Value::from));
    }
    finish(Value::Object(told), None, reading)
}
