//! Runs one call: arguments are checked, a request is planned, credentials are added, the request
//! is sent and the answer becomes an outcome.
//!
//! ```text
//! arguments -> plan (pure) -> authorize (tokens) -> wire (credentials, address) -> send -> outcome
//! ```
//!
//! Each stage has its folder. Only `send/` knows the HTTP client. Planning reads no secret and no clock: what `--dry-run`
//! prints is what is sent. This module knows nothing of MCP; its errors are about one call and say
//! what the caller can do.

mod arguments;
mod authorize;
mod cache;
mod connection;
mod credentials;
mod error;
mod executor;
mod fetch;
mod idempotency;
mod mask;
mod outcome;
mod pages;
mod plan;
mod prepared;
mod progress;
mod send;
mod sign;
mod stream;
mod wire;

pub use authorize::{CodeLogin, DeviceLogin, Login, LoginRequest, Revoked, TokenStatus, door_logins, logins};
pub use error::{ArgumentProblem, ErrorKind, ToolError};
pub use executor::{Executor, ExecutorError, ExecutorSettings};
pub use outcome::{Content, ToolOutcome};
pub use pages::{CursorSeal, PageRequest};
pub use plan::{
    PlannedBody, PlannedContent, PlannedCredential, PlannedOAuth2, PlannedPart, PlannedSigV4, PlannedTransport,
    Repeats, RequestPlan, Sealed,
};
pub use prepared::Prepared;
pub use progress::{Progress, Step, Unheard};
pub use send::{Resolver, Resolving, SystemResolver};
pub use stream::{Door, DoorAnswer, DoorRequest};
