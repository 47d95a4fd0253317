//! Bounds of numbers, and counts of characters, items and members.

use serde_json::Value;

use super::accepts::{is_multiple, size};
use super::cover::Cover;
use super::facts::{End, Side};
use super::node::{Node, Values};
use super::types::Types;
use super::{Gap, Rule, shown};

impl Cover {
    pub(super) fn end(&self, sub: &Values<'_>, key: &str, of: Node<'_>, side: Side) -> Vec<Gap> {
        let types = sub.types();
        if !types.has(Types::NUMBER) {
            return Vec::new();
        }
        let Some(at) = of.value.as_number() else { return vec![self.undecided("", key)] };
        let allowed = End { at: at.clone(), open: key.starts_with("exclusive") };
        let allowed = if types.has(Types::FRACTION) { allowed } else { allowed.of_integers(side) };
        let found = sub.end(side);
        if found.as_ref().is_some_and(|found| found.is_within(&allowed, side)) {
            return Vec::new();
        }
        let name = |open: bool| match (side, open) {
            (Side::Lower, false) => "minimum",
            (Side::Lower, true) => "exclusiveMinimum",
            (Side::Upper, false) => "maximum",
            (Side::Upper, true) => "exclusiveMaximum",
        };
        let covered = found.map_or_else(|| format!("no {key}"), |end| format!("{} {}", name(end.open), end.at));
        vec![self.refused(Rule::Bound, covered, format!("{key} {at}"))]
    }

    pub(super) fn multiple_of(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        if !sub.types().has(Types::NUMBER) {
            return Vec::new();
        }
        let Value::Number(step) = of.value else { return vec![self.undecided("", "multipleOf")] };
        let whole = !sub.types().has(Types::FRACTION);
        let known: Vec<_> = sub.keyword("multipleOf").filter_map(|it| it.value.as_number()).collect();
        let is_covered = known.iter().any(|known| *known == step || is_multiple(known, step) == Some(true));
        if is_covered || (whole && step.as_i64() == Some(1)) {
            return Vec::new();
        }
        let covering = format!("multipleOf {step}");
        match known.first() {
            None if step.as_i64().is_some() => {
                vec![self.refused(Rule::Bound, "no multipleOf".to_owned(), covering)]
            }
            first => {
                let covered = first.map_or_else(|| "no multipleOf".to_owned(), |it| format!("multipleOf {it}"));
                vec![self.open_question(Rule::Bound, covered, covering)]
            }
        }
    }

    pub(super) fn count(&self, sub: &Values<'_>, key: &str, of: Node<'_>, side: Side, types: Types) -> Vec<Gap> {
        if !sub.types().has(types) {
            return Vec::new();
        }
        let Some(allowed) = size(of.value) else { return vec![self.undecided("", key)] };
        let found = sub.count(key, side);
        let is_covered = match side {
            Side::Lower => allowed == 0 || found.is_some_and(|found| found >= allowed),
            Side::Upper => found.is_some_and(|found| found <= allowed),
        };
        if is_covered || (key == "minProperties" && sub.required_count() >= allowed) {
            return Vec::new();
        }
        let covered = found.map_or_else(|| format!("no {key}"), |found| format!("{key} {found}"));
        let covering = format!("{key} {}", shown(of.value));
        if key == "maxProperties" && sub.is_closed() {
            // Few members have names at all.
            return vec![self.open_question(Rule::Bound, covered, covering)];
        }
        vec![self.refused(Rule::Bound, covered, covering)]
    }
}

impl Values<'_> {
    fn required_count(&self) -> u64 {
        let names = self.keyword("required").filter_map(|it| it.value.as_array()).flatten();
        let names: std::collections::BTreeSet<&str> = names.filter_map(Value::as_str).collect();
        u64::try_from(names.len()).unwrap_or(u64::MAX)
    }

    fn is_closed(&self) -> bool {
        self.keyword("additionalProperties").any(|it| it.value == &Value::Bool(false))
    }
}
