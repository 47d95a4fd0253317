//! The command line.

mod secret;

mod advice;
mod auth;
mod call;
mod connect;
mod diff;
mod fmt;
mod import;
mod sign;
mod upstream;

use std::net::SocketAddr;
use std::path::PathBuf;

use cap_runtime::config::collector;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use advice::AdviceArgs;

pub(crate) use secret::{
    AccessArgs, SecretArgs, SecretCommand, SecretListArgs, SecretRekeyArgs, SecretRmArgs, SecretSetArgs,
};

pub(crate) use call::{AnswerFormat, CallArgs};

pub(crate) use connect::ConnectArgs;

pub(crate) use diff::{DiffArgs, DiffFormat};

pub(crate) use fmt::FmtArgs;

pub(crate) use import::{ConflictSide, ImportArgs};

pub(crate) use sign::{SignArgs, SignatureArgs, VerifyArgs};

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
  cap diff                             what your changes mean for agents
  cap pin                              record what was reviewed in capabilities/cap.lock
  cap sign                             put your SSH key's signature beside it
  cap search 'refund an order'         what an agent would find
  cap call shop__orders_list --arg limit=5 --dry-run
  cap serve                            MCP at http://127.0.0.1:39400/mcp, hot-reloading
  cap connect cursor --write           enter the gateway into a client's configuration

Exit status: 0 success, 1 errors in definitions, 2 wrong usage, 3 not pinned or not signed,
4 a call failed, 5 a file, folder or port cannot be used, 6 changes that `cap diff` denies.";

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
    /// Give definition files their one layout
    Fmt(FmtArgs),
    /// Say what changes for agents between two revisions, folders or documents
    Diff(DiffArgs),
    /// Record the digests of reviewed files in cap.lock
    Pin(PinArgs),
    /// Sign cap.lock with an SSH key: say that you reviewed what it records
    Sign(SignArgs),
    /// Verify who signed cap.lock, or that imported files are what their document compiles to
    Verify(VerifyArgs),
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

/// `cap check`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap check
  cap check capabilities/github --format github    annotations in a workflow
  cap check --format sarif > check.sarif           for code scanning
  cap check capabilities/weather.yaml              one file, linked with its folder
  cap check --advice always --deny warnings        in CI: advice is shown, and warnings fail too

Advice says what agents would use better: descriptions they cannot choose by, arguments without one, names
that are taken for one another. In a terminal it is given, elsewhere and where CI is set it is not.
Exit status: 0, or 1 if there are errors or what --deny names.")]
pub(crate) struct CheckArgs {
    /// Folders or files [default: the capabilities folders]
    pub(crate) paths: Vec<PathBuf>,
    /// How to print what was found
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Beside errors.
    #[command(flatten)]
    pub(crate) advice: AdviceArgs,
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
    /// SARIF 2.1.0 on standard output, for code scanning
    Sarif,
}

/// `cap pin`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap pin                       record every file as it is now
  cap pin capabilities/github   only the files of this folder
  cap pin linear                ask the upstream `linear` for its tools, write tools.json, and pin both
  cap pin linear --check        status 3 if the upstream's tools are not what was approved; writes nothing
  cap pin --check               status 3 if a file is not what cap.lock says; writes nothing
  cap pin --resolve             after `git merge`: cap.lock without conflicts; status 3 if something is left to review

cap.lock is in sha256sum's format: cd capabilities && sha256sum -c cap.lock")]
pub(crate) struct PinArgs {
    /// Only files at or below these paths, or the tools of these upstreams [default: all files]
    #[arg(value_name = "PATH|UPSTREAM")]
    pub(crate) paths: Vec<PathBuf>,
    /// Only say what is not pinned
    #[arg(long)]
    pub(crate) check: bool,
    /// Make one of the lines of two merged branches: of each file the line that is about its bytes
    #[arg(long, conflicts_with_all = ["check", "paths"])]
    pub(crate) resolve: bool,
    /// Where the credentials of upstreams come from.
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
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
  cap serve --require-signature /etc/cap/allowed_signers

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
    /// Whose signatures the lock files need.
    #[command(flatten)]
    pub(crate) signature: SignatureArgs,
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
    /// A code such as CAP0203 or DIFF103, or `diff`; without one, all codes of diagnostics are listed
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
