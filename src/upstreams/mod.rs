//! Upstream files as commands make them: from what a person or another client says of an MCP server to
//! the text of a `kind: upstream` file, without any credential in it.
//!
//! Nothing here connects to a server. What a file may say is the compiler's to judge, and is asked of it.

mod arguments;
mod credential;
mod draft;
mod known;
mod reference;
mod template;
mod write;

pub(crate) use draft::{Declared, Draft, Reach, Refusal, draft};
pub(crate) use known::{Known, KnownKind, known_servers};
pub(crate) use template::{NeededSecret, Taken};
pub(crate) use write::{Effect, Existing, Outlet, mask, say_doubt, say_secrets, store, upstream_path};
