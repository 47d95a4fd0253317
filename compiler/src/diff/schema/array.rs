//! Lists.

use serde_json::Value;

use super::cover::Cover;
use super::facts::Side;
use super::node::{Node, Values};
use super::types::Types;
use super::{Gap, Rule, Step};

impl Cover {
    pub(super) fn items<'a>(&mut self, sub: &Values<'a>, of: Node<'a>, sup: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::ARRAY) {
            return Vec::new();
        }
        if !(of.value.is_object() || of.value.is_boolean()) {
            return vec![self.undecided("", "a list under `items`")];
        }
        let own = sup.list("prefixItems").count();
        let positions = sub.nodes().map(|node| node.list("prefixItems").count()).max().unwrap_or_default();
        let mut gaps = Vec::new();
        for index in own..positions {
            gaps.extend(self.item(sub, index, of));
        }
        let rest = own.max(positions);
        if sub.may_have_item(rest) {
            let of_rest = sub.items_at(rest);
            gaps.extend(self.below(Step::Items, |this| this.covers(&of_rest, of)));
        }
        gaps
    }

    pub(super) fn prefix_items<'a>(&mut self, sub: &Values<'a>, sup: Node<'a>) -> Vec<Gap> {
        if !sub.types().has(Types::ARRAY) {
            return Vec::new();
        }
        sup.list("prefixItems").enumerate().flat_map(|(index, part)| self.item(sub, index, part)).collect()
    }

    fn item<'a>(&mut self, sub: &Values<'a>, index: usize, of: Node<'a>) -> Vec<Gap> {
        if !sub.may_have_item(index) {
            return Vec::new();
        }
        let item = sub.items_at(index);
        self.below(Step::Item(index), |this| this.covers(&item, of))
    }

    pub(super) fn unique_items(&self, sub: &Values<'_>, of: Node<'_>) -> Vec<Gap> {
        let unique = |node: Node<'_>| node.value == &Value::Bool(true);
        let one_at_most = sub.count("maxItems", Side::Upper).is_some_and(|most| most <= 1);
        if !sub.types().has(Types::ARRAY) || !unique(of) || one_at_most || sub.keyword("uniqueItems").any(unique) {
            return Vec::new();
        }
        vec![self.refused(Rule::Bound, "no uniqueItems".to_owned(), "uniqueItems".to_owned())]
    }
}

impl<'a> Values<'a> {
    /// What is known of the item at a position.
    pub(super) fn items_at(&self, index: usize) -> Self {
        Self::of(self.nodes().filter_map(|node| {
            let listed = node.list("prefixItems").nth(index);
            listed.or_else(|| node.get("items"))
        }))
    }

    /// Whether a list among them may have an item at a position.
    fn may_have_item(&self, index: usize) -> bool {
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        self.count("maxItems", Side::Upper).is_none_or(|most| index < most)
    }
}
