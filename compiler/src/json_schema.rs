//! What JSON Schema 2020-12 says of its keywords, for whoever reads schemas: rules, lowering and
//! documents.

use serde_json::json;

/// What stands under a keyword of JSON Schema 2020-12.
pub(crate) enum Shape {
    /// One schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by name.
    NamedSchemas,
    /// Anything else.
    Data,
}

/// What stands under `keyword`.
pub(crate) fn shape_of(keyword: &str) -> Shape {
    match keyword {
        "items"
        | "additionalProperties"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "propertyNames"
        | "unevaluatedProperties"
        | "unevaluatedItems"
        | "contentSchema" => Shape::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Shape::Schemas,
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => Shape::NamedSchemas,
        _ => Shape::Data,
    }
}

/// What a pattern may cost, in states of its automaton, roughly.
const MOST_STATES: u64 = 1_000_000;

/// Whether a `pattern` can be checked. One that repeats a thousand times what it repeats a thousand
/// times is a regular expression, and still nothing to compile.
pub(crate) fn is_regular_expression(pattern: &str) -> bool {
    states(pattern) <= MOST_STATES && jsonschema::draft202012::new(&json!({"pattern": pattern})).is_ok()
}

/// About as many states as the automaton of a pattern has: repeated groups count as often as they
/// are repeated.
fn states(pattern: &str) -> u64 {
    let mut groups: Vec<u64> = Vec::new();
    // What the open group has so far, and its last atom.
    let (mut sum, mut atom) = (0_u64, 0_u64);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '{' => {
                let count = repetitions(chars.as_str());
                atom = atom.saturating_mul(count);
                continue;
            }
            '(' => {
                groups.push(sum.saturating_add(atom));
                (sum, atom) = (0, 0);
                continue;
            }
            ')' => {
                let inner = sum.saturating_add(atom);
                (sum, atom) = (groups.pop().unwrap_or_default(), inner);
                continue;
            }
            '\\' => drop(chars.next()),
            _ => {}
        }
        sum = sum.saturating_add(atom);
        atom = 1;
    }
    groups.into_iter().fold(sum.saturating_add(atom), u64::saturating_add)
}

/// The largest number of `2,4}…`; 1 where no count stands.
fn repetitions(rest: &str) -> u64 {
    let numbers = rest.split('}').next().unwrap_or_default();
    numbers.split(',').filter_map(|number| number.trim().parse().ok()).max().unwrap_or(1).max(1)
}
