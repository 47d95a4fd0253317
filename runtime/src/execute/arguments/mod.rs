//! Arguments against the input schema: checked, repaired where that leaves one reading only.
//!
//! JSON Schema 2020-12; `format` is an annotation, nothing is fetched, and patterns run on an engine
//! that is linear in the text. A pattern that needs look-around runs on a backtracking engine with a
//! bound.

mod refusal;
mod repair;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value};

use super::error::{ArgumentProblem, ToolError};

pub(super) use refusal::bounded;

/// Problems that are told at once; more do not help to mend them.
const MAX_PROBLEMS: usize = 8;
/// Steps of a backtracking pattern on one text.
const BACKTRACK_LIMIT: usize = 50_000;
/// Bytes of a compiled pattern.
const PATTERN_SIZE: usize = 4 << 20;

/// A compiled input schema.
pub(crate) struct Checker {
    schema: Value,
    compiled: Result<Validator, String>,
}

/// Arguments that fit the schema.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) arguments: Map<String, Value>,
    pub(crate) notes: Vec<String>,
}

impl Checker {
    pub(crate) fn new(schema: Value) -> Self {
        let compiled = compile(&schema);
        Self { schema, compiled }
    }

    /// Checks arguments of a call to `tool`.
    ///
    /// # Errors
    /// `Arguments` with what does not fit, or `Definition` when the schema itself cannot be used.
    pub(crate) fn check(&self, tool: &str, arguments: &Map<String, Value>) -> Result<Checked, ToolError> {
        let validator = self.compiled.as_ref().map_err(|reason| ToolError::Definition {
            tool: tool.to_owned(),
            reason: format!("its input schema cannot be used: {reason}"),
        })?;
        let mut instance = Value::Object(arguments.clone());
        let mut notes = Vec::new();
        if !validator.is_valid(&instance) {
            notes = repair::repair(validator, &mut instance);
            let problems = self.problems(validator, &instance);
            if !problems.is_empty() {
                return Err(ToolError::Arguments { tool: tool.to_owned(), problems });
            }
        }
        match instance {
            Value::Object(arguments) => Ok(Checked { arguments, notes }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Ok(Checked { arguments: arguments.clone(), notes })
            }
        }
    }

    fn problems(&self, validator: &Validator, instance: &Value) -> Vec<ArgumentProblem> {
        let mut problems: Vec<ArgumentProblem> = Vec::new();
        for error in validator.iter_errors(instance) {
            for problem in refusal::describe(&error, &self.schema) {
                if problems.len() < MAX_PROBLEMS && !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
        problems
    }
}

pub(super) fn compile(schema: &Value) -> Result<Validator, String> {
    let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(false).offline();
    let linear = PatternOptions::regex().size_limit(PATTERN_SIZE).dfa_size_limit(PATTERN_SIZE);
    let bounded = PatternOptions::fancy_regex()
        .backtrack_limit(BACKTRACK_LIMIT)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE);
    options
        .clone()
        .with_pattern_options(linear)
        .build(schema)
        .or_else(|_| options.with_pattern_options(bounded).build(schema))
        .map_err(|error| refusal::bounded(&error.to_string(), 300))
}
