//! Upstream MCP servers that die, hang, flood, lie and change, behind the built gateway and beside others that are well.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, says what it saw, and writes files as careless programs do"
)]
#![allow(deprecated, reason = "what is deprecated is still spoken")]

mod faults;
mod http_liars;
mod lifecycle;
#[path = "../support/upstream.rs"]
mod peer;
mod pins;
mod process;
mod relay;
#[path = "../support/served.rs"]
mod served;
mod sessions;
mod stdio_liars;
#[path = "../support/mod.rs"]
mod support;
mod world;
