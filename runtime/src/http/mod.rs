//! The gateway over HTTP: `/mcp`, `/health`, `/ready` and `/metrics`. No other folder names axum.
//!
//! What is said over MCP is not known here, and neither are capabilities.

mod health;
mod layers;
mod metrics;
mod origin;
mod router;
mod serve;

pub use health::{Health, HealthStatus, HeldBack, UpstreamHealth};
pub use origin::Admission;
pub use router::router;
pub use serve::serve;
