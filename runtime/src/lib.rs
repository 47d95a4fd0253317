//! The runtime: pinned capabilities in, one MCP endpoint out. It knows nothing of OpenAPI.
//!
//! ```text
//! pinned capabilities -> snapshot (registry + index) -> search | plan -> send -> outcome -> MCP result
//! ```

pub mod config;
pub mod disk;
pub mod execute;
pub mod http;
pub mod index;
pub mod load;
pub mod mcp;
pub mod registry;
pub mod reload;
pub mod watch;
