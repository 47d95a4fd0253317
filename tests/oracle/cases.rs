//! The cases: arguments, and the request that they must become.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One operation with arguments.
pub(crate) struct Case {
    pub(crate) set: &'static str,
    pub(crate) id: String,
    /// The document's name.
    pub(crate) spec: String,
    pub(crate) method: String,
    /// The path key.
    pub(crate) path: String,
    /// What the body is, such as `json`.
    pub(crate) kind: String,
    /// By location.
    pub(crate) arguments: Value,
    pub(crate) expected: Value,
    pub(crate) auth: Option<Value>,
}

/// All cases, those with files and XML at the end.
pub(crate) fn read(folder: &Path) -> Vec<Case> {
    [("cases", "cases.jsonl.gz"), ("special", "special.jsonl.gz")]
        .into_iter()
        .flat_map(|(set, file)| {
            let mut text = String::new();
            let file = std::fs::File::open(folder.join(file)).unwrap();
            flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
            text.lines().map(|line| case(set, &serde_json::from_str(line).unwrap())).collect::<Vec<_>>()
        })
        .collect()
}

fn case(set: &'static str, row: &Value) -> Case {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    Case {
        set,
        id: text("id"),
        spec: text("spec"),
        method: text("method"),
        path: text("path"),
        kind: text("kind"),
        arguments: row["arguments"].clone(),
        expected: row["expected"].clone(),
        auth: Some(row["auth"].clone()).filter(|auth| !auth.is_null()),
    }
}

/// The documents: names, and the files that they begin with, below `specs`.
pub(crate) fn documents(corpus: &Path) -> Vec<(String, PathBuf)> {
    let only = std::env::var("CAP_ONLY").unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&std::fs::read(corpus.join("manifest.json")).unwrap()).unwrap();
    let specs = manifest["specs"].as_array().unwrap().iter();
    specs
        .map(|spec| (spec["name"].as_str().unwrap().to_owned(), spec["file"].as_str().unwrap().into()))
        .filter(|(name, _): &(String, PathBuf)| name.contains(&only))
        .collect()
}
