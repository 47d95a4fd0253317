//! The comparison itself: a schema covers values if each of its keywords does.
//!
//! Of the values, what several schemas say is known together; of the covering schema, each keyword is looked
//! at alone. What is not understood of the values makes them more than they are, so that a proof stays one.

use std::collections::HashMap;
use std::ptr;

use serde_json::Value;

use super::accepts::{accepts, equal};
use super::facts::Side;
use super::node::{Fact, Node, Values, moves_references};
use super::same::{is_word, same};
use super::types::Types;
use super::{Certainty, Gap, Rule, Step, shown};

/// A comparison under way.
#[derive(Default)]
pub(super) struct Cover {
    pub(super) path: Vec<Step>,
    /// References that are being followed, with the values and the depth at which they were met.
    open: Vec<(Vec<*const Value>, *const Value, usize)>,
    /// Schemas that were found to say the same, or not to.
    same: HashMap<(*const Value, *const Value), bool>,
    steps: usize,
    steps_of_member: usize,
}

/// What stands in the way of `covering` accepting all that `covered` accepts.
pub(super) fn all(covered: &Value, covering: &Value) -> Vec<Gap> {
    let (sub, sup) = (Node::of(covered), Node::of(covering));
    if same(sub, sup) {
        return Vec::new();
    }
    let mut cover = Cover::default();
    if moves_references(covered, 0) || moves_references(covering, 0) {
        return vec![cover.undecided("an inner `$id`", "an inner `$id`")];
    }
    cover.covers(&Values::of([sub]), sup)
}

