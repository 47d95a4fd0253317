//! What becomes of answers: every kind of them, in full and in part, and page by page, from a real server.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests may panic")]

mod cache;
mod cut;
mod errors;
mod kinds;
mod pages;
mod shape;
mod support;
