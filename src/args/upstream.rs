//! The command line of `cap add` and `cap remove`.

use clap::{Args, ValueEnum};

use super::{AccessArgs, FolderArgs};

/// `cap add`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap add files -- npx -y @modelcontextprotocol/server-filesystem ~/documents
  cap add github https://api.githubcopilot.com/mcp/ --header \"Authorization: Bearer $TOKEN\"
  cap add github -e GITHUB_TOKEN=\"$TOKEN\" --store-secrets -- docker run -i --rm -e GITHUB_TOKEN ghcr.io/github/github-mcp-server
  cap add old https://mcp.example.com/sse --transport sse --deny 'delete_*'
  cap add local http://127.0.0.1:8000/mcp --dry-run

One file is written, capabilities/NAME/upstream.yaml, and nothing is connected to. The arguments are
those of `claude mcp add`. Values that look like credentials are not written: the file names a secret
in their place, and the command says how to set it, or stores it with --store-secrets. A value that is
written as $VAR, ${VAR}, ${env:VAR} or {{ secret.VAR }} becomes {{ secret.VAR }}.")]
pub(crate) struct AddArgs {
    /// The upstream's name, the first part of its tools' names
    pub(crate) name: String,
    /// The server's URL, or a program and its arguments behind `--`
    #[arg(required = true, value_name = "URL|COMMAND")]
    pub(crate) target: Vec<String>,
    /// How the server is reached [default: stdio for a program, http for a URL]
    #[arg(long, short, value_enum, value_name = "TRANSPORT")]
    pub(crate) transport: Option<Transport>,
    /// A header of every request; may be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// An environment variable of the program; may be repeated
    #[arg(long, short, value_name = "KEY=VALUE")]
    pub(crate) env: Vec<String>,
    /// The server has a private address; said for loopback addresses by itself
    #[arg(long)]
    pub(crate) private: bool,
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// What the server is about, for agents
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Only tools whose name matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) allow: Vec<String>,
    /// Not the tools whose name matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) deny: Vec<String>,
    /// The folder that the program runs in, seen from the file's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<String>,
    /// Put credentials into the vault at once, as `cap secret set` does
    #[arg(long)]
    pub(crate) store_secrets: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the file, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// How an MCP server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Streamable HTTP
    #[value(alias = "streamable-http")]
    Http,
    /// The older HTTP+SSE
    Sse,
    /// Standard input and output of a program
    Stdio,
}

/// `cap remove`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap remove github
  cap remove github --dry-run

Removes upstream.yaml and tools.json of an upstream, its folder if nothing else is in it, and its lines
of cap.lock. Secrets stay: `cap secret rm NAME` removes them.")]
pub(crate) struct RemoveArgs {
    /// The upstream's name
    pub(crate) name: String,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}
