//! One lock file out of those of two branches: each line was reviewed on a branch, and the files say which.
//!
//! A digest gets into the result only if a line of one of the two sides has it. Where neither speaks of a file's
//! bytes, because they were merged as well, the line stays, so that the file counts as changed and is not served.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::{Line, Marker, parse_line};
use super::{Digest, LockFile};
use crate::diagnostic::{Code, Diagnostic, Outcome, Place};
use crate::source::SourceId;

/// A lock file without conflicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The lock file.
    pub lock: LockFile,
    /// Paths with several lines, of which one is about the file's bytes.
    pub chosen: Vec<String>,
    /// Paths with several lines, none of which is: nobody has reviewed what the file is now.
    pub unreviewed: Vec<String>,
    /// Paths that one side has no line for, and that have no file.
    pub forgotten: Vec<String>,
}

/// Which side of a conflict a line is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Both,
    Ours,
    /// What both sides began with, which nobody wants any more.
    Base,
    Theirs,
}

/// The lines of one path.
#[derive(Default)]
struct Lines {
    digests: Vec<Digest>,
    sides: Vec<Side>,
}

/// What is in the text, of both sides.
#[derive(Default)]
struct Found {
    paths: BTreeMap<String, Lines>,
    /// Each once.
    comments: Vec<String>,
}

/// Resolves what `git merge` left of a lock file: its conflicts, with or without their markers. `digest_of` gives
/// the digest of the file at a path, if there is one.
#[must_use]
pub fn resolve(source: &SourceId, text: &str, digest_of: impl Fn(&str) -> Option<Digest>) -> Outcome<Resolved> {
    let Outcome { value: found, diagnostics } = read(source, text);
    if !diagnostics.is_empty() {
        return Outcome { value: None, diagnostics };
    }
    let Found { paths, comments } = found.unwrap_or_default();
    let mut resolved = Resolved { lock: LockFile { comments, ..LockFile::default() }, ..Resolved::default() };
    for (path, lines) in paths {
        let Some(first) = lines.digests.first() else { continue };
        let found = digest_of(&path);
        let reviewed = lines.digests.iter().find(|digest| Some(**digest) == found);
        let one_sided = !lines.sides.contains(&Side::Both)
            && lines.sides.contains(&Side::Ours) != lines.sides.contains(&Side::Theirs);
        if found.is_none() && one_sided {
            resolved.forgotten.push(path);
            continue;
        }
        let several = lines.digests.iter().any(|digest| digest != first);
        match (several, reviewed) {
            (true, Some(_)) => resolved.chosen.push(path.clone()),
            (true, None) => resolved.unreviewed.push(path.clone()),
            (false, _) => {}
        }
        resolved.lock.entries.insert(path, *reviewed.unwrap_or(first));
    }
    Outcome { value: Some(resolved), diagnostics }
}

fn read(source: &SourceId, text: &str) -> Outcome<Found> {
    let (mut found, mut known) = (Found::default(), BTreeSet::new());
    let mut diagnostics = Vec::new();
    let (mut side, mut offset) = (Side::Both, 0);
    for line in text.split_inclusive('\n') {
        let bytes = offset..offset + line.trim_end().len();
        offset += line.len();
        match parse_line(line.trim_end_matches(['\r', '\n'])) {
            Line::Nothing => {}
            Line::Comment(comment) => {
                if side != Side::Base && known.insert(comment) {
                    found.comments.push(comment.to_owned());
                }
            }
            Line::Marker(marker) => {
                side = match marker {
                    Marker::Ours => Side::Ours,
                    Marker::Base => Side::Base,
                    Marker::Theirs => Side::Theirs,
                    Marker::End => Side::Both,
                }
            }
            Line::Entry(_, _) if side == Side::Base => {}
            Line::Entry(path, digest) => {
                let lines = found.paths.entry(path.to_owned()).or_default();
                lines.digests.push(digest);
                lines.sides.push(side);
            }
            Line::Malformed => diagnostics.push(
                Diagnostic::new(Code::LOCK_LINE, "not a digest and a path", Place::bytes(source, bytes))
                    .label("neither a line of a lock file nor a mark of a conflict")
                    .help("remove the line, then run `cap pin --resolve` again"),
            ),
        }
    }
    Outcome { value: Some(found), diagnostics }
}
