//! `cap.lock`: sorted lines of `<sha256>  <path>`, readable by `sha256sum -c`.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Digest;
use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
use crate::source::SourceId;

/// The name of the lock file in a capabilities folder.
pub const LOCK_FILE: &str = "cap.lock";

const HEADER: &str = "\
# Digests of the files below, as they were reviewed. Written by `cap pin`.
# Verify from any shell, in this folder: sha256sum -c cap.lock
";

/// The digests of one capabilities folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    /// By path, relative to the folder that holds the lock file.
    pub entries: BTreeMap<String, Digest>,
    /// Comments that people added, each from its `#` on, in their order.
    pub comments: Vec<String>,
    /// Where the line of each path stands, in bytes; of a file that was not read, nowhere.
    pub lines: BTreeMap<String, Range<usize>>,
    /// The digest of the text that was read.
    pub digest: Digest,
}

impl LockFile {
    /// Reads a lock file. Lines that are not entries are reported and left out, so that the files
    /// they spoke of count as not pinned.
    #[must_use]
    pub fn parse(source: &SourceId, text: &str) -> Outcome<Self> {
        let mut entries = BTreeMap::new();
        let mut lines = BTreeMap::new();
        let mut comments = Vec::new();
        let mut diagnostics = Vec::new();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let bytes = offset..offset + line.trim_end().len();
            offset += line.len();
            match parse_line(line.trim_end_matches(['\r', '\n'])) {
                Line::Nothing => {}
                Line::Comment(comment) => comments.push(comment.to_owned()),
                Line::Entry(path, digest) if !entries.contains_key(path) => {
                    entries.insert(path.to_owned(), digest);
                    lines.insert(path.to_owned(), bytes);
                }
                Line::Entry(path, _) => diagnostics.push(
                    Diagnostic::new(Code::LOCK_LINE, format!("`{path}` has two lines"), Place::bytes(source, bytes))
                        .label("the first line counts")
                        .help("after a merge, run `cap pin --resolve`: it keeps the line that is about the file as it is"),
                ),
                Line::Marker(_) => diagnostics.push(
                    Diagnostic::new(Code::LOCK_LINE, "a mark of a conflict", Place::bytes(source, bytes))
                        .label("`git merge` left the rest to you")
                        .help("run `cap pin --resolve`: of the lines of both sides it keeps those that are about the files as they are"),
                ),
                Line::Malformed => diagnostics.push(
                    Diagnostic::new(Code::LOCK_LINE, "not a digest and a path", Place::bytes(source, bytes))
                        .label("expected 64 hexadecimal digits, two spaces and a path")
                        .help("run `cap pin` to write the file anew"),
                ),
            }
        }
        Outcome { value: Some(Self { entries, comments, lines, digest: Digest::of(text.as_bytes()) }), diagnostics }
    }

    /// Whether what was read has its entries in the order of [`LockFile::render`].
    #[must_use]
    pub fn is_sorted(&self) -> bool {
        self.lines.values().map(|line| line.start).is_sorted()
    }

    /// The file's text: the header, people's comments, the entries.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = HEADER.to_owned();
        for comment in &self.comments {
            text.push_str(&format!("{comment}\n"));
        }
        for (path, digest) in &self.entries {
            text.push_str(&format!("{digest}  {path}\n"));
        }
        text
    }
}

/// What a line says.
pub(super) enum Line<'t> {
    Nothing,
    /// A comment that is not one of the header's.
    Comment(&'t str),
    Entry(&'t str, Digest),
    Marker(Marker),
    Malformed,
}

/// What begins behind a mark that `git merge` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Ours,
    Base,
    Theirs,
    End,
}

pub(super) fn parse_line(line: &str) -> Line<'_> {
    let bare = line.trim_end();
    if bare.is_empty() || HEADER.lines().any(|of_header| of_header == bare) {
        return Line::Nothing;
    }
    if line.starts_with('#') {
        return Line::Comment(bare);
    }
    if let Some(marker) = marker(line) {
        return Line::Marker(marker);
    }
    // `sha256sum` writes two spaces, or a space and `*` in binary mode.
    let Some((digest, path)) = line.split_once("  ").or_else(|| line.split_once(" *")) else {
        return Line::Malformed;
    };
    match Digest::parse(digest) {
        Some(digest) if !path.is_empty() => Line::Entry(path, digest),
        Some(_) | None => Line::Malformed,
    }
}

/// A mark of a conflict: seven of a character, and perhaps the name of a side.
fn marker(line: &str) -> Option<Marker> {
    let marks =
        [("<<<<<<<", Marker::Ours), ("|||||||", Marker::Base), ("=======", Marker::Theirs), (">>>>>>>", Marker::End)];
    let (_, marker) = marks
        .into_iter()
        .find(|(mark, _)| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))?;
    Some(marker)
}
