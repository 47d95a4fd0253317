//! Proofs that there are no values of which all is true that is known of them.

use super::accepts::accepts;
use super::cover::Cover;
use super::facts::Side;
use super::node::{Node, Values};
use super::types::Types;

impl Cover {
    /// Whether it is certain that there are no such values.
    pub(super) fn is_nothing<'a>(&mut self, values: &Values<'a>, depth: usize) -> bool {
        let types = values.types();
        if types.is_empty() || depth > DEEPEST {
            return types.is_empty();
        }
        if values.listed().or_else(|| values.few()).is_some_and(|few| few.is_empty()) {
            return true;
        }
        let possible = Types::EACH.into_iter().filter(|one| types.has(*one));
        for one in possible {
            let nothing = match one {
                Types::INTEGER | Types::FRACTION => has_no_numbers(values),
                Types::STRING => is_crossed(values, "minLength", "maxLength"),
                Types::ARRAY => is_crossed(values, "minItems", "maxItems"),
                Types::OBJECT => self.has_no_objects(values, depth),
                _ => false,
            };
            if !nothing {
                return self.has_no_branch(values, depth) || self.is_refused(values, depth);
            }
        }
        true
    }

    /// Whether a schema that refuses the values accepts all of them.
    fn is_refused<'a>(&mut self, values: &Values<'a>, depth: usize) -> bool {
        if depth > 1 {
            return false;
        }
        let refusing: Vec<Node<'a>> = values.refusing().collect();
        if let Some(listed) = values.listed() {
            return listed.iter().all(|it| refusing.iter().any(|node| accepts(it, *node, 0) == Some(true)));
        }
        refusing.into_iter().any(|node| {
            let mut facts = values.clone();
            // What refuses them says nothing of what they are, and would be asked again and again.
            facts.facts.retain(|fact| !matches!(fact, super::node::Fact::Not(_)));
            self.proves(&facts, node)
        })
    }

    /// Whether a schema accepts all of the values; found by a comparison with few steps.
    fn proves<'a>(&mut self, values: &Values<'a>, node: Node<'a>) -> bool {
        self.covers(values, node).is_empty()
    }

    fn has_no_objects<'a>(&mut self, values: &Values<'a>, depth: usize) -> bool {
        let mut required = Vec::new();
        for list in values.keyword("required") {
            required.extend(list.value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str));
        }
        is_crossed(values, "minProperties", "maxProperties")
            || required.into_iter().any(|name| self.is_nothing(&values.member(name), depth + 1))
    }

    /// Whether no alternative is left.
    fn has_no_branch<'a>(&mut self, values: &Values<'a>, depth: usize) -> bool {
        let nodes: Vec<Node<'a>> = values.nodes().collect();
        for node in nodes {
            for key in ["anyOf", "oneOf"] {
                let branches: Vec<Node<'a>> = node.list(key).collect();
                let is_taken = node.get(key).is_some_and(|it| values.taken.contains(&std::ptr::from_ref(it.value)));
                if branches.is_empty() || is_taken {
                    continue;
                }
                let mut rest = values.clone();
                rest.taken.extend(node.get(key).map(|it| std::ptr::from_ref(it.value)));
                if branches.into_iter().all(|branch| self.is_nothing(&rest.and(branch), depth + 1)) {
                    return true;
                }
            }
        }
        false
    }
}

fn has_no_numbers(values: &Values<'_>) -> bool {
    let (Some(lower), Some(upper)) = (values.end(Side::Lower), values.end(Side::Upper)) else { return false };
    match super::accepts::compare(&lower.at, &upper.at) {
        Some(std::cmp::Ordering::Greater) => true,
        Some(std::cmp::Ordering::Equal) => lower.open || upper.open,
        Some(std::cmp::Ordering::Less) | None => false,
    }
}

fn is_crossed(values: &Values<'_>, least: &str, most: &str) -> bool {
    let least = values.count(least, Side::Lower).unwrap_or_default();
    values.count(most, Side::Upper).is_some_and(|most| least > most)
}

const DEEPEST: usize = 4;
