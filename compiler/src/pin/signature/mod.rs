//! Signatures over `cap.lock`, as `ssh-keygen -Y sign` makes them (OpenSSH's PROTOCOL.sshsig): who stands
//! behind a lock file, told from the bytes alone.
//!
//! ```text
//! cap.lock, cap.lock.sig, allowed signers, the time -> who signed, and what does not count
//! ```
//!
//! Keys of the types `ssh-ed25519` and `sk-ssh-ed25519@openssh.com` are verified, and the first one signs.
//! Only this folder knows the library that reads keys and signatures. It opens no file and reads no clock, and
//! it makes no key.

mod file;
mod judge;
mod key;
mod line;
mod pattern;
mod signers;
mod time;

pub use file::{Block, SignatureFile};
pub use judge::{Judgement, Reason, Uncounted, judge, nothing_to_sign};
pub use key::{KeyFault, SigningKey};
pub use signers::{AllowedSigners, Signer};
pub use time::UnixTime;

/// The name of the file with the signatures, beside the lock file.
pub const SIGNATURE_FILE: &str = "cap.lock.sig";

/// The namespace of the signatures: one made for anything else, such as a commit, is none over a lock file.
pub const NAMESPACE: &str = "cap.lock";

#[cfg(test)]
mod tests;
