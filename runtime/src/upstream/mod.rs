//! Upstream MCP servers: connections that are kept, the tools behind them, and requests to them.
//!
//! ```text
//! LoadedUpstream -> Remote (one task: connect, list, listen, back off) -> catalog -> tools of the registry
//! a call -> Remote -> Connection -> Running: notes, questions, result
//! ```
//!
//! One that is dead, hangs, floods or lies costs only itself: it has a task, a connection, bounds and a
//! pause of its own. What a client of the gateway is told meanwhile is the business of [`crate::mcp`].

mod catalog;
mod client;
mod connection;
mod fault;
mod flight;
mod keeper;
mod listing;
mod masked;
mod names;
mod near;
mod once;
mod questions;
mod reach;
mod remote;
mod request;
mod running;
mod state;
mod transport;
mod upstreams;
mod wire;

pub(crate) use connection::{Caller, Connection};
pub(crate) use request::Sent;
pub(crate) use running::Event;

pub use catalog::{Catalog, CatalogTool};
pub use fault::{ConnectFault, UpstreamFault};
pub use flight::Ask;
pub use once::{ask_tools, offline};
pub use remote::Remote;
pub use state::{State, StateName};
pub use upstreams::Upstreams;
