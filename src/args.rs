//! The command line.

mod secret;

mod auth;
mod call;
mod connect;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;

use cap_runtime::config::collector;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::clients::Client;

pub(crate) use secret::{
    AccessArgs, SecretArgs, SecretCommand, SecretListArgs, SecretRekeyArgs, SecretRmArgs, SecretSetArgs,
};

pub(crate) use call::{AnswerFormat, CallArgs};

pub(crate) use connect::ConnectArgs;

pub(crate) use upstream::{AddArgs, RemoveArgs, Transport};

pub(crate) use auth::{AuthArgs, AuthCommand, LoginArgs, LogoutArgs, StatusArgs};

/// Turn REST APIs into reviewed MCP tools, and serve them.
#[derive(Debug, Parser)]
#[command(name = "cap", version, propagate_version = true, after_help = TOUR)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const TOUR: &str = "\
A tour:
  cap import openapi.json --api shop   compile a document into capabilities/shop/
  cap add files -- npx server-files    or serve the tools of an MCP server
  cap check                            read the definitions; status 1 if one is wrong
  cap pin                              record what was reviewed in capabilities/cap.lock
  cap search 'refund an order'         what an agent would find
  cap call shop__orders_list --arg limit=5 --dry-run
  cap serve                            MCP at http://127.0.0.1:39400/mcp, hot-reloading
  cap connect cursor --write           enter the gateway into a client's configuration

Exit status: 0 success, 1 errors in definitions, 2 wrong usage, 3 not pinned,
4 a call failed, 5 a file, folder or port cannot be used.";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compile an OpenAPI document into capability files
    Import(ImportArgs),
    /// Add an MCP server: write its upstream file
    Add(AddArgs),
    /// Remove an MCP server: its upstream file and its approved tools
    Remove(RemoveArgs),
    /// Enter the gateway into the configuration of an MCP client
    Connect(ConnectArgs),
    /// Read the definitions and report what is wrong with them
    Check(CheckArgs),
    /// Record the digests of reviewed files in cap.lock
    Pin(PinArgs),
    /// List the tools
    List(ListArgs),
    /// Show one tool: what agents see and what is sent
    Show(ShowArgs),
    /// Search the tools as an agent does
    Search(SearchArgs),
    /// Call a tool
    Call(CallArgs),
    /// Log in to APIs that want OAuth 2.0
    Auth(AuthArgs),
    /// Serve the tools over MCP
    Serve(ServeArgs),
    /// Keep credentials in an encrypted vault
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Explain a diagnostic code
    Explain(ExplainArgs),
    /// Print a shell's completion script
    Completions(CompletionsArgs),
    /// Print the JSON Schema of a file kind, for editors
    Schema(SchemaArgs),
    /// Take the tour on an embedded API, without network
    Demo(DemoArgs),
}

/// Which folders a command works on.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FolderArgs {
    /// A capabilities folder; may be repeated [default: cap.yaml's, or `capabilities`]
    #[arg(long = "capabilities", alias = "dir", value_name = "DIR")]
    pub(crate) capabilities: Vec<PathBuf>,
    /// The settings file [default: cap.yaml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// `cap import`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap import openapi.yaml                          the api's name comes from the document's title
  cap import github.json --api github --tag issues --tag pulls
  cap import petstore.yaml --server http://127.0.0.1:8080 --dry-run
  curl -s https://api.example.com/openapi.json | cap import - --api example
  cap import openapi.yaml --overlay fixes.yaml     correct the document without editing it
  cap import --update                              every api again, as it was imported
  cap import --update shop --dry-run               what the newer document would change
  cap import --from-clients                        MCP servers that other clients are configured with
  cap import --from-clients cursor --write github --store-secrets

One file is written for each operation, beside an api.yaml with server, credentials and limits.
Importing again is a three-way merge: what a person edited stays, what the document changed is
taken over, and a value that both changed is a conflict. The hidden file .imported in the api's
folder keeps what was written last; commit it with the other files.")]
pub(crate) struct ImportArgs {
    /// The OpenAPI document: a file, a folder with one, an http(s) URL, or `-` for standard input
    #[arg(required_unless_present_any = ["update", "from_clients"])]
    pub(crate) document: Option<String>,
    /// Look for MCP servers in the configuration of these clients, and offer them [default: all clients]
    #[arg(long, value_enum, value_name = "CLIENT", num_args = 0.., conflicts_with_all = [
        "document", "api", "server", "overlay", "include", "exclude", "tag", "method", "update", "media_type",
    ])]
    pub(crate) from_clients: Option<Vec<Client>>,
    /// Write the servers that were found, or those of these names
    #[arg(long, visible_alias = "yes", value_name = "NAME", num_args = 0.., requires = "from_clients")]
    pub(crate) write: Option<Vec<String>>,
    /// Put the credentials of those servers into the vault at once, as `cap secret set` does
    #[arg(long, requires = "write")]
    pub(crate) store_secrets: bool,
    /// Import these apis again, as their api.yaml says under `import` [default: all that say it]
    #[arg(long, value_name = "API", num_args = 0.., conflicts_with_all = [
        "document", "api", "server", "overlay", "include", "exclude", "tag", "method",
    ])]
    pub(crate) update: Option<Vec<String>>,
    /// The api's name, the first part of its tools' names [default: from the title]
    #[arg(long, value_name = "NAME")]
    pub(crate) api: Option<String>,
    /// The folder that gets the api's folder [default: `capabilities`]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The server to call, instead of the document's
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// An OpenAPI Overlay that changes the document first: a file or URL; may be repeated, in order
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<String>,
    /// Only operations whose tool name, operationId or path matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) include: Vec<String>,
    /// Not the operations whose tool name, operationId or path matches; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Only operations with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only operations with this HTTP method; may be repeated
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Vec<String>,
    /// Only these media types of bodies, the most preferred first; a body that has none of them keeps
    /// its own; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) media_type: Vec<String>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Overwrite files that a person edited
    #[arg(long)]
    pub(crate) force: bool,
    /// Whose value counts where a person and the document changed the same one
    #[arg(long, value_enum, value_name = "SIDE")]
    pub(crate) conflicts: Option<ConflictSide>,
    /// Write the files again that a person deleted
    #[arg(long)]
    pub(crate) restore: bool,
    /// Show every note, not only errors and warnings
    #[arg(long)]
    pub(crate) notes: bool,
}

