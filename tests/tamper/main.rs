//! Files, lock files and signatures that somebody changed, under each way to serve: what is refused, what is held
//! back, and what is served all the same. The table in `docs/operations.md` says what these tests hold.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test that cannot go on fails, and says what it saw"
)]

mod cases;
#[path = "../support/keys.rs"]
mod keys;
mod memory;
mod rotation;
mod scene;
#[path = "../support/served.rs"]
mod served;
mod source;
#[path = "../support/mod.rs"]
mod support;
mod tools;