impl Cover {
    /// What stands in the way of `sup` accepting all of `sub`.
    pub(super) fn covers<'a>(&mut self, sub: &Values<'a>, sup: Node<'a>) -> Vec<Gap> {
        if sub.nodes().any(|known| self.are_same(known, sup)) {
            return Vec::new();
        }
        self.steps += 1;
        self.steps_of_member += 1;
        let is_long = self.steps > MOST_STEPS || self.steps_of_member > MOST_STEPS_OF_MEMBER;
        if is_long || self.path.len() > DEEPEST || self.open.len() > DEEPEST {
            return vec![self.undecided("more than is compared", "more than is compared")];
        }
        let map = match sup.value {
            Value::Bool(true) => return Vec::new(),
            Value::Object(map) => map,
            Value::Bool(false) if self.is_nothing(sub, 0) => return Vec::new(),
            Value::Null | Value::Bool(false) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                return vec![self.refused(Rule::Other, sub.types().names(), "nothing".to_owned())];
            }
        };
        if let Some(gaps) = self.one_by_one(sub, sup) {
            return gaps;
        }
        // Whatever covers all cases at once covers each of them, and of one case more is known.
        let has_alternatives = map.contains_key("anyOf") || map.contains_key("oneOf");
        if let Some(cases) = sub.cases().filter(|_| has_alternatives) {
            return self.each_case(&cases, sup);
        }
        let mut gaps = Vec::new();
        for (key, value) in map.iter().filter(|(key, _)| !is_word(key)) {
            gaps.extend(self.keyword(sub, key, sup.child(value), sup));
            if gaps.len() > MOST_GAPS {
                break;
            }
        }
        if gaps.is_empty() || self.is_nothing(sub, 0) {
            return Vec::new();
        }
        self.case_by_case(sub, sup).unwrap_or(gaps)
    }

    /// Each value that is listed, by itself; `None` where that decides nothing.
    fn one_by_one<'a>(&self, sub: &Values<'a>, sup: Node<'a>) -> Option<Vec<Gap>> {
        let listed = sub.listed()?;
        let judged: Vec<Option<bool>> = listed.iter().map(|value| accepts(value, sup, 0)).collect();
        let refused: Vec<String> =
            listed.iter().zip(&judged).filter(|(_, it)| **it == Some(false)).map(|(value, _)| shown(value)).collect();
        if !refused.is_empty() {
            let allowed = sup.get("enum").map_or_else(|| "not accepted".to_owned(), |it| shown(it.value));
            return Some(vec![self.refused(Rule::Enum, refused.join(", "), allowed)]);
        }
        judged.iter().all(|it| *it == Some(true)).then(Vec::new)
    }

    /// Each of the cases that an alternative among the values makes, by itself; then each of few values.
    fn case_by_case<'a>(&mut self, sub: &Values<'a>, sup: Node<'a>) -> Option<Vec<Gap>> {
        if let Some(cases) = sub.cases() {
            return Some(self.each_case(&cases, sup));
        }
        let few = sub.few()?;
        few.iter().all(|value| accepts(value, sup, 0) == Some(true)).then(Vec::new)
    }

    fn each_case<'a>(&mut self, cases: &[Values<'a>], sup: Node<'a>) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for case in cases {
            gaps.extend(self.covers(case, sup));
            if gaps.len() > MOST_GAPS {
                break;
            }
        }
        gaps.sort();
        gaps.dedup();
        gaps
    }

    fn are_same(&mut self, one: Node<'_>, another: Node<'_>) -> bool {
        let pair = (ptr::from_ref(one.value), ptr::from_ref(another.value));
        *self.same.entry(pair).or_insert_with(|| same(one, another))
    }

    /// A member of the whole value has as many steps as any other: one that is large leaves the others decided.
    pub(super) fn begin_member(&mut self) {
        if self.path.len() <= 1 {
            self.steps_of_member = 0;
        }
    }

    fn keyword<'a>(&mut self, sub: &Values<'a>, key: &str, of: Node<'a>, sup: Node<'a>) -> Vec<Gap> {
        match key {
            "$ref" => self.reference(sub, of),
            "type" => self.types(sub, of),
            "enum" | "const" => self.listed(sub, key, of),
            "allOf" => sup.list("allOf").flat_map(|part| self.covers(sub, part)).collect(),
            "anyOf" => self.any_of(sub, sup),
            "oneOf" => self.one_of(sub, sup),
            "not" => self.not(sub, of),
            "if" => self.condition(sub, of, sup),
            "then" | "else" | "minContains" | "maxContains" => Vec::new(),
            "minimum" | "exclusiveMinimum" => self.end(sub, key, of, Side::Lower),
            "maximum" | "exclusiveMaximum" => self.end(sub, key, of, Side::Upper),
            "multipleOf" => self.multiple_of(sub, of),
            "minLength" => self.count(sub, key, of, Side::Lower, Types::STRING),
            "maxLength" => self.count(sub, key, of, Side::Upper, Types::STRING),
            "minItems" => self.count(sub, key, of, Side::Lower, Types::ARRAY),
            "maxItems" => self.count(sub, key, of, Side::Upper, Types::ARRAY),
            "minProperties" => self.count(sub, key, of, Side::Lower, Types::OBJECT),
            "maxProperties" => self.count(sub, key, of, Side::Upper, Types::OBJECT),
            "pattern" => self.pattern(sub, of),
            "format" => self.format(sub, of),
            "items" => self.items(sub, of, sup),
            "prefixItems" => self.prefix_items(sub, sup),
            "uniqueItems" => self.unique_items(sub, of),
            "properties" => self.properties(sub, of, sup),
            "patternProperties" => self.pattern_properties(sub, of),
            "additionalProperties" => self.additional_properties(sub, of, sup),
            "required" => self.required(sub, of),
            "dependentRequired" => self.dependent_required(sub, of),
            "contains" => self.only_for(sub, Types::ARRAY, key),
            "propertyNames" => self.property_names(sub, of),
            "dependentSchemas" => self.dependent_schemas(sub, of),
            "unevaluatedItems" => self.only_for(sub, Types::ARRAY, key),
            "unevaluatedProperties" => self.only_for(sub, Types::OBJECT, key),
            "$dynamicRef" | "$recursiveRef" => vec![self.undecided("", key)],
            // Anything else is an annotation.
            _ => Vec::new(),
        }
    }

    /// A keyword that is not compared matters to values of some types only.
    fn only_for(&self, sub: &Values<'_>, types: Types, key: &str) -> Vec<Gap> {
        if sub.types().has(types) { vec![self.undecided("", key)] } else { Vec::new() }
    }

    fn reference<'a>(&mut self, sub: &Values<'a>, of: Node<'a>) -> Vec<Gap> {
        let Some(target) = of.value.as_str().and_then(|text| of.follow(text)) else {
            return vec![self.undecided("", "a reference that is not followed")];
        };
        let values: Vec<*const Value> = sub.nodes().map(|node| ptr::from_ref(node.value)).collect();
        let goal = ptr::from_ref(target.value);
        if let Some((.., depth)) = self.open.iter().find(|(known, to, _)| *to == goal && *known == values) {
            // Deeper in the value, the question is the same as before: nothing that was refused leads here. At
            // the same place the reference leads to itself and means nothing.
            let deeper = *depth < self.path.len();
            return if deeper { Vec::new() } else { vec![self.undecided("", "a reference to itself")] };
        }
        self.open.push((values, goal, self.path.len()));
        let gaps = self.covers(sub, target);
        self.open.pop();
        gaps
    }

    fn types(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        let Some(allowed) = Types::of_keyword(of.value) else {
            return vec![self.undecided("", "a type that does not exist")];
        };
        let found = sub.types();
        if found.is_within(allowed) {
            return Vec::new();
        }
        vec![self.refused(Rule::Type, found.names(), allowed.names())]
    }

    fn listed(&self, sub: &Values<'_>, key: &str, of: Node<'_>) -> Vec<Gap> {
        let constant = std::slice::from_ref(of.value);
        let allowed = if key == "const" { Some(constant) } else { of.value.as_array().map(Vec::as_slice) };
        let Some(allowed) = allowed else { return vec![self.undecided("", key)] };
        if let Some(few) = sub.few() {
            let refused: Vec<&Value> = few.iter().filter(|it| !allowed.iter().any(|one| equal(one, it))).collect();
            if refused.is_empty() {
                return Vec::new();
            }
        }
        vec![self.refused(Rule::Enum, format!("any {}", sub.types().names()), shown(of.value))]
    }

    pub(super) fn refused(&self, rule: Rule, covered: String, covering: String) -> Gap {
        Gap { path: self.path.clone(), rule, covered, covering, certainty: Certainty::Refused }
    }

    pub(super) fn open_question(&self, rule: Rule, covered: String, covering: String) -> Gap {
        Gap { path: self.path.clone(), rule, covered, covering, certainty: Certainty::Undecided }
    }

    pub(super) fn undecided(&self, covered: &str, covering: &str) -> Gap {
        self.open_question(Rule::Other, covered.to_owned(), covering.to_owned())
    }

    /// Goes on one step deeper in the value.
    pub(super) fn below<T>(&mut self, step: Step, then: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = then(self);
        self.path.pop();
        result
    }
}

