//! Servers that fail, lie, stall and lead astray, seen as an agent sees them: through `gateway_invoke` of
//! a real gateway, over HTTP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::too_many_lines,
    reason = "tests may panic and talk"
)]

mod answers;
mod circuit;
mod floods;
mod gateway;
mod progress;
mod rebinding;
mod redirects;
mod retries;
mod secure;
mod server;
mod times;
mod vectors;
