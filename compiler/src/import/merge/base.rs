//! The base of the merge: what `cap import` wrote last time, all files of an api in one hidden one.
//!
//! Each text stands as it was written behind a line `--- NAME`. No line of an imported file begins
//! so: what is not a key is indented.

use std::collections::BTreeMap;

/// The name of the file in an api's folder. It is hidden, so that it is neither compiled nor pinned.
pub const BASE_FILE: &str = ".imported";

const HEAD: &str = "\
# What `cap import` wrote last time. The next import compares with it, to tell what a person edited
# from what the document changed. Keep it with the other files, and do not edit it.
";
const MARK: &str = "--- ";

/// File names and texts.
pub type Files = BTreeMap<String, String>;

/// Writes the files of a base as one text.
#[must_use]
pub fn write_base(files: &Files) -> String {
    let mut out = HEAD.to_owned();
    for (name, text) in files {
        out.push_str(&format!("{MARK}{name}\n{text}"));
        if !text.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

/// Reads the files of a base.
#[must_use]
pub fn read_base(text: &str) -> Files {
    let text = text.replace("\r\n", "\n");
    let mut files = Files::new();
    let mut current: Option<(String, String)> = None;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix(MARK) {
            files.extend(current.take());
            current = Some((name.trim().to_owned(), String::new()));
        } else if let Some((_, text)) = &mut current {
            text.push_str(line);
        }
    }
    files.extend(current);
    files
}