/// A side of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConflictSide {
    /// What stands in the files
    Ours,
    /// What the document says now
    Theirs,
}

/// `cap check`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap check
  cap check capabilities/github --format github    annotations in a workflow
  cap check capabilities/weather.yaml              one file, linked with its folder")]
pub(crate) struct CheckArgs {
    /// Folders or files [default: the capabilities folders]
    pub(crate) paths: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The settings file [default: cap.yaml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, on standard error
    #[default]
    Human,
    /// One JSON object on standard output
    Json,
    /// Workflow commands of GitHub Actions on standard output
    Github,
}

/// `cap pin`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap pin                       record every file as it is now
  cap pin capabilities/github   only the files of this folder
  cap pin --check               status 3 if a file is not what cap.lock says; writes nothing

cap.lock is in sha256sum's format: cd capabilities && sha256sum -c cap.lock")]
pub(crate) struct PinArgs {
    /// Only files at or below these paths [default: all]
    pub(crate) paths: Vec<PathBuf>,
    /// Only say what is not pinned
    #[arg(long)]
    pub(crate) check: bool,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// `cap list`
#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// Only tools of this server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", conflicts_with = "json")]
    pub(crate) format: ListFormat,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// How lists are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Lines for people
    #[default]
    Human,
    /// One JSON object
    Json,
}

/// `cap show`
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The tool's name
    pub(crate) tool: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// `cap search`
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cap search 'open a new issue in a repository' --limit 3")]
pub(crate) struct SearchArgs {
    /// What to look for, in plain words
    #[arg(required = true)]
    pub(crate) query: Vec<String>,
    /// How many tools at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Only tools of this server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Only tools with this tag; given again, with one of these
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// Only tools that change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// `cap serve`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap serve                                    http://127.0.0.1:39400/mcp, /health and /metrics
  cap serve --audit audit.jsonl --log json     a line for each call, and a log for programs
  cap serve --stdio                            for clients that start their servers themselves
  cap serve --locked --expose 'github__issues_*'

Files below the capabilities folders are watched; changes are served within a second.
Secrets come from the environment, --secrets-folder, --secrets and the vault (`cap secret --help`).
RUST_LOG=debug says more.")]
pub(crate) struct ServeArgs {
    /// The address to listen on [default: cap.yaml's, or 127.0.0.1:39400]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Speak MCP over standard input and output instead of HTTP
    #[arg(long, conflicts_with = "listen")]
    pub(crate) stdio: bool,
    /// Refuse files that cap.lock does not list
    #[arg(long)]
    pub(crate) locked: bool,
    /// List matching tools to agents directly, beside the gateway's own; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub(crate) expose: Vec<String>,
    /// Where secrets come from.
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// A file that gets a line for each call; `-` is standard error
    #[arg(long, value_name = "FILE")]
    pub(crate) audit: Option<PathBuf>,
    /// Send spans of calls to an OpenTelemetry collector, such as http://127.0.0.1:4318
    #[arg(long, value_name = "URL", value_parser = collector_url)]
    pub(crate) otlp: Option<url::Url>,
    /// How the log is written [default: cap.yaml's, or human]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) log: Option<LogStyle>,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogStyle {
    /// Lines for people
    Human,
    /// One JSON object a line
    Json,
}

fn collector_url(text: &str) -> Result<url::Url, String> {
    collector(text)
        .ok_or_else(|| "it is no URL with `http` or `https`, or has more than a host, a port and a path".to_owned())
}

/// `cap explain`
#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// A code such as CAP0203; without one, all codes are listed
    pub(crate) code: Option<String>,
}

/// `cap completions`
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// `cap schema`
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum)]
    pub(crate) kind: SchemaKind,
}

/// Files that have a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// `kind: capability`
    Capability,
    /// `kind: api`
    Api,
    /// `kind: schemas`
    Schemas,
    /// `kind: upstream`
    Upstream,
    /// `cap.yaml`
    Settings,
    /// A line of the audit log
    Audit,
}

/// `cap demo`
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// End after the tour instead of serving on
    #[arg(long)]
    pub(crate) once: bool,
}
