//! The table of exit codes. `docs/operations.md` says more about each; a test holds that it names
//! them all.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Success = 0,
    /// Definitions or documents have errors, or a tool was not found.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Files are not as `cap.lock` says, or it is not signed as it must be.
    Unpinned = 3,
    /// A call failed: the server, the network or the arguments.
    CallFailed = 4,
    /// A file, folder or port that the command needs cannot be used.
    Environment = 5,
    /// `cap diff` found changes of a class that `--deny` names.
    Denied = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
