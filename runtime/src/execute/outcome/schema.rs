//! An answer against the output schema: what is structured keeps to it, what does not is text.

use jsonschema::Validator;
use serde_json::Value;

use crate::execute::arguments::{bounded, compile};

/// A compiled output schema.
pub(crate) struct OutputChecker(Option<Validator>);

/// How an answer stands to the schema.
pub(super) enum Kept {
    /// It keeps to it.
    Fully,
    /// It does not: a place and what is there.
    Not(String),
    /// The schema itself cannot be used.
    Unknown,
}

impl OutputChecker {
    pub(crate) fn new(schema: &Value) -> Self {
        Self(compile(schema).ok())
    }

    pub(super) fn check(&self, value: &Value) -> Kept {
        let Some(validator) = &self.0 else { return Kept::Unknown };
        if validator.is_valid(value) {
            return Kept::Fully;
        }
        let told = validator.iter_errors(value).take(MOST_TOLD).map(|error| {
            let at = error.instance_path().to_string();
            let place = if at.is_empty() { "the answer".to_owned() } else { format!("`{}`", bounded(&at, 100)) };
            // Never the value itself: it may be long.
            format!("{place} does not keep to `{}`", bounded(&error.schema_path().to_string(), 120))
        });
        Kept::Not(told.collect::<Vec<_>>().join("; "))
    }
}

const MOST_TOLD: usize = 3;
