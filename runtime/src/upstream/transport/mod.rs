//! The ways to an upstream: a program's standard input and output, Streamable HTTP, and the HTTP+SSE of
//! 2024-11-05. Each bounds what it reads; what is said is not known here.

pub(super) mod body;
pub(super) mod http;
mod lines;
pub(super) mod sse;
pub(super) mod stdio;

/// Bytes of one message, where the upstream's `limits.max_response` does not say.
pub(super) const LARGEST_MESSAGE: usize = 16 << 20;
