//! Objects: members that are described, others, and those that must be there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::accepts::{is_described, matches};
use super::cover::Cover;
use super::node::{Fact, Node, Values};
use super::types::Types;
use super::{Certainty, Gap, Rule, Step, shown};

impl Cover {
    pub(super) fn properties<'a>(&mut self, sub: &Values<'a>, of: Node<'a>, _sup: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let mut gaps = Vec::new();
        for (name, schema) in of.value.as_object().into_iter().flatten() {
            gaps.extend(self.member(sub, name, of.child(schema)));
        }
        gaps
    }

    /// One member that the covering schema describes.
    fn member<'a>(&mut self, sub: &Values<'a>, name: &str, of: Node<'a>) -> Vec<Gap> {
        let member = sub.member(name);
        let described = sub.describes(name);
        self.begin_member();
        self.below(Step::Member(name.to_owned()), |this| {
            let gaps = this.covers(&member, of);
            if described || gaps.is_empty() {
                return gaps;
            }
            // Nobody was told of the member; whoever sends it nevertheless may be refused.
            let covering = of.get("type").map_or_else(|| "described".to_owned(), |it| shown(it.value));
            vec![this.open_question(Rule::Described, "not described".to_owned(), covering)]
        })
    }

    pub(super) fn pattern_properties<'a>(&mut self, sub: &Values<'a>, of: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let mut gaps = Vec::new();
        for (pattern, schema) in of.value.as_object().into_iter().flatten() {
            let schema = of.child(schema);
            for name in sub.names() {
                if matches(pattern, name) != Some(false) {
                    let member = sub.member(name);
                    gaps.extend(self.below(Step::Member(name.to_owned()), |this| this.covers(&member, schema)));
                }
            }
            // Of any other name it is not known which patterns it has.
            let same: Vec<Node<'a>> = sub.nodes().filter_map(|node| node.named("patternProperties", pattern)).collect();
            let others = if same.is_empty() { sub.others() } else { Values::of(same) };
            let found = self.below(Step::Others, |this| this.covers(&others, schema));
            gaps.extend(found.into_iter().map(|gap| Gap { certainty: Certainty::Undecided, ..gap }));
        }
        gaps
    }

    pub(super) fn additional_properties<'a>(&mut self, sub: &Values<'a>, of: Node<'a>, sup: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let mut gaps = Vec::new();
        for name in sub.names() {
            match is_described(sup, name) {
                Some(true) => {}
                found => gaps.extend(self.undescribed(sub, name, of, found)),
            }
        }
        let patterns = sup.get("patternProperties").and_then(|it| it.value.as_object());
        for (pattern, schema) in sub.pattern_schemas() {
            if !patterns.is_some_and(|own| own.contains_key(pattern)) {
                let of_pattern = Values::of([schema]);
                let found = self.below(Step::Others, |this| this.covers(&of_pattern, of));
                gaps.extend(found.into_iter().map(|gap| Gap { certainty: Certainty::Undecided, ..gap }));
            }
        }
        let others = sub.others();
        let found = self.below(Step::Others, |this| this.covers(&others, of));
        gaps.extend(found.into_iter().map(|gap| Gap { rule: Rule::Others, ..gap }));
        gaps
    }

    /// A member that only the covered values describe.
    fn undescribed<'a>(&mut self, sub: &Values<'a>, name: &str, of: Node<'a>, described: Option<bool>) -> Vec<Gap> {
        let member = sub.member(name);
        let is_refused = of.value == &Value::Bool(false);
        self.below(Step::Member(name.to_owned()), |this| {
            let gaps = this.covers(&member, of);
            if gaps.is_empty() {
                return gaps;
            }
            match (described, is_refused) {
                (None, _) => vec![this.undecided("", "a pattern of names")],
                (_, true) => vec![this.refused(Rule::Member, member.types().names(), "not allowed".to_owned())],
                (_, false) => gaps,
            }
        })
    }

    pub(super) fn required(&mut self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let names = of.value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<&str> = names.filter(|name| !sub.requires(name)).collect();
        let gap = |name: &str, this: &mut Self| {
            let named = sub.nodes().any(|node| is_described(node, name) == Some(true));
            let covered = if named { "optional" } else { "not described" };
            this.below(Step::Member(name.to_owned()), |this| {
                this.refused(Rule::Required, covered.to_owned(), "required".to_owned())
            })
        };
        missing.into_iter().map(|name| gap(name, self)).collect()
    }

    pub(super) fn dependent_required(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        let covered = |name: &str, needs: &Value| {
            let needs = needs.as_array().into_iter().flatten().filter_map(Value::as_str);
            let said = |need: &str| {
                let lists = sub.keyword("dependentRequired").filter_map(|it| it.value.get(name)?.as_array());
                lists.flatten().any(|it| it == need)
            };
            sub.member(name).types().is_empty() || needs.into_iter().all(|need| sub.requires(need) || said(need))
        };
        let all = of.value.as_object().is_some_and(|map| map.iter().all(|(name, needs)| covered(name, needs)));
        if !sub.types().has(Types::OBJECT) || all {
            return Vec::new();
        }
        vec![self.open_question(Rule::Required, String::new(), format!("dependentRequired {}", shown(of.value)))]
    }

    pub(super) fn property_names<'a>(&mut self, sub: &Values<'a>, of: Node<'a>) -> Vec<Gap> {
        let known: Vec<Node<'a>> = sub.keyword("propertyNames").collect();
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let names = Values::of(known).with(Fact::Has(Types::STRING));
        let closed = sub.others().types().is_empty() && sub.pattern_schemas().next().is_none();
        let each = |name: &str| super::accepts::accepts(&Value::String(name.to_owned()), of, 0) == Some(true);
        if (closed && sub.names().into_iter().all(each)) || self.covers(&names, of).is_empty() {
            return Vec::new();
        }
        vec![self.undecided("", "propertyNames")]
    }

    pub(super) fn dependent_schemas<'a>(&mut self, sub: &Values<'a>, of: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::OBJECT) {
            return Vec::new();
        }
        let covered =
            of.value.as_object().into_iter().flatten().all(|(name, schema)| {
                sub.member(name).types().is_empty() || self.covers(sub, of.child(schema)).is_empty()
            });
        if covered { Vec::new() } else { vec![self.undecided("", "dependentSchemas")] }
    }
}

