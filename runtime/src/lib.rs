//! The runtime: pinned capabilities in, one MCP endpoint out. It knows nothing of OpenAPI.
//!
//! ```text
//! pinned capabilities -> snapshot (registry + index) -> search | plan -> send -> outcome -> MCP result
//! ```
//!
//! In the order in which things happen: [`load`] reads [`disk`] and compiles, [`registry`] holds one
//! snapshot with its [`index`], [`watch`] and [`reload`] replace it, [`execute`] makes calls with the [`secret`]s they need, [`mcp`]
//! speaks to agents, and [`http`] to the network; [`telemetry`] is told of each call. [`start`] puts them together.

pub mod config;
pub mod disk;
pub mod execute;
pub mod http;
pub mod index;
pub mod load;
pub mod mcp;
pub mod registry;
pub mod reload;
pub mod secret;
pub mod start;
pub mod telemetry;
pub mod upstream;
pub mod watch;
