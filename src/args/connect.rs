//! The command line of `cap connect`.

use clap::Args;

use super::FolderArgs;
use crate::clients::Client;

/// `cap connect`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap connect                          the clients of this account, and what to run for each
  cap connect cursor                   print what belongs into Cursor's configuration
  cap connect cursor --write           write it there
  cap connect claude-desktop --write   Claude Desktop starts its servers: --stdio is meant
  cap connect codex --url https://tools.example.com/mcp --name tools --write

What else is in the file stays, with its comments and its order. The file as it was is kept beside it
under a name that ends with .bak and a digest. Running the command again changes nothing. A file that
cannot be read is never written. Restart the client afterwards.")]
pub(crate) struct ConnectArgs {
    /// The client
    #[arg(value_enum)]
    pub(crate) client: Option<Client>,
    /// Write the client's file instead of printing
    #[arg(long, requires = "client")]
    pub(crate) write: bool,
    /// The gateway's URL [default: that of `cap serve`, http://127.0.0.1:39400/mcp]
    #[arg(long, value_name = "URL", conflicts_with = "stdio")]
    pub(crate) url: Option<String>,
    /// Let the client start `cap serve --stdio` itself
    #[arg(long)]
    pub(crate) stdio: bool,
    /// The name of the entry
    #[arg(long, value_name = "NAME", default_value = "cap")]
    pub(crate) name: String,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}
