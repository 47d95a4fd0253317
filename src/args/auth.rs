//! The command line of `cap auth`.

use clap::{Args, Subcommand};

use super::AccessArgs;

/// `cap auth`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap auth login shop             in a browser on this machine
  cap auth login shop --device    on another device, such as a telephone
  cap auth login notes            to an MCP server that asks for it, as the server says
  cap auth status                 who is logged in, and until when
  cap auth logout shop            ends the login, at the server too where it can be told")]
pub(crate) struct AuthArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: AuthCommand,
}

/// The subcommands of `cap auth`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthCommand {
    /// Log in to an API or an upstream MCP server
    Login(LoginArgs),
    /// Show which tokens there are, never their values
    Status(StatusArgs),
    /// End a login
    Logout(LogoutArgs),
}

/// `cap auth login`
#[derive(Args, Debug)]
pub(crate) struct LoginArgs {
    /// The api or the upstream
    pub(crate) api: String,
    /// A scope beside those that the definition or the server names; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", conflicts_with = "device")]
    pub(crate) scopes: Vec<String>,
    /// Log in on another device
    #[arg(long)]
    pub(crate) device: bool,
    /// The port of 127.0.0.1 that the browser comes back to, where the provider wants a certain one
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "device")]
    pub(crate) port: u16,
    /// Print the address and open no browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// How many seconds to wait for the browser
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) wait: u64,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `cap auth status`
#[derive(Args, Debug)]
pub(crate) struct StatusArgs {
    /// The apis and upstreams [default: all that use OAuth 2.0]
    pub(crate) apis: Vec<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `cap auth logout`
#[derive(Args, Debug)]
pub(crate) struct LogoutArgs {
    /// The api or the upstream
    pub(crate) api: String,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
