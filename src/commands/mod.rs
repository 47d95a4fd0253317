//! The subcommands, one file each. A command gives its exit code, having said what there is to say.

pub(crate) mod add;
pub(crate) mod auth;
pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod connect;
pub(crate) mod demo;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod fmt;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod pin;
pub(crate) mod remove;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod sign;
pub(crate) mod verify;
