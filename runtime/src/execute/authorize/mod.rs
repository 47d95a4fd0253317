//! Which credentials a request gets, and what has to be obtained or computed for them: tokens of
//! OAuth 2.0, and signatures of AWS. What they add to the request is put there in `wire.rs`.
//!
//! ```text
//! choose -> client (settings, opened) -> source (one task a token) -> obtain -> endpoint
//! ```

mod chance;
mod choose;
mod client;
mod device;
mod discovery;
mod endpoint;
mod login;
mod obtain;
mod sigv4;
mod source;
mod token;

pub use device::DeviceLogin;
pub use login::{CodeLogin, Login, Revoked, logins};
pub use token::TokenStatus;

pub(super) use choose::{choose, has};
pub(super) use client::{OAuthClient, Owner, ready_token};
pub(super) use sigv4::{AccessKey, sign};
pub(super) use source::Tokens;
pub(super) use token::{Token, now_ms};
