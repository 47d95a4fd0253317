//! The command line of `cap diff`.

use cap_compiler::diff::Class;
use clap::{Args, ValueEnum};

use super::FolderArgs;

/// `cap diff`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap diff                            what the working tree changes since what was last pinned
  cap diff main                       what it changes since `main`
  cap diff origin/main...             since this branch left `origin/main`
  cap diff v1.2 v1.3                  between two tags
  cap diff ../before ../after         between two folders
  cap diff openapi-1.json openapi-2.json      what an update of a document would change

OLD and NEW are each a capabilities folder (or a folder that has one), a git revision, or a document. What is
written like a range, a parent or an object is a revision; another name that is both is refused: write `./name`
for the path. Without NEW it is the working tree, without both what was pinned at git's HEAD.
Revisions are read with git's plumbing: the work tree is not touched.

Compiled capabilities are compared, so that layout, the order of keys and moved files are no change.
Exit status: 0, or 6 if there are changes of a class that --deny names. `cap explain DIFF103` says more
about a code.")]
pub(crate) struct DiffArgs {
    /// What was: a folder, a git revision or an OpenAPI document [default: HEAD as it was pinned]
    pub(crate) old: Option<String>,
    /// What is [default: the capabilities folders as they are]
    pub(crate) new: Option<String>,
    /// How to print what changed
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: DiffFormat,
    /// Classes of changes that give status 6
    #[arg(long, value_enum, value_delimiter = ',', default_value = "breaking,reach", value_name = "CLASSES")]
    pub(crate) deny: Vec<Denied>,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// How changes are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people, on standard error
    #[default]
    Human,
    /// One JSON object
    Json,
    /// A comment of a pull request, of at most 60,000 characters
    Markdown,
    /// Workflow commands of GitHub Actions
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// A class of changes that is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Denied {
    /// Calls that were right are refused, or results are others
    Breaking,
    /// Hosts, secrets, credentials, programs
    Reach,
    /// What a call does
    Effect,
    /// What is not decided
    Undecided,
    /// What the model reads
    Words,
    /// What breaks nothing
    Compatible,
    /// What nobody notices
    Trivial,
    /// Nothing is denied
    None,
}

impl Denied {
    pub(crate) fn class(self) -> Option<Class> {
        Some(match self {
            Self::Breaking => Class::Breaking,
            Self::Reach => Class::Reach,
            Self::Effect => Class::Effect,
            Self::Undecided => Class::Undecided,
            Self::Words => Class::Words,
            Self::Compatible => Class::Compatible,
            Self::Trivial => Class::Trivial,
            Self::None => return None,
        })
    }
}
