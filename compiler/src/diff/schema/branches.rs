//! `anyOf`, `oneOf`, `not` and `if` of the covering schema.

use super::cover::Cover;
use super::node::{Fact, Node, Values};
use super::types::Types;
use super::{Certainty, Gap, Rule};

impl Cover {
    pub(super) fn any_of<'a>(&mut self, sub: &Values<'a>, sup: Node<'a>) -> Vec<Gap> {
        let branches = self.possible(sub, sup.list("anyOf"));
        if let [only] = branches.as_slice() {
            return self.covers(sub, *only);
        }
        if branches.iter().any(|branch| self.covers(sub, *branch).is_empty()) {
            return Vec::new();
        }
        self.by_type(sub, &branches, |this, values, branch, _| this.covers(values, branch))
    }

    pub(super) fn one_of<'a>(&mut self, sub: &Values<'a>, sup: Node<'a>) -> Vec<Gap> {
        let branches = self.possible(sub, sup.list("oneOf"));
        if let [only] = branches.as_slice() {
            return self.covers(sub, *only);
        }
        let alone = |this: &mut Self, values: &Values<'a>, branch: Node<'a>, branches: &[Node<'a>]| {
            let gaps = this.covers(values, branch);
            // The same schema twice is two branches.
            let mut others = branches.to_vec();
            if let Some(at) = others.iter().position(|other| other.is_at(branch)) {
                others.remove(at);
            }
            if !gaps.is_empty() || others.into_iter().all(|other| this.is_nothing(&values.and(other), 0)) {
                return gaps;
            }
            vec![this.open_question(Rule::Alternatives, String::new(), "one alternative and no other".to_owned())]
        };
        if branches.iter().any(|branch| alone(self, sub, *branch, &branches).is_empty()) {
            return Vec::new();
        }
        self.by_type(sub, &branches, alone)
    }

    /// The branches that are not shown to accept nothing of the values.
    fn possible<'a>(&mut self, sub: &Values<'a>, branches: impl Iterator<Item = Node<'a>>) -> Vec<Node<'a>> {
        branches.filter(|branch| !self.is_nothing(&sub.and(*branch), 0)).collect()
    }

    /// Looks for a branch for each type of values by itself. Where only one comes into question, what stands
    /// in its way does; where none does, the values are refused; among several it is not decided.
    fn by_type<'a>(
        &mut self,
        sub: &Values<'a>,
        branches: &[Node<'a>],
        covers: impl Fn(&mut Self, &Values<'a>, Node<'a>, &[Node<'a>]) -> Vec<Gap>,
    ) -> Vec<Gap> {
        let found = sub.types();
        let mut gaps = Vec::new();
        let mut refused = Types::NONE;
        for one in Types::EACH.into_iter().filter(|one| found.has(*one)) {
            let values = sub.with(Fact::Has(one));
            let possible = self.possible(&values, branches.iter().copied());
            match possible.as_slice() {
                [] if self.is_nothing(&values, 0) => {}
                [] => refused = refused.or(one),
                [only] => gaps.extend(covers(self, &values, *only, branches)),
                several => gaps.extend(self.among(&values, several, branches, &covers)),
            }
        }
        if !refused.is_empty() {
            gaps.push(self.refused(Rule::Alternatives, refused.names(), "no alternative for it".to_owned()));
        }
        gaps.sort();
        gaps.dedup();
        gaps
    }

    fn among<'a>(
        &mut self,
        values: &Values<'a>,
        several: &[Node<'a>],
        branches: &[Node<'a>],
        covers: &impl Fn(&mut Self, &Values<'a>, Node<'a>, &[Node<'a>]) -> Vec<Gap>,
    ) -> Vec<Gap> {
        if several.iter().any(|branch| covers(self, values, *branch, branches).is_empty()) {
            return Vec::new();
        }
        let covering = format!("{} alternatives", several.len());
        vec![self.open_question(Rule::Alternatives, values.types().names(), covering)]
    }

    pub(super) fn not<'a>(&mut self, sub: &Values<'a>, of: Node<'a>) -> Vec<Gap> {
        if self.is_nothing(&sub.and(of), 0) {
            return Vec::new();
        }
        vec![self.open_question(Rule::Alternatives, String::new(), "not".to_owned())]
    }

    pub(super) fn condition<'a>(&mut self, sub: &Values<'a>, of: Node<'a>, sup: Node<'a>) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (branch, values) in [("then", sub.and(of)), ("else", sub.with(Fact::Not(of)))] {
            let Some(branch) = sup.get(branch) else { continue };
            if !self.is_nothing(&values, 0) {
                gaps.extend(self.covers(&values, branch));
            }
        }
        gaps.into_iter().map(|gap| Gap { certainty: Certainty::Undecided, ..gap }).collect()
    }
}