impl<'a> Values<'a> {
    /// What is known of a member.
    pub(super) fn member(&self, name: &str) -> Self {
        Self::of(self.nodes().flat_map(|node| of_member(node, name)))
    }

    /// What is known of members that nothing describes.
    pub(super) fn others(&self) -> Self {
        Self::of(self.keyword("additionalProperties"))
    }

    /// Whether a schema among them describes a member.
    fn describes(&self, name: &str) -> bool {
        self.nodes().any(|node| is_described(node, name) == Some(true))
            || self.others().types().is_empty()
            || self.keyword("additionalProperties").any(|it| it.value.as_object().is_some_and(|map| !map.is_empty()))
    }

    /// The names of all members that are described by name.
    pub(super) fn names(&self) -> BTreeSet<&'a str> {
        let described = self.keyword("properties").filter_map(|it| it.value.as_object());
        described.flat_map(|map| map.keys().map(String::as_str)).collect()
    }

    fn pattern_schemas(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.keyword("patternProperties").flat_map(|node| {
            let map = node.value.as_object().into_iter().flatten();
            map.map(move |(pattern, schema)| (pattern.as_str(), node.child(schema)))
        })
    }
}

/// What one schema says of a member, where that is certain.
fn of_member<'a>(node: Node<'a>, name: &str) -> Vec<Node<'a>> {
    let mut said: Vec<Node<'a>> = node.named("properties", name).into_iter().collect();
    let patterns = node.get("patternProperties");
    for (pattern, schema) in patterns.and_then(|it| it.value.as_object()).into_iter().flatten() {
        if let (Some(true), Some(patterns)) = (matches(pattern, name), patterns) {
            said.push(patterns.child(schema));
        }
    }
    if is_described(node, name) == Some(false) {
        said.extend(node.get("additionalProperties"));
    }
    said
}
