//! MCP clients and their configuration files: where these are, what they say of servers, and how the
//! gateway is entered into them.
//!
//! Files of other programs are read with suspicion and written with care: one that cannot be read is
//! never written, and what is changed is one entry.

mod config;
mod entries;
mod gateway;
mod json_edit;
mod jsonc;
mod places;
mod redact;
mod relay;
mod scan;
mod toml;

use clap::ValueEnum;

pub(crate) use config::{Edit, backup, edited, entry_text, read};
pub(crate) use entries::is_gateway;
pub(crate) use gateway::{Gateway, GatewayReach, entry};
pub(crate) use places::Surroundings;
pub(crate) use scan::{Found, Scan, printable, scan};

/// A program that speaks MCP as a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Client {
    /// Claude Desktop
    ClaudeDesktop,
    /// Claude Code
    ClaudeCode,
    /// Cursor
    Cursor,
    /// Visual Studio Code
    #[value(name = "vscode", alias = "vs-code")]
    VsCode,
    /// Windsurf
    Windsurf,
    /// Zed
    Zed,
    /// Codex
    Codex,
}

/// How a configuration file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON, with comments and trailing commas where somebody wrote them.
    Json,
    /// TOML.
    Toml,
}

impl Client {
    /// All of them, in the order in which people see them.
    pub(crate) const ALL: [Self; 7] =
        [Self::ClaudeDesktop, Self::ClaudeCode, Self::Cursor, Self::VsCode, Self::Windsurf, Self::Zed, Self::Codex];

    /// The word of it on the command line.
    #[must_use]
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "claude-desktop",
            Self::ClaudeCode => "claude-code",
            Self::Cursor => "cursor",
            Self::VsCode => "vscode",
            Self::Windsurf => "windsurf",
            Self::Zed => "zed",
            Self::Codex => "codex",
        }
    }

    /// Its name.
    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ClaudeDesktop => "Claude Desktop",
            Self::ClaudeCode => "Claude Code",
            Self::Cursor => "Cursor",
            Self::VsCode => "VS Code",
            Self::Windsurf => "Windsurf",
            Self::Zed => "Zed",
            Self::Codex => "Codex",
        }
    }

    /// How its files are written.
    #[must_use]
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Codex => Format::Toml,
            Self::ClaudeDesktop | Self::ClaudeCode | Self::Cursor | Self::VsCode | Self::Windsurf | Self::Zed => {
                Format::Json
            }
        }
    }

    /// The key that servers stand under.
    #[must_use]
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::ClaudeDesktop | Self::ClaudeCode | Self::Cursor | Self::Windsurf => "mcpServers",
            Self::VsCode => "servers",
            Self::Zed => "context_servers",
            Self::Codex => "mcp_servers",
        }
    }
}
