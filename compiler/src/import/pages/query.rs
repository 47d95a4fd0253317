//! The query parameters of an operation, and what they may have to do with pages.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rules;
use super::shape::Reader;
use crate::import::naming::snake;
use crate::import::parameters::Sent;
use crate::openapi::{Location, Operation, Spot};

/// A query parameter.
pub(super) struct Query<'d> {
    /// Its name as an argument.
    pub(super) argument: String,
    /// Its name on the wire, in snake case.
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) schema: Option<Spot<'d>>,
    pub(super) types: BTreeSet<&'d str>,
    /// All that is said of it, in lower case.
    text: String,
}

/// The query parameters that become arguments of single values.
pub(super) fn queries<'d>(operation: &Operation<'d>, sent: &[(&Sent, &str)], reader: &Reader<'d>) -> Vec<Query<'d>> {
    let read = |(it, argument): &(&Sent, &str)| {
        let mut known = operation.parameters.iter();
        let parameter = known.find(|known| known.location == Location::Query && known.name == it.wire)?;
        let schema = parameter.schema.clone();
        let word = |keyword: &str| reader.word(schema.as_ref()?, keyword);
        let own = parameter.description.unwrap_or_default();
        let text = format!("{own} {}", word("description").and_then(Value::as_str).unwrap_or_default());
        Some(Query {
            argument: (*argument).to_owned(),
            name: snake(&it.wire),
            required: it.required,
            types: schema.as_ref().map(|schema| reader.types(schema)).unwrap_or_default(),
            text: text.to_lowercase(),
            schema,
        })
    };
    sent.iter().filter(|(it, _)| it.location == Location::Query).filter_map(read).collect()
}

impl<'d> Query<'d> {
    /// What a keyword of its schema says.
    pub(super) fn word(&self, keyword: &str, reader: &Reader<'d>) -> Option<&'d Value> {
        reader.word(self.schema.as_ref()?, keyword)
    }

    /// Whether one of these words is said of it.
    pub(super) fn says(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.text.contains(word))
    }

    /// Whether it is a number.
    pub(super) fn is_number(&self) -> bool {
        !self.types.is_empty() && self.types.iter().all(|name| matches!(*name, "integer" | "number"))
    }

    /// Whether a value of these types may be given for it.
    pub(super) fn takes(&self, types: &BTreeSet<&str>) -> bool {
        let fits = |name: &&str| self.types.contains(name) || (*name == "integer" && self.types.contains("number"));
        let single = |name: &&str| matches!(*name, "string" | "integer" | "number");
        !types.is_empty() && types.iter().all(|name| single(name) && fits(name))
    }

    /// Whether it says where a page begins: not a date with such a name, and no flag.
    pub(super) fn is_cursor(&self, reader: &Reader<'d>) -> bool {
        let date = self.word("format", reader).and_then(Value::as_str).is_some_and(|format| format.starts_with("date"));
        let single = self.types.iter().all(|name| matches!(*name, "string" | "integer" | "number"));
        rules::is_cursor(&self.name) && single && !date
    }

    /// Where counting begins, if the document says: 0 or 1.
    pub(super) fn start(&self, reader: &Reader<'d>) -> Option<u32> {
        let number = |keyword: &str| self.word(keyword, reader).and_then(Value::as_u64);
        match (number("default"), number("minimum")) {
            (Some(0), _) => Some(0),
            // Generators write `minimum: 0` for every unsigned number, so it tells nothing.
            (Some(1), _) | (None, Some(1)) => Some(1),
            _ => None,
        }
    }
}
