//! The command line of the peer.

use std::borrow::Cow;

use clap::{Parser, Subcommand, ValueEnum};
use rmcp::model::ProtocolVersion;

/// An MCP server to test against
#[derive(Debug, Parser)]
#[command(name = "peer")]
pub(crate) struct Options {
    /// How it is spoken to
    #[command(subcommand)]
    pub(crate) command: Command,

    /// The revisions to speak: those with `initialize`, those without, or both
    #[arg(long, global = true, value_enum, default_value_t = Revision::Both)]
    pub(crate) revision: Revision,

    /// Give no Mcp-Session-Id to clients of a revision before 2026-07-28
    #[arg(long, global = true)]
    pub(crate) stateless: bool,

    /// Answer in JSON where an answer is one message; with `--stateless` only
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Answer 401 to requests without this bearer token
    #[arg(long, global = true, value_name = "TOKEN")]
    pub(crate) require_bearer: Option<String>,

    /// Wait before doing anything
    #[arg(long, global = true, value_name = "MS", default_value_t = 0)]
    pub(crate) delay_start: u64,

    /// Exit at once after this time
    #[arg(long, global = true, value_name = "MS")]
    pub(crate) die_after: Option<u64>,

    /// Offer this many more tools, `generated_0001` and so on
    #[arg(long, global = true, value_name = "N", default_value_t = 0)]
    pub(crate) tools: usize,

    /// Give lists in pages of this size
    #[arg(long, global = true, value_name = "N")]
    pub(crate) page_size: Option<usize>,

    /// Say this in `instructions`
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) instructions: Option<String>,
}

/// How the peer is spoken to.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Over standard input and output
    Stdio,
    /// Over Streamable HTTP on loopback; prints `Listening URL`
    Http {
        /// The port, or 0 for a free one
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
}

/// Which revisions of the protocol to speak.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Revision {
    /// Before 2026-07-28
    Legacy,
    /// 2026-07-28
    Modern,
    /// All
    Both,
}

impl Revision {
    /// The versions that are offered.
    pub(crate) fn versions(self) -> Cow<'static, [ProtocolVersion]> {
        match self {
            Self::Legacy => Cow::Borrowed(ProtocolVersion::known_up_to(&ProtocolVersion::V_2025_11_25)),
            Self::Modern => Cow::Owned(vec![ProtocolVersion::V_2026_07_28]),
            Self::Both => Cow::Borrowed(ProtocolVersion::KNOWN_VERSIONS),
        }
    }
}
