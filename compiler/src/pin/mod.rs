//! Pins: SHA-256 digests of every file, kept in `cap.lock`, and what follows when they differ.
//!
//! A [`Pinned`] value is made only here: by comparing the bytes that it was compiled from with the
//! lock file. What differs is quarantined; what no line speaks of is admitted or not, as the
//! [`Policy`] says.

mod admit;
mod digest;
mod lock;
mod problem;
mod resolve;
pub mod signature;
mod tools;

pub use admit::{Pin, Pinned, Policy, Quarantined, Verdict, admit, admit_last, admit_last_upstream, admit_upstream};
pub use digest::Digest;
pub use lock::{LOCK_FILE, LockFile};
pub use problem::{FileState, Fix, Pins, Problem};
pub use resolve::{Resolved, resolve};
pub use tools::{ApprovedTools, TOOLS_FILE, canonical, differences, shown_text, tools_file};
pub(crate) use tools::{is_hidden, visible};
