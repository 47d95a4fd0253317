//! Files against lock lines: what is fresh, and what to do about the rest.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::{Digest, LOCK_FILE, LockFile, TOOLS_FILE};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::source::SourceId;

/// The state of every file of a compilation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    states: HashMap<SourceId, FileState>,
    /// Where files were that are [`FileState::Moved`], and what is there.
    moved: HashMap<SourceId, (SourceId, Digest)>,
    problems: Vec<Problem>,
}

/// A file against its lock line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// The digest is the one in the lock file.
    Fresh,
    /// The lock file has another digest.
    Changed {
        /// What was pinned.
        pinned: Digest,
        /// What is there.
        found: Digest,
    },
    /// The digest is that of a line whose file is gone: what was reviewed stands elsewhere now.
    Moved,
    /// The lock file does not speak of it, or there is none.
    Unlisted {
        /// What is there.
        found: Digest,
    },
}

impl FileState {
    /// Whether a lock line vouches for what is there.
    #[must_use]
    pub fn is_pinned(self) -> bool {
        match self {
            Self::Fresh | Self::Moved => true,
            Self::Changed { .. } | Self::Unlisted { .. } => false,
        }
    }
}

/// Something that is not as the lock file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A file is not what was pinned.
    Changed {
        /// The file.
        file: SourceId,
        /// What was pinned.
        pinned: Digest,
        /// What is there.
        found: Digest,
    },
    /// A file has no line.
    Unlisted {
        /// The file.
        file: SourceId,
        /// What is there.
        found: Digest,
    },
    /// A file has the bytes of a line whose file is gone.
    Moved {
        /// The file.
        file: SourceId,
        /// Where the lock file has it.
        from: SourceId,
        /// What is there, as it was pinned.
        found: Digest,
    },
    /// The last good form of a tool was made of other bytes than are there now.
    Outdated {
        /// The tool's file.
        file: SourceId,
    },
    /// A tool of an upstream is not what was approved.
    ToolDiffers {
        /// The file of the approved tools.
        file: SourceId,
        /// The server's name of the tool.
        tool: String,
        /// What differs, a line for each place.
        differences: Vec<String>,
    },
    /// Nobody approved a tool of an upstream.
    ToolUnapproved {
        /// The file of the approved tools.
        file: SourceId,
        /// The server's name of the tool; `*` for all of them.
        tool: String,
    },
    /// A line has no file.
    Gone {
        /// The file that should be there.
        file: SourceId,
        /// The lock file.
        lock: SourceId,
        /// The bytes of its line.
        line: Range<usize>,
    },
}

/// What `cap pin` does about a [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fix {
    /// Write the digest that was found.
    Record,
    /// Remove the line.
    Forget,
    /// Ask the upstream for its tools, and write them down.
    Approve,
}

impl Pins {
    /// Compares one folder's files with its lock file. `root` is the folder as the identifiers of
    /// its files spell it, empty or without a trailing slash.
    pub fn compare<'a>(
        &mut self,
        root: &str,
        files: impl IntoIterator<Item = (&'a SourceId, Digest)>,
        lock: &LockFile,
    ) {
        let mut unseen: BTreeMap<&str, Digest> = lock.entries.iter().map(|(path, it)| (path.as_str(), *it)).collect();
        let mut unlisted = Vec::new();
        for (file, found) in files {
            let state = match unseen.remove(relative(root, file)) {
                Some(pinned) if pinned == found => FileState::Fresh,
                Some(pinned) => FileState::Changed { pinned, found },
                None => {
                    unlisted.push((file, found));
                    continue;
                }
            };
            self.note(file, state);
        }
        let below =
            |path: &str| if root.is_empty() { SourceId::new(path) } else { SourceId::new(&format!("{root}/{path}")) };
        let mut moved: BTreeMap<Digest, Vec<&str>> = BTreeMap::new();
        for (path, pinned) in unseen.iter().rev() {
            moved.entry(*pinned).or_default().push(path);
        }
        for (file, found) in unlisted {
            // What an upstream's tools are, their folder says.
            let lines = moved.get_mut(&found).filter(|_| file.file_name() != TOOLS_FILE);
            match lines.and_then(Vec::pop) {
                Some(path) => {
                    unseen.remove(path);
                    self.moved.insert(file.clone(), (below(path), found));
                    self.note(file, FileState::Moved);
                    self.problems.extend(self.moved_problem(file));
                }
                None => self.note(file, FileState::Unlisted { found }),
            }
        }
        for path in unseen.into_keys() {
            let line = lock.lines.get(path).cloned().unwrap_or_default();
            self.problems.push(Problem::Gone { file: below(path), lock: below(LOCK_FILE), line });
        }
    }

