//! Runs calls against a real HTTP server on a loopback port and looks at what it received.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stderr, reason = "tests may panic and talk")]

mod answers;
mod arguments;
mod bodies;
mod egress;
mod hostile;
mod imported;
mod limits;
mod parts;
mod properties;
mod secrets;
mod styles;
mod support;
mod vectors;
mod xml;
