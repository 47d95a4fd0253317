//! Argument checking against the official JSON Schema test suite, where the machine has it.
//!
//! Each row's schema becomes the schema of one argument, as an embedded resource (JSON Schema core,
//! section 9.3), and its datum that argument's value. An argument that had to be repaired did not fit.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests may panic and talk")]

mod remotes;
#[path = "../execute/support.rs"]
#[allow(dead_code, reason = "shared with the tests of single calls, which use all of it")]
mod support;

use std::io::Read as _;

use cap_runtime::execute::{ErrorKind, Executor, ToolError};
use serde_json::{Value, json};

use self::support::{call, executor, object, prepared};

/// Rows that are read otherwise, by file and group, and why.
const DIFFERENCES: [(&str, &str, &str); 2] = [
    (
        "vocabulary.json",
        "schema that uses custom metaschema with with no validation vocabulary",
        "metaschemas are not fetched: every schema has all keywords of the dialect",
    ),
    (
        "optional/cross-draft.json",
        "refs to historic drafts are processed as historic drafts",
        "an input schema is of one dialect, whatever its author took it from",
    ),
];

/// `format` is an annotation, as the dialect has it by default; these rows are for those who assert it.
fn is_about_asserted_formats(file: &str) -> bool {
    file.starts_with("optional/format")
}

fn rows() -> Vec<Value> {
    let Some(folder) = std::env::var_os("CAP_SHARED") else {
        eprintln!("skipped: CAP_SHARED is not set");
        return Vec::new();
    };
    let file = std::fs::File::open(std::path::Path::new(&folder).join("vectors/json_schema_suite.jsonl.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The schema of arguments with one argument that has a row's schema.
fn embedded(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.entry("$id").or_insert_with(|| json!("https://suite.example/schema"));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {"value": schema},
        "required": ["value"],
        "$defs": remotes::bundle(),
    })
}

fn verdict(executor: &Executor, row: &Value) -> Result<&'static str, ToolError> {
    let tool = prepared(call("https://api.example.com", "/x"), embedded(&row["schema"]));
    match executor.plan(&tool, &object(json!({"value": row["data"]}))) {
        Ok(plan) if plan.notes.is_empty() => Ok("valid"),
        Ok(_) => Ok("invalid"),
        Err(error) if error.kind() == ErrorKind::Arguments => Ok("invalid"),
        Err(error) => Err(error),
    }
}

#[test]
fn the_official_suite_is_agreed_with() {
    let executor = executor();
    let (mut required, mut optional, mut unknown) = ((0_usize, 0_usize), (0_usize, 0_usize), Vec::new());
    for row in rows() {
        let Some(file) = row["file"].as_str().unwrap().strip_prefix("draft2020-12/") else { continue };
        if is_about_asserted_formats(file) {
            continue;
        }
        let count = if file.starts_with("optional/") { &mut optional } else { &mut required };
        count.0 += 1;
        let said = verdict(&executor, &row);
        if said.as_ref().is_ok_and(|said| row["expect"] == **said) {
            count.1 += 1;
        } else if !DIFFERENCES.iter().any(|(known, group, _)| *known == file && row["group"] == *group) {
            unknown.push(format!("{file} | {} | {} | {}, not {said:?}", row["group"], row["test"], row["expect"]));
        }
    }
    eprintln!("required: {} of {} agree; optional: {} of {}", required.1, required.0, optional.1, optional.0);
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    assert!(required.1 * 1000 >= required.0 * 995);
}

/// The rows that assert formats, as annotations: nothing but the type is ever refused.
#[test]
fn formats_are_annotations() {
    let executor = executor();
    for row in rows() {
        let file = row["file"].as_str().unwrap();
        if file.starts_with("draft2020-12/optional/format/") {
            let said = verdict(&executor, &row);
            assert!(said.is_ok_and(|said| said == "valid"), "{row}");
        }
    }
}
