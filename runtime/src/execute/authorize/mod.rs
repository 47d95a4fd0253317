//! Which credentials a request gets, and what has to be obtained or computed for them: tokens of
//! OAuth 2.0, and signatures of AWS. What they add to the request is put there in `wire.rs`.
//!
//! ```text
//! choose -> client (settings, opened) -> source (one task a token) -> obtain -> endpoint
//! ```
//!
//! An MCP server describes its login itself: `challenge -> resource -> discovery -> registration` when a
//! person logs in (`discover.rs`), and a record of what was found from then on (`record.rs`, `door.rs`).

mod challenge;
mod chance;
mod choose;
mod client;
mod device;
mod discover;
mod discovery;
mod door;
mod endpoint;
mod login;
mod obtain;
mod record;
mod registration;
mod resource;
mod sigv4;
mod source;
mod token;

pub use device::DeviceLogin;
pub use login::{CodeLogin, Login, LoginRequest, Revoked, door_logins, logins};
pub use token::TokenStatus;

pub(super) use challenge::Challenge;
pub(super) use choose::{choose, has};
pub(super) use client::{OAuthClient, Owner, ready_token};
pub(super) use door::{Look, bear};
pub(super) use sigv4::{AccessKey, sign};
pub(super) use source::Tokens;
pub(super) use token::{Token, now_ms};
