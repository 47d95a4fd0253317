//! The command line of `cap call`.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

use super::AccessArgs;

/// `cap call`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap call open_meteo__forecast --arg latitude=52.5 --arg longitude=13.4
  cap call github__issues_create --json '{\"owner\": \"o\", \"repo\": \"r\", \"title\": \"t\"}' --dry-run
  cap call shop__orders_list --collect 500                  as many pages as 500 orders take
  cap call shop__orders_list --cursor eyJhIjoyLCJzIjoi…     the page that the call before named
  cap call shop__orders_list --format json | jq '.structuredContent, ._meta.next_cursor'

--dry-run prints the HTTP request that would be sent; secrets are shown by name only. Where a tool's
definition has `pagination`, the end of the output names the cursor of the next page. Give it back
with the same arguments; what is not paged refuses it.")]
pub(crate) struct CallArgs {
    /// The tool's name
    pub(crate) tool: String,
    /// An argument; text is taken as JSON where the tool wants another type; may be repeated
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub(crate) args: Vec<String>,
    /// All arguments as one JSON object; `--arg` wins over it
    #[arg(long, value_name = "OBJECT")]
    pub(crate) json: Option<String>,
    /// The next page: what the call before named, with the same arguments
    #[arg(long, value_name = "CURSOR", conflicts_with = "dry_run")]
    pub(crate) cursor: Option<String>,
    /// Join pages until there are so many items
    #[arg(long, value_name = "ITEMS", conflicts_with = "dry_run")]
    pub(crate) collect: Option<NonZeroUsize>,
    /// How to print the answer
    #[arg(long, value_enum, default_value_t, conflicts_with = "dry_run")]
    pub(crate) format: AnswerFormat,
    /// Print the request and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// The answer on standard output, what there is to say of it on standard error
    #[default]
    Plain,
    /// The MCP result that an agent gets, with the next cursor in `_meta`
    Json,
}
