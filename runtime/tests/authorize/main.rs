//! Credentials that are obtained or computed: tokens from a real authorization server on loopback, and
//! signatures that a real server computes once more. From the text of a definition to the wire.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests may panic and talk")]

mod client;
mod logins;
mod server;
mod signatures;
mod tokens;
