//! Two sets of capabilities compared: what changes for agents.

pub mod schema;
