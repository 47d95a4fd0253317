//! Reading the arguments of the gateway's own tools: strict about names, types and bounds.
//!
//! Slips are repaired that can be read in one way only: an object, a number or a truth value that
//! arrives as its text, and one name where a list is wanted.

use cap_compiler::diagnostic::nearest;
use serde_json::{Map, Value};

use super::error::CallError;
use super::meta_tool::{MOST_DESCRIBED, MetaTool};
use crate::execute::PageRequest;
use crate::registry::SearchRequest;

/// The arguments of one call, all of them known by name.
pub(super) struct Arguments {
    tool: MetaTool,
    values: Map<String, Value>,
}

impl Arguments {
    /// Refuses arguments that the tool does not have; `null` is the same as absent.
    pub(super) fn read(tool: MetaTool, mut values: Map<String, Value>) -> Result<Self, CallError> {
        let known = tool.arguments();
        if let Some(argument) = values.keys().find(|name| !known.contains(name)) {
            let near = nearest(argument, known.iter().map(String::as_str)).map(str::to_owned);
            let nearest = near.map_or(known.clone(), |name| vec![name]);
            return Err(CallError::UnknownArgument { tool: tool.name(), argument: argument.clone(), nearest });
        }
        values.retain(|_, value| !value.is_null());
        Ok(Self { tool, values })
    }

    /// Text that must be there.
    pub(super) fn text(&mut self, argument: &'static str) -> Result<String, CallError> {
        self.optional_text(argument)?.ok_or_else(|| self.missing(argument))
    }

    /// Text that may be left out.
    pub(super) fn optional_text(&mut self, argument: &'static str) -> Result<Option<String>, CallError> {
        match self.values.remove(argument) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(CallError::WrongType { argument, wanted: "a string" }),
        }
    }

    /// The number of matches that are wanted.
    pub(super) fn limit(&mut self) -> Result<Option<usize>, CallError> {
        let Some(value) = self.values.remove("limit") else { return Ok(None) };
        // A number in a string has one reading only.
        let number = value.as_str().and_then(|text| text.trim().parse().ok()).or(value.as_f64());
        let number = number.ok_or(CallError::WrongType { argument: "limit", wanted: "an integer" })?;
        let limit = (1..=SearchRequest::MAXIMUM_LIMIT).find(|limit| exactly(*limit, number));
        limit.map(Some).ok_or(CallError::Limit)
    }

    /// The tags of which a tool must have one; none if all will do.
    pub(super) fn tags(&mut self) -> Result<Vec<String>, CallError> {
        const WRONG: CallError = CallError::WrongType { argument: "tags", wanted: "a list of at most 16 tags" };
        match self.values.remove("tags") {
            None => Ok(Vec::new()),
            Some(Value::String(tag)) => Ok(vec![tag]),
            Some(Value::Array(tags)) if tags.len() > SearchRequest::MAXIMUM_TAGS => Err(WRONG),
            Some(Value::Array(tags)) => tags.iter().map(name).collect::<Option<_>>().ok_or(WRONG),
            Some(_) => Err(WRONG),
        }
    }

    /// Whether only tools that change nothing are wanted.
    pub(super) fn read_only(&mut self) -> Result<bool, CallError> {
        let value = self.values.remove("read_only").unwrap_or(Value::Bool(false));
        // A truth value in a string has one reading only.
        let read = value.as_bool().or_else(|| value.as_str()?.trim().parse().ok());
        read.ok_or(CallError::WrongType { argument: "read_only", wanted: "true or false" })
    }

    /// The names of the tools to describe.
    pub(super) fn tools(&mut self) -> Result<Vec<String>, CallError> {
        const WRONG: CallError = CallError::WrongType { argument: "tools", wanted: "a list of tool names" };
        let names = match self.values.remove("tools") {
            None => return Err(self.missing("tools")),
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().map(name).collect::<Option<_>>().ok_or(WRONG)?,
            Some(_) => return Err(WRONG),
        };
        if (1..=MOST_DESCRIBED).contains(&names.len()) { Ok(names) } else { Err(CallError::DescribedCount) }
    }

    /// The arguments of the tool that is to be run.
    pub(super) fn nested(&mut self) -> Result<Map<String, Value>, CallError> {
        match self.values.remove("arguments") {
            None => Ok(Map::new()),
            Some(Value::Object(arguments)) => Ok(arguments),
            Some(Value::String(text)) => serde_json::from_str(&text).map_err(|_| NOT_AN_OBJECT),
            Some(_) => Err(NOT_AN_OBJECT),
        }
    }

    /// Which page is wanted, and how many items.
    pub(super) fn page(&mut self) -> Result<PageRequest, CallError> {
        const WRONG: CallError = CallError::WrongType { argument: "collect", wanted: "a number of items, at least 1" };
        let cursor = self.optional_text("cursor")?;
        let Some(value) = self.values.remove("collect") else { return Ok(PageRequest { cursor, collect: None }) };
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| *number > 0);
        let collect = number.and_then(|number| usize::try_from(number).ok()).ok_or(WRONG)?;
        Ok(PageRequest { cursor, collect: Some(collect) })
    }

    fn missing(&self, argument: &'static str) -> CallError {
        CallError::Missing { tool: self.tool.name(), argument }
    }
}

