//! Ten thousand pairs of schemas, and values that try to prove the comparison wrong: where it finds no gap,
//! whatever the one schema accepts the other one must accept. `jsonschema` is the judge.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on fails, and says what it saw"
)]

use std::collections::BTreeSet;

use cap_compiler::diff::schema::{Certainty, gaps};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

const PAIRS: usize = 10_000;
const VALUES: usize = 24;

/// A generator of numbers (xorshift64*), so that every run sees the same pairs.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % sides
    }

    fn one<'v, T>(&mut self, of: &'v [T]) -> &'v T {
        &of[self.roll(of.len())]
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "kind"];
const PATTERNS: [&str; 4] = ["^a", "b$", "^[a-z]+$", ".*"];
const KEYWORDS: [&str; 27] = [
    "type",
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "properties",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
];

fn types(dice: &mut Dice) -> Value {
    let all = ["null", "boolean", "integer", "number", "string", "array", "object", "object"];
    if dice.chance(25) { json!([dice.one(&all[..4]), dice.one(&all[4..7])]) } else { json!(dice.one(&all)) }
}

fn plain(dice: &mut Dice) -> Value {
    dice.one(&[
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(2.5),
        json!(7),
        json!(""),
        json!("a"),
        json!("ab"),
        json!("bb"),
        json!([]),
        json!({}),
    ])
    .clone()
}

fn keyword(dice: &mut Dice, key: &str, depth: usize) -> Value {
    let deeper = depth + 1;
    match key {
        "type" => types(dice),
        "enum" => (0..1 + dice.roll(4)).map(|_| plain(dice)).collect(),
        "const" => plain(dice),
        "minimum" | "exclusiveMinimum" => json!(dice.roll(4)),
        "maximum" | "exclusiveMaximum" => json!(dice.roll(8)),
        "multipleOf" => json!(1 + dice.roll(4)),
        "minLength" | "minItems" => json!(dice.roll(3)),
        "maxLength" | "maxItems" => json!(dice.roll(4)),
        "uniqueItems" => json!(dice.chance(60)),
        "pattern" => json!(dice.one(&PATTERNS)),
        "required" => json!((0..1 + dice.roll(2)).map(|_| *dice.one(&NAMES)).collect::<BTreeSet<_>>()),
        "additionalProperties" if dice.chance(60) => json!(false),
        "properties" => (0..1 + dice.roll(3))
            .map(|_| ((*dice.one(&NAMES)).to_owned(), schema(dice, deeper)))
            .collect::<Map<_, _>>()
            .into(),
        "patternProperties" => json!({*dice.one(&PATTERNS): schema(dice, deeper)}),
        "prefixItems" | "allOf" | "anyOf" | "oneOf" => (0..1 + dice.roll(3)).map(|_| schema(dice, deeper)).collect(),
        _ => schema(dice, deeper),
    }
}

fn schema(dice: &mut Dice, depth: usize) -> Value {
    if depth > 3 || dice.chance(6) {
        return if dice.chance(85) { json!({"type": types(dice)}) } else { json!(dice.chance(70)) };
    }
    if dice.chance(8) {
        return json!({"$ref": *dice.one(&["#/$defs/One", "#/$defs/Two", "#"])});
    }
    let mut map = Map::new();
    for _ in 0..1 + dice.roll(3) {
        let key = *dice.one(&KEYWORDS);
        let value = keyword(dice, key, depth);
        map.insert(key.to_owned(), value);
        if key == "if" {
            let (then, other) = (schema(dice, depth + 2), schema(dice, depth + 2));
            map.insert("then".to_owned(), then);
            map.insert("else".to_owned(), other);
        }
    }
    Value::Object(map)
}

fn document(dice: &mut Dice) -> Value {
    let mut map = match schema(dice, 0) {
        Value::Object(map) => map,
        other => Map::from_iter([("allOf".to_owned(), json!([other]))]),
    };
    let (one, two) = (schema(dice, 2), schema(dice, 2));
    map.insert("$defs".to_owned(), json!({"One": one, "Two": two}));
    Value::Object(map)
}

/// The schema with one to three places changed.
fn changed(dice: &mut Dice, schema: &Value) -> Value {
    let mut new = schema.clone();
    for _ in 0..1 + dice.roll(3) {
        change(dice, &mut new, 0);
    }
    new
}

