//! The command line of `cap fmt`.

use std::path::PathBuf;

use clap::Args;

/// `cap fmt`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap fmt                          the capabilities folders and cap.yaml
  cap fmt capabilities/github      the files of one api
  cap fmt --check                  status 1 if a file would change, for CI; writes nothing
  cap fmt --check --diff           and what would change
  cap fmt --pin                    what was pinned is pinned again: only its layout is new
  cap fmt -                        standard input to standard output, for editors

The layout is the one that `cap import` writes. Comments stay with what they belong to, and what a
file means does not change: `cap diff` finds nothing. The bytes do, and cap.lock vouches for bytes.
A file that does not parse is reported and left alone.
Exit status: 0, or 1 if a file does not parse or --check finds one that would change.")]
pub(crate) struct FmtArgs {
    /// Files or folders, or `-` for standard input [default: the capabilities folders and cap.yaml]
    pub(crate) paths: Vec<PathBuf>,
    /// List the files that would change on standard output, and write nothing
    #[arg(long)]
    pub(crate) check: bool,
    /// Print what changes in each file, as a unified diff on standard output
    #[arg(long)]
    pub(crate) diff: bool,
    /// Pin a file again that was as cap.lock says before
    #[arg(long, conflicts_with = "check")]
    pub(crate) pin: bool,
    /// The settings file [default: cap.yaml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
