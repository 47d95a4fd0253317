//! Patterns and formats of texts. Whether one regular expression covers another is not decided.

use super::cover::Cover;
use super::node::{Node, Values};
use super::types::Types;
use super::{Gap, Rule, shown_text};

impl Cover {
    pub(super) fn pattern(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        if !sub.types().has(Types::STRING) {
            return Vec::new();
        }
        let Some(pattern) = of.value.as_str() else { return vec![self.undecided("", "pattern")] };
        let known: Vec<&str> = sub.keyword("pattern").filter_map(|it| it.value.as_str()).collect();
        if matches!(pattern, "" | ".*" | "^" | "$") || known.contains(&pattern) {
            return Vec::new();
        }
        let covering = format!("pattern {}", shown_text(pattern));
        match known.first() {
            Some(first) => vec![self.open_question(Rule::Text, format!("pattern {}", shown_text(first)), covering)],
            None if sub.keyword("format").next().is_some() => {
                vec![self.open_question(Rule::Text, "no pattern".to_owned(), covering)]
            }
            None => vec![self.refused(Rule::Text, "no pattern".to_owned(), covering)],
        }
    }

    /// A format may or may not be held by whoever reads the value, so that it decides nothing.
    pub(super) fn format(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        let format = of.value.as_str().unwrap_or_default();
        let concerned = if is_of_numbers(format) { Types::NUMBER } else { Types::STRING };
        let known = sub.keyword("format").find_map(|it| it.value.as_str());
        if !sub.types().has(concerned) || sub.keyword("format").any(|it| it.value == of.value) {
            return Vec::new();
        }
        let covered = known.map_or_else(|| "no format".to_owned(), |it| format!("format {}", shown_text(it)));
        vec![self.open_question(Rule::Text, covered, format!("format {}", shown_text(format)))]
    }
}

fn is_of_numbers(format: &str) -> bool {
    matches!(
        format,
        "int32"
            | "int64"
            | "float"
            | "double"
            | "decimal"
            | "int8"
            | "int16"
            | "uint8"
            | "uint16"
            | "uint32"
            | "uint64"
    )
}
