//! The runtime: pinned capabilities in, tools served.

pub mod execute;
