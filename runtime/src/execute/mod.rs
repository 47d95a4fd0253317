//! PLACEHOLDER while `execute` is written on another branch: the public interface only.
use std::sync::Arc;

use cap_compiler::capability::Capability;
use serde_json::{Map, Value};

/// A capability with what is compiled once for its calls.
#[derive(Debug)]
pub struct Prepared {
    capability: Arc<Capability>,
}

impl Prepared {
    /// Prepares a capability.
    #[must_use]
    pub fn new(capability: Arc<Capability>) -> Self {
        Self { capability }
    }

    /// The capability.
    #[must_use]
    pub fn capability(&self) -> &Capability {
        &self.capability
    }
}

/// What a call gave.
#[derive(Clone, Debug, Default)]
pub struct ToolOutcome {
    /// Content for the agent.
    pub content: Vec<Content>,
    /// The same as JSON, where it is JSON.
    pub structured: Option<Value>,
    /// Repairs and cuts to tell the agent of.
    pub notes: Vec<String>,
}

/// A piece of content.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text.
    Text(String),
    /// An image, base64.
    Image {
        /// Base64.
        data: String,
        /// Media type.
        media_type: String,
    },
    /// Audio, base64.
    Audio {
        /// Base64.
        data: String,
        /// Media type.
        media_type: String,
    },
    /// Other bytes, base64.
    Blob {
        /// Base64.
        data: String,
        /// Media type.
        media_type: String,
    },
}

/// Why a call failed, and what the caller can do; shown to the agent as it is.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Placeholder.
    #[error("{0}")]
    Failed(String),
}

/// Runs calls.
#[derive(Debug, Default)]
pub struct Executor;

impl Executor {
    /// Calls a tool.
    ///
    /// # Errors
    /// Why the call failed.
    pub async fn call(&self, tool: &Prepared, _arguments: &Map<String, Value>) -> Result<ToolOutcome, ToolError> {
        Err(ToolError::Failed(format!("{} cannot be called in this build", tool.capability.tool)))
    }
}