const NOT_AN_OBJECT: CallError = CallError::WrongType { argument: "arguments", wanted: "an object" };

fn name(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[expect(clippy::cast_precision_loss, reason = "limits are small")]
fn exactly(limit: usize, number: f64) -> bool {
    (limit as f64 - number).abs() < f64::EPSILON
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(tool: MetaTool, value: &Value) -> Result<Arguments, CallError> {
        Arguments::read(tool, value.as_object().unwrap().clone())
    }

    fn message<T>(result: Result<T, CallError>) -> String {
        result.err().unwrap().to_string()
    }

    #[test]
    fn wrong_arguments_say_what_is_right() {
        let unknown = arguments(MetaTool::Search, &json!({"querry": "x"}));
        assert_eq!(message(unknown), "`gateway_search_tools` has no argument `querry`; did you mean `query`?");
        let mut empty = arguments(MetaTool::Search, &json!({"query": null})).unwrap();
        assert_eq!(message(empty.text("query")), "`gateway_search_tools` needs the argument `query`");
        let mut many = arguments(MetaTool::Search, &json!({"limit": 51})).unwrap();
        assert_eq!(message(many.limit()), "`limit` must be between 1 and 50");
        let mut unclear = arguments(MetaTool::Search, &json!({"tags": {}, "read_only": 1})).unwrap();
        assert_eq!(message(unclear.tags()), "`tags` must be a list of at most 16 tags");
        assert_eq!(message(unclear.read_only()), "`read_only` must be true or false");
        let mut odd = arguments(MetaTool::Invoke, &json!({"arguments": [1]})).unwrap();
        assert_eq!(message(odd.nested()), "`arguments` must be an object");
    }

    #[test]
    fn plain_slips_are_repaired() {
        let mut invoke = arguments(MetaTool::Invoke, &json!({"arguments": "{\"a\": 1}"})).unwrap();
        assert_eq!(invoke.nested().unwrap(), *json!({"a": 1}).as_object().unwrap());
        let mut describe = arguments(MetaTool::Describe, &json!({"tools": "one"})).unwrap();
        assert_eq!(describe.tools().unwrap(), ["one"]);
        let mut search = arguments(MetaTool::Search, &json!({"limit": 5.0})).unwrap();
        assert_eq!(search.limit().unwrap(), Some(5));
        let mut search = arguments(MetaTool::Search, &json!({"tags": "issues", "read_only": "true"})).unwrap();
        assert_eq!((search.tags().unwrap(), search.read_only().unwrap()), (vec!["issues".to_owned()], true));
    }
}
