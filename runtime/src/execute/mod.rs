//! Runs one call: arguments are checked, a request is planned, credentials are added, the request
//! is sent and the answer becomes an outcome.
//!
//! ```text
//! arguments -> plan (pure) -> wire (credentials, address) -> send -> outcome
//! ```
//!
//! Only `send.rs` knows the HTTP client. Planning reads no secret and no clock: what `--dry-run`
//! prints is what is sent. This module knows nothing of MCP; its errors are about one call and say
//! what the caller can do.

mod arguments;
mod bind;
mod body;
mod credential;
mod egress;
mod encode;
mod error;
mod escape;
mod executor;
mod expression;
mod fetch;
mod limit;
mod mask;
mod multipart;
mod outcome;
mod path;
mod plan;
mod prepared;
mod redirect;
mod refusal;
mod render;
mod repair;
mod retry;
mod sealed;
mod select;
mod send;
mod wire;
mod xml;

pub use credential::{Secrets, SecretsError};
pub use error::{ArgumentProblem, ErrorKind, ToolError};
pub use executor::{Executor, ExecutorError, ExecutorSettings};
pub use outcome::{Content, ToolOutcome};
pub use plan::{PlannedBody, PlannedContent, PlannedCredential, PlannedPart, RequestPlan};
pub use prepared::Prepared;
pub use sealed::Sealed;
