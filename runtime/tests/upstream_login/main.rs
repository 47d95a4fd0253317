//! Logins to MCP servers that describe them: a real server and its authorization server on loopback, and
//! what the runtime makes of what they say.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests may panic and talk")]

mod client;
mod gateway;
mod logins;
mod refusals;
mod server;
