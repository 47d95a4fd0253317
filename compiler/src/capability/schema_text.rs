//! Schemas as they are kept: of thousands of tools few are looked at in any moment.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A JSON Schema as compact JSON, which takes an eighth of the memory that its tree takes.
#[derive(Clone, PartialEq, Eq)]
pub struct SchemaText(Arc<str>);

impl SchemaText {
    /// The schema as a tree. Whoever needs it more than once keeps it.
    ///
    /// Definitions are nested less deep than readers of JSON go. If one were not, nothing would fit its
    /// schema: better than that all did.
    #[must_use]
    pub fn read(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or(Value::Bool(false))
    }

    /// The schema as JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Value> for SchemaText {
    fn from(schema: &Value) -> Self {
        Self(schema.to_string().into())
    }
}

impl fmt::Debug for SchemaText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
