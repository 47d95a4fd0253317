//! Which tool of one set is which of the other: by its name, or by the same request under another name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::tool::Tool;

/// A tool before and after.
pub(super) enum Pair<'t> {
    /// As it was.
    Same,
    /// Gone.
    Removed(&'t Tool<'t>),
    /// New.
    Added(&'t Tool<'t>),
    /// Of the same name.
    Kept(&'t Tool<'t>, &'t Tool<'t>),
    /// Of another name, with the same operation.
    Renamed(&'t Tool<'t>, &'t Tool<'t>),
}

/// All tools of both sets in pairs.
pub(super) fn pairs<'t>(old: &'t BTreeMap<String, Tool<'t>>, new: &'t BTreeMap<String, Tool<'t>>) -> Vec<Pair<'t>> {
    let mut pairs = Vec::new();
    let mut gone = Vec::new();
    for (name, tool) in old {
        match new.get(name) {
            Some(now) if tool.is_same(now) => pairs.push(Pair::Same),
            Some(now) => pairs.push(Pair::Kept(tool, now)),
            None => gone.push(tool),
        }
    }
    let come: Vec<&Tool<'_>> = new.iter().filter(|(name, _)| !old.contains_key(*name)).map(|(_, tool)| tool).collect();
    let renamed = renamed(&gone, &come);
    let taken: BTreeSet<usize> = renamed.values().copied().collect();
    for (index, tool) in gone.into_iter().enumerate() {
        let successor = renamed.get(&index).and_then(|at| come.get(*at).copied());
        pairs.push(successor.map_or(Pair::Removed(tool), |now| Pair::Renamed(tool, now)));
    }
    let added = come.into_iter().enumerate().filter(|(index, _)| !taken.contains(index));
    pairs.extend(added.map(|(_, tool)| Pair::Added(tool)));
    pairs
}

/// Tools that are gone, with the only new one that has the same operation: at the same server, or else of the
/// same api, wherever that is reached now.
fn renamed(gone: &[&Tool<'_>], come: &[&Tool<'_>]) -> BTreeMap<usize, usize> {
    let mut found = BTreeMap::new();
    for operation in [Tool::operation, Tool::operation_of_api] {
        let taken: BTreeSet<usize> = found.values().copied().collect();
        let mut by_operation: HashMap<String, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (index, tool) in gone.iter().enumerate().filter(|(index, _)| !found.contains_key(index)) {
            by_operation.entry(operation(tool)).or_default().0.push(index);
        }
        for (index, tool) in come.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
            by_operation.entry(operation(tool)).or_default().1.push(index);
        }
        let pairs =
            by_operation.into_values().filter_map(|(before, after)| match (before.as_slice(), after.as_slice()) {
                ([one], [another]) => Some((*one, *another)),
                _ => None,
            });
        found.extend(pairs);
    }
    found
}