fn change(dice: &mut Dice, schema: &mut Value, depth: usize) {
    if depth > 0 && dice.chance(10) {
        *schema = self::schema(dice, 3);
        return;
    }
    let Value::Object(map) = schema else { return };
    let keys: Vec<String> = map.keys().cloned().collect();
    if keys.is_empty() || dice.chance(30) {
        let key = *dice.one(&KEYWORDS);
        if !map.contains_key(key) && key != "if" {
            let value = keyword(dice, key, depth + 2);
            map.insert(key.to_owned(), value);
        }
        return;
    }
    let key = dice.one(&keys).clone();
    if key != "$defs" && key != "$ref" && dice.chance(30) {
        map.remove(&key);
        return;
    }
    let value = map.get_mut(&key).unwrap();
    match (key.as_str(), value) {
        ("properties" | "patternProperties" | "$defs", Value::Object(members)) => {
            let names: Vec<String> = members.keys().cloned().collect();
            if let Some(name) = names.get(dice.roll(names.len().max(1))) {
                change(dice, members.get_mut(name).unwrap(), depth + 1);
            }
        }
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(items)) => match dice.roll(3) {
            0 => items.push(self::schema(dice, 3)),
            1 if items.len() > 1 => drop(items.pop()),
            _ => {
                let at = dice.roll(items.len());
                change(dice, &mut items[at], depth + 1);
            }
        },
        ("enum", Value::Array(items)) => match dice.roll(2) {
            0 => items.push(plain(dice)),
            _ if items.len() > 1 => drop(items.pop()),
            _ => {}
        },
        ("items" | "not" | "if" | "then" | "else" | "additionalProperties", inner) => change(dice, inner, depth + 1),
        ("$ref", _) => {}
        (key, value) => *value = keyword(dice, key, depth + 2),
    }
}

/// A value that a schema may accept, or nearly.
fn value(dice: &mut Dice, schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > 6 || dice.chance(7) {
        return plain(dice);
    }
    let Value::Object(map) = schema else { return plain(dice) };
    if let Some(target) = map.get("$ref").and_then(Value::as_str) {
        return value(dice, root.pointer(&target[1..]).unwrap(), root, depth + 1);
    }
    if let Some(one) = map.get("const") {
        return one.clone();
    }
    if let Some(Value::Array(all)) = map.get("enum") {
        return dice.one(all).clone();
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        if let Some(Value::Array(parts)) = map.get(key)
            && dice.chance(60)
        {
            let part = dice.one(parts).clone();
            return value(dice, &part, root, depth + 1);
        }
    }
    match map.get("type").and_then(Value::as_str) {
        Some("object") => object(dice, map, root, depth),
        Some("array") => array(dice, map, root, depth),
        Some("string") => json!(*dice.one(&["", "a", "ab", "bb", "abc", "a1b"])),
        Some("integer") => json!(dice.roll(9)),
        Some("number") => json!(f64::from(u32::try_from(dice.roll(18)).unwrap()) / 2.0),
        Some("boolean") => json!(dice.chance(50)),
        Some("null") => Value::Null,
        _ if map.contains_key("properties") || map.contains_key("required") => object(dice, map, root, depth),
        _ if map.contains_key("items") || map.contains_key("prefixItems") => array(dice, map, root, depth),
        _ if map.contains_key("minimum") || map.contains_key("maximum") => json!(dice.roll(9)),
        _ => plain(dice),
    }
}

fn object(dice: &mut Dice, map: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    let mut members = Map::new();
    for name in NAMES {
        let required = map.get("required").is_some_and(|list| list.as_array().unwrap().contains(&json!(name)));
        let described = map.get("properties").and_then(|all| all.get(name));
        let chance = if required {
            95
        } else if described.is_some() {
            60
        } else {
            15
        };
        if dice.chance(chance) {
            let of = described.or_else(|| map.get("additionalProperties")).cloned().unwrap_or(json!(true));
            members.insert(name.to_owned(), value(dice, &of, root, depth + 1));
        }
    }
    Value::Object(members)
}

fn array(dice: &mut Dice, map: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    let parts = map.get("prefixItems").and_then(Value::as_array).cloned().unwrap_or_default();
    let rest = map.get("items").cloned().unwrap_or(json!(true));
    (0..dice.roll(4)).map(|index| value(dice, parts.get(index).unwrap_or(&rest), root, depth + 1)).collect()
}

fn judge(schema: &Value) -> Option<Validator> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .should_validate_formats(false)
        .offline()
        .build(schema)
        .ok()
}

