//! The runtime: pinned capabilities in, one MCP endpoint out.
//!
//! ```text
//! pinned capabilities -> snapshot (registry + index) -> search | plan -> send -> outcome -> MCP result
//! ```

pub mod execute;