    /// Where a file was when it was pinned.
    pub(super) fn place<'f>(&'f self, file: &'f SourceId) -> &'f SourceId {
        self.moved.get(file).map_or(file, |(from, _)| from)
    }

    pub(super) fn moved_problem(&self, file: &SourceId) -> Option<Problem> {
        let (from, found) = self.moved.get(file)?;
        Some(Problem::Moved { file: file.clone(), from: from.clone(), found: *found })
    }

    fn note(&mut self, file: &SourceId, state: FileState) {
        self.problems.extend(Problem::of(file, state));
        self.states.insert(file.clone(), state);
    }

    /// The state of a file, if it was compared.
    #[must_use]
    pub fn state(&self, file: &SourceId) -> Option<FileState> {
        self.states.get(file).copied()
    }

    /// All that is not as the lock files say.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl Problem {
    pub(super) fn of(file: &SourceId, state: FileState) -> Option<Self> {
        match state {
            FileState::Fresh | FileState::Moved => None,
            FileState::Changed { pinned, found } => Some(Self::Changed { file: file.clone(), pinned, found }),
            FileState::Unlisted { found } => Some(Self::Unlisted { file: file.clone(), found }),
        }
    }

    /// The file that it is about.
    #[must_use]
    pub fn file(&self) -> &SourceId {
        match self {
            Self::Changed { file, .. }
            | Self::Unlisted { file, .. }
            | Self::Moved { file, .. }
            | Self::Outdated { file }
            | Self::ToolDiffers { file, .. }
            | Self::ToolUnapproved { file, .. }
            | Self::Gone { file, .. } => file,
        }
    }

    /// What `cap pin` does about it.
    #[must_use]
    pub fn fix(&self) -> Fix {
        match self {
            Self::Changed { .. } | Self::Unlisted { .. } | Self::Moved { .. } | Self::Outdated { .. } => Fix::Record,
            Self::Gone { .. } => Fix::Forget,
            Self::ToolDiffers { .. } | Self::ToolUnapproved { .. } => Fix::Approve,
        }
    }

    /// The problem as a diagnostic.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let place = Place::file(self.file());
        let file = self.file();
        match self {
            Self::Changed { pinned, found, .. } => {
                Diagnostic::new(Code::DIGEST_DIFFERS, format!("`{file}` is not what was pinned"), place)
                    .note(format!("pinned sha256:{}, found sha256:{}", pinned.short(), found.short()))
                    .help("review the change, then run `cap pin`; or restore the file")
            }
            Self::Unlisted { .. } => Diagnostic::new(Code::UNPINNED, format!("`{file}` is not pinned"), place)
                .help("review the file, then run `cap pin`"),
            Self::Moved { from, .. } => {
                Diagnostic::new(Code::MOVED, format!("`{file}` was moved: it is pinned as `{from}`"), place)
                    .help("run `cap pin` to note where it is")
            }
            Self::Outdated { .. } => {
                let message = format!("`{file}` does not compile, and its last good form is not what is pinned");
                Diagnostic::new(Code::DIGEST_DIFFERS, message, place).help("mend the file, then run `cap pin`")
            }
            Self::ToolDiffers { tool, differences, .. } => {
                let message = format!("the tool `{tool}` is not what was approved: {}", differences.join("; "));
                Diagnostic::new(Code::TOOL_DIFFERS, message, place)
                    .help("review the change, then run `cap pin` with the upstream's name")
            }
            Self::ToolUnapproved { tool, .. } => {
                let what =
                    if tool == "*" { "the tools of this upstream".to_owned() } else { format!("the tool `{tool}`") };
                Diagnostic::new(Code::TOOL_UNAPPROVED, format!("nobody has approved {what}"), place)
                    .help("run `cap pin` with the upstream's name, and review what it writes")
            }
            Self::Gone { lock, line, .. } => {
                let place = Place::bytes(lock, line.clone());
                Diagnostic::new(Code::PINNED_MISSING, format!("`{file}` is pinned and does not exist"), place)
                    .label("no such file")
                    .help("restore the file, or run `cap pin` to forget it")
            }
        }
    }
}

/// The part of a file's name below its root.
fn relative<'a>(root: &str, file: &'a SourceId) -> &'a str {
    let name = file.as_str();
    if root.is_empty() {
        return name;
    }
    name.strip_prefix(root).map_or(name, |rest| rest.trim_start_matches('/'))
}
