//! What `cap demo` brings along: a REST API to call and an agent that calls it.
//!
//! Nothing else uses these. They name axum and rmcp, as a server and a client of their own would.

pub(crate) mod agent;
pub(crate) mod pet_store;
