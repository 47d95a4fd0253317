//! What follows from all schemas that accept some values: their types, and the values themselves where
//! they are few.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::accepts::{compare, fits};
use super::node::{Fact, Values};
use super::types::Types;

/// An end of a range of numbers.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) at: Number,
    /// Whether the number itself is outside.
    pub(super) open: bool,
}

/// Which way a range ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Lower,
    Upper,
}

impl<'a> Values<'a> {
    /// The types that they may have.
    pub(super) fn types(&self) -> Types {
        let mut types = Types::ALL;
        for fact in &self.facts {
            let known = match fact {
                Fact::Has(known) => *known,
                Fact::Is(node) => {
                    let listed = node.get("enum").and_then(|it| it.value.as_array());
                    let constant = node.get("const").map(|it| Types::of(it.value));
                    let named = node.get("type").and_then(|it| Types::of_keyword(it.value));
                    let of_list = |list: &Vec<Value>| list.iter().map(Types::of).fold(Types::NONE, Types::or);
                    [listed.map(of_list), constant, named].into_iter().flatten().fold(Types::ALL, Types::and)
                }
                Fact::Not(_) => Types::ALL,
            };
            types = types.and(known);
        }
        if types.has(Types::FRACTION) && self.keyword("multipleOf").any(|it| it.value.as_i64().is_some()) {
            types = types.without(Types::FRACTION);
        }
        types
    }

    /// The values themselves, where an `enum` or a `const` lists them.
    pub(super) fn listed(&self) -> Option<Vec<Value>> {
        let constant = self.keyword("const").next().map(|it| vec![it.value.clone()]);
        let listed = || self.keyword("enum").find_map(|it| it.value.as_array()).cloned();
        let all = constant.or_else(listed).filter(|all| all.len() <= MOST_LISTED)?;
        Some(all.into_iter().filter(|value| fits(value, self) != Some(false)).collect())
    }

    /// The values themselves, where they are few for another reason: truth values, `null`, a short range.
    pub(super) fn few(&self) -> Option<Vec<Value>> {
        let types = self.types();
        let mut few = Vec::new();
        if types.has(Types::INTEGER) {
            let (lower, upper) = (self.end(Side::Lower)?, self.end(Side::Upper)?);
            let (lower, upper) = (lower.at.as_i64()?, upper.at.as_i64()?);
            if upper.checked_sub(lower)? > SHORT_RANGE {
                return None;
            }
            few.extend((lower..=upper).map(Value::from));
        }
        if !types.is_within(Types::NULL.or(Types::BOOLEAN).or(Types::INTEGER)) {
            return None;
        }
        if types.has(Types::BOOLEAN) {
            few.extend([Value::Bool(false), Value::Bool(true)]);
        }
        if types.has(Types::NULL) {
            few.push(Value::Null);
        }
        Some(few.into_iter().filter(|value| fits(value, self) != Some(false)).collect())
    }

    /// Where the numbers among them end.
    pub(super) fn end(&self, side: Side) -> Option<End> {
        let (closed, open) = match side {
            Side::Lower => ("minimum", "exclusiveMinimum"),
            Side::Upper => ("maximum", "exclusiveMaximum"),
        };
        let whole = !self.types().has(Types::FRACTION);
        let ends = [(closed, false), (open, true)].into_iter().flat_map(|(key, open)| {
            self.keyword(key).filter_map(move |it| Some(End { at: it.value.as_number()?.clone(), open }))
        });
        ends.map(|end| if whole { end.of_integers(side) } else { end })
            .reduce(|one, another| if one.is_within(&another, side) { one } else { another })
    }

    /// The tightest of a keyword whose value is a count.
    pub(super) fn count(&self, key: &str, side: Side) -> Option<u64> {
        let counts = self.keyword(key).filter_map(|it| super::accepts::size(it.value));
        match side {
            Side::Lower => counts.max(),
            Side::Upper => counts.min(),
        }
    }

    /// Whether objects among them have a member.
    pub(super) fn requires(&self, name: &str) -> bool {
        self.keyword("required").filter_map(|it| it.value.as_array()).flatten().any(|it| it == name)
    }
}

impl End {
    /// Whether all numbers on this side of the end are on this side of the other end.
    pub(super) fn is_within(&self, other: &Self, side: Side) -> bool {
        let order = match side {
            Side::Lower => compare(&self.at, &other.at),
            Side::Upper => compare(&other.at, &self.at),
        };
        match order {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => self.open || !other.open,
            Some(Ordering::Less) | None => false,
        }
    }

    /// The same end for integers: above 4 is from 5.
    pub(super) fn of_integers(self, side: Side) -> Self {
        let Some(at) = self.at.as_i64() else { return self };
        let next = match (self.open, side) {
            (false, _) => Some(at),
            (true, Side::Lower) => at.checked_add(1),
            (true, Side::Upper) => at.checked_sub(1),
        };
        match next {
            Some(next) => Self { at: next.into(), open: false },
            None => self,
        }
    }
}

const MOST_LISTED: usize = 500;
const SHORT_RANGE: i64 = 64;