/// Whether a schema refers to itself without a step into the value, so that it has no meaning.
fn has_no_meaning(schema: &Value, at: &Value, depth: usize) -> bool {
    if depth > 12 {
        return true;
    }
    let Value::Object(map) = at else { return false };
    let inner = ["allOf", "anyOf", "oneOf"].iter().filter_map(|key| map.get(*key)?.as_array()).flatten();
    let single = ["not", "if", "then", "else"].iter().filter_map(|key| map.get(*key));
    let target = map.get("$ref").and_then(Value::as_str).and_then(|it| schema.pointer(&it[1..]));
    inner.chain(single).any(|part| has_no_meaning(schema, part, depth))
        || target.is_some_and(|target| has_no_meaning(schema, target, depth + 1))
}

fn is_circular(schema: &Value) -> bool {
    let defs = schema["$defs"].as_object().unwrap().values();
    std::iter::once(schema).chain(defs).any(|part| has_no_meaning(schema, part, 0) || holds_circle(schema, part))
}

fn holds_circle(root: &Value, part: &Value) -> bool {
    match part {
        Value::Object(map) => has_no_meaning(root, part, 0) || map.values().any(|inner| holds_circle(root, inner)),
        Value::Array(items) => items.iter().any(|inner| holds_circle(root, inner)),
        _ => false,
    }
}

#[derive(Default, Debug)]
struct Seen {
    pairs: usize,
    covered: usize,
    covered_and_tried: usize,
    values_accepted: usize,
    refused: usize,
    refused_and_shown: usize,
    undecided: usize,
    undecided_and_refused: usize,
}

#[test]
fn what_is_called_compatible_is_compatible() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut seen = Seen::default();
    let mut wrong = Vec::new();
    while seen.pairs < PAIRS {
        let old = document(&mut dice);
        let new = if dice.chance(85) { changed(&mut dice, &old) } else { document(&mut dice) };
        if is_circular(&old) || is_circular(&new) {
            continue;
        }
        let (Some(accepts_old), Some(accepts_new)) = (judge(&old), judge(&new)) else { continue };
        seen.pairs += 1;
        let found = gaps(&old, &new);
        let mut accepted = 0;
        let mut refused = None;
        for round in 0..VALUES {
            let from = if round % 3 == 2 { &new } else { &old };
            let candidate = value(&mut dice, from, from, 0);
            if accepts_old.is_valid(&candidate) {
                accepted += 1;
                if !accepts_new.is_valid(&candidate) {
                    refused = Some(candidate);
                }
            }
        }
        seen.values_accepted += accepted;
        if found.is_empty() {
            seen.covered += 1;
            seen.covered_and_tried += usize::from(accepted > 0);
            if let Some(value) = refused {
                wrong.push(format!("old {old}\nnew {new}\nvalue {value}\n"));
            }
        } else if found.iter().any(|gap| gap.certainty == Certainty::Refused) {
            seen.refused += 1;
            seen.refused_and_shown += usize::from(refused.is_some());
        } else {
            seen.undecided += 1;
            seen.undecided_and_refused += usize::from(refused.is_some());
        }
    }
    println!("{seen:?}");
    assert!(
        wrong.is_empty(),
        "{} counter-examples\n{}",
        wrong.len(),
        wrong.iter().take(5).cloned().collect::<String>()
    );
    // A comparison that proves nothing would prove nothing wrong.
    assert!(seen.covered_and_tried > PAIRS / 8, "{seen:?}");
    assert!(seen.undecided < PAIRS / 3, "{seen:?}");
}

/// What is expected of a pair.
#[derive(Debug, PartialEq)]
enum Expected {
    Covered,
    Refused,
    Undecided,
}

