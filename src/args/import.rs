//! The command line of `cap import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::clients::Client;

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
