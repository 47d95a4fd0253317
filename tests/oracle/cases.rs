//! The cases: for one operation each, arguments and the HTTP request that they must become.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

/// One line of the case files. The parts that differ by kind stay trees.
pub(crate) struct Case {
    pub(crate) id: String,
    /// The document's file, below the folder of documents.
    pub(crate) file: String,
    pub(crate) method: String,
    /// The path key of the document.
    pub(crate) path: String,
    /// What sort of body it has: `none`, `json`, `form`, `multipart` and so on.
    pub(crate) kind: String,
    /// By location and wire name; `body` and `contentType` beside them.
    pub(crate) arguments: Value,
    pub(crate) expected: Value,
    /// Credentials by scheme and what they add to the request; null without.
    pub(crate) auth: Value,
    pub(crate) set: Set,
}

/// Which file a case stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// Two independent builders agree on the request.
    Agreed,
    /// Multipart, binary and XML bodies, from one builder.
    Special,
}

/// All cases by the document's file.
pub(crate) fn read(folder: &Path) -> BTreeMap<String, Vec<Case>> {
    let mut cases: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for (name, set) in [("cases.jsonl.gz", Set::Agreed), ("special.jsonl.gz", Set::Special)] {
        let lines = BufReader::new(GzDecoder::new(File::open(folder.join(name)).unwrap())).lines();
        for line in lines {
            let case = Case::of(serde_json::from_str(&line.unwrap()).unwrap(), set);
            cases.entry(case.file.clone()).or_default().push(case);
        }
    }
    cases
}

impl Case {
    fn of(mut line: Value, set: Set) -> Self {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("id"),
            file: text("file"),
            method: text("method"),
            path: text("path"),
            kind: text("kind"),
            arguments: line["arguments"].take(),
            expected: line["expected"].take(),
            auth: line["auth"].take(),
            set,
        }
    }
}