impl<'a> Values<'a> {
    /// The cases of the first alternative of which none was taken yet.
    fn cases(&self) -> Option<Vec<Self>> {
        for node in self.nodes() {
            for key in ["oneOf", "anyOf", "if"] {
                let Some(of) = node.get(key) else { continue };
                if self.taken.contains(&ptr::from_ref(of.value)) {
                    continue;
                }
                let mut values = self.clone();
                values.taken.push(ptr::from_ref(of.value));
                return Some(match key {
                    "if" => values.conditional(of, node),
                    "oneOf" => values.exclusive(&node.list(key).collect::<Vec<_>>()),
                    _ => node.list(key).map(|branch| values.and(branch)).collect(),
                });
            }
        }
        None
    }

    fn conditional(&self, condition: Node<'a>, node: Node<'a>) -> Vec<Self> {
        let with = |values: Self, branch: &str| match node.get(branch) {
            Some(branch) => values.and(branch),
            None => values,
        };
        vec![with(self.and(condition), "then"), with(self.with(Fact::Not(condition)), "else")]
    }

    /// What one branch accepts, and no other one.
    fn exclusive(&self, branches: &[Node<'a>]) -> Vec<Self> {
        let of = |index: usize, branch: Node<'a>| {
            let others = branches.iter().enumerate().filter(|(other, _)| *other != index);
            others.fold(self.and(branch), |values, (_, other)| values.with(Fact::Not(*other)))
        };
        branches.iter().enumerate().map(|(index, branch)| of(index, *branch)).collect()
    }
}

const MOST_STEPS: usize = 200_000;
const MOST_STEPS_OF_MEMBER: usize = 20_000;
const MOST_GAPS: usize = 40;
const DEEPEST: usize = 40;