fn verdict(old: &Value, new: &Value) -> Expected {
    let found = gaps(old, new);
    if found.is_empty() {
        Expected::Covered
    } else if found.iter().any(|gap| gap.certainty == Certainty::Refused) {
        Expected::Refused
    } else {
        Expected::Undecided
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn pairs_by_hand_are_decided_as_a_person_does() {
    use Expected::{Covered, Refused, Undecided};
    let list = json!({"$ref": "#/$defs/L", "$defs": {"L": {"type": "object", "properties": {"next": {"$ref": "#/$defs/L"}, "n": {"minimum": 1}}}}});
    let looser = json!({"$ref": "#/$defs/M", "$defs": {"M": {"type": "object", "properties": {"next": {"$ref": "#/$defs/M"}, "n": {"minimum": 0}}}}});
    let kind = |name: &str, more: Value| json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}, "more": more}});
    let (cat, dog) = (kind("cat", json!({"type": "integer"})), kind("dog", json!({"type": "string"})));
    let itself = json!({"$ref": "#/$defs/X", "$defs": {"X": {"anyOf": [{"$ref": "#/$defs/X"}]}}});
    let pairs = [
        (json!({"type": "integer"}), json!({"type": "number"}), Covered),
        (json!({"type": "number"}), json!({"type": "integer"}), Refused),
        (json!({"type": "integer", "exclusiveMinimum": 4}), json!({"type": "integer", "minimum": 5}), Covered),
        (json!({"type": "number", "exclusiveMinimum": 4}), json!({"minimum": 5}), Refused),
        (json!({"multipleOf": 6}), json!({"multipleOf": 3}), Covered),
        (json!({"enum": ["a", "b"]}), json!({"type": "string", "maxLength": 1}), Covered),
        (json!({"enum": ["a", "bb"]}), json!({"pattern": "^.$"}), Refused),
        (json!({"type": "boolean"}), json!({"enum": [true, false, null]}), Covered),
        (json!({"pattern": "^a"}), json!({"pattern": "^a|^b"}), Undecided),
        (
            json!({"allOf": [{"type": "object"}, {"required": ["a"]}]}),
            json!({"type": "object", "required": ["a"]}),
            Covered,
        ),
        (list.clone(), looser.clone(), Covered),
        (looser, list, Refused),
        (json!({"type": "string"}), itself, Undecided),
        (cat.clone(), json!({"oneOf": [cat, dog]}), Covered),
        (json!({"oneOf": [cat, dog]}), json!({"oneOf": [dog, cat]}), Covered),
        (json!({"oneOf": [cat, dog]}), json!({"oneOf": [dog]}), Refused),
        (json!({"type": ["string", "null"]}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), Covered),
        (json!({"minimum": 0, "maximum": 9}), json!({"anyOf": [{"maximum": 5}, {"minimum": 4}]}), Undecided),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            Covered,
        ),
        (json!({"type": "object"}), json!({"type": "object", "properties": {"a": {"type": "string"}}}), Undecided),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"properties": {"a": {"type": "string"}}}),
            Covered,
        ),
        (json!({"type": "array", "maxItems": 1}), json!({"uniqueItems": true}), Covered),
        (
            json!({"type": "array", "items": {"type": "integer"}}),
            json!({"prefixItems": [{"type": "number"}], "items": {"type": "integer"}}),
            Covered,
        ),
        (json!({"type": "string"}), json!({"not": {"type": "integer"}}), Covered),
        (json!({"type": "string"}), json!({"not": {"minLength": 3}}), Undecided),
        (
            json!({"required": ["a"], "type": "object"}),
            json!({"if": {"required": ["a"]}, "then": true, "else": {"required": ["b"]}}),
            Covered,
        ),
        (json!({"type": "string"}), json!({"format": "uuid"}), Undecided),
        (json!({"type": "object"}), json!({"unevaluatedProperties": false}), Undecided),
        (json!(false), json!({"type": "string"}), Covered),
        (json!(true), json!(false), Refused),
    ];
    for (old, new, expected) in pairs {
        assert_eq!(verdict(&old, &new), expected, "{old} against {new}: {:?}", gaps(&old, &new));
    }
}

#[test]
fn a_comparison_of_anything_ends() {
    // References that multiply, alternatives that multiply, and a schema that is nested deeply.
    let fan = |n: usize| -> Value {
        let branches: Vec<Value> =
            (0..n).map(|index| json!({"required": [format!("p{index}")], "minProperties": index % 3})).collect();
        json!({"type": "object", "allOf": [{"anyOf": branches}, {"oneOf": branches}, {"anyOf": branches}]})
    };
    assert!(!gaps(&fan(40), &fan(41)).is_empty());
    let deep = |bound: usize| {
        (0..200).fold(
            json!({"minimum": bound}),
            |inner, _| json!({"items": inner, "anyOf": [{"type": "array"}, {"type": "null"}]}),
        )
    };
    assert!(!gaps(&deep(1), &deep(2)).is_empty());
    let tangle = |bound: usize| {
        json!({"$ref": "#/$defs/A", "$defs": {
            "A": {"properties": {"a": {"$ref": "#/$defs/B"}, "b": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}}},
            "B": {"properties": {"a": {"$ref": "#/$defs/A"}, "b": {"oneOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}, {"minimum": bound}]}}},
        }})
    };
    assert!(!gaps(&tangle(1), &tangle(2)).is_empty());
}
