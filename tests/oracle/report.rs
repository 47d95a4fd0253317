//! The table, and the verdict: what must hold of all documents and cases together.

use std::collections::BTreeMap;

use crate::cases::Set;
use crate::run::{Outcome, Ran};

/// Of 1,000 cases of a set, how many must pass.
const LEAST: [(Set, usize); 2] = [(Set::Agreed, 995), (Set::Special, 970)];
/// Of 1,000 operations, how many may be left out.
const MOST_LEFT_OUT: usize = 5;

/// A line for each document, and one for all.
pub(crate) fn table(ran: &[Ran]) -> String {
    let mut lines = vec![format!(
        "{:<34} {:>10} {:>8} {:>11} {:>11} {:>7}",
        "document", "operations", "imported", "cases", "special", "seconds"
    )];
    let line = |name: &str, operations: usize, imported: usize, outcomes: &[&Outcome], seconds: f64| {
        let [cases, special] = [Set::Agreed, Set::Special].map(|set| {
            let (passed, all) = passed(outcomes, set);
            format!("{passed}/{all}")
        });
        format!("{name:<34} {operations:>10} {imported:>8} {cases:>11} {special:>11} {seconds:>7.2}")
    };
    for it in ran {
        let name = it.entry.file.split('/').next().unwrap_or_default();
        let outcomes: Vec<&Outcome> = it.outcomes.iter().collect();
        lines.push(line(name, it.entry.operations, it.imported, &outcomes, it.seconds));
    }
    let [operations, imported] = [operations(ran), ran.iter().map(|it| it.imported).sum()];
    lines.push(line("all", operations, imported, &outcomes(ran), ran.iter().map(|it| it.seconds).sum()));
    lines.join("\n")
}

/// What does not hold. `listed` are the cases that are known to differ.
pub(crate) fn faults(ran: &[Ran], listed: &BTreeMap<String, String>) -> Vec<String> {
    let mut faults: Vec<String> = Vec::new();
    for it in ran {
        faults.extend(it.faults.iter().map(|fault| format!("{}: {fault}", it.entry.file)));
    }
    let outcomes = outcomes(ran);
    for it in &outcomes {
        match (it.said(), listed.contains_key(&it.id)) {
            (said, false) if !said.is_empty() => faults.push(format!("{}: {said}", it.id)),
            (said, true) if said.is_empty() => {
                faults.push(format!("{} passes, and is listed among those that differ", it.id));
            }
            _ => {}
        }
    }
    for (set, least) in LEAST {
        let (passed, all) = passed(&outcomes, set);
        if passed * 1_000 < all * least {
            faults.push(format!("{passed} of {all} cases pass, of which {}.{} % must", least / 10, least % 10));
        }
    }
    let left_out = operations(ran).saturating_sub(ran.iter().map(|it| it.imported).sum());
    if left_out * 1_000 > operations(ran) * MOST_LEFT_OUT {
        faults.push(format!("{left_out} of {} operations are not imported", operations(ran)));
    }
    faults
}

/// Cases that are listed as different and do not exist.
pub(crate) fn unknown(ran: &[Ran], listed: &BTreeMap<String, String>) -> Vec<String> {
    let known: Vec<&str> = outcomes(ran).into_iter().map(|it| it.id.as_str()).collect();
    let unknown = listed.keys().filter(|id| !known.contains(&id.as_str()));
    unknown.map(|id| format!("{id} is listed among the cases that differ, and is none")).collect()
}

/// Reads the list of known differences: an id, a tab and the reason on each line, `#` comments.
pub(crate) fn listed(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "));
    let entry = |line: &str| line.split_once('\t').map(|(id, reason)| (id.to_owned(), reason.trim().to_owned()));
    lines.map(|line| entry(line).filter(|(_, reason)| !reason.is_empty()).expect("an id, a tab and a reason")).collect()
}

fn outcomes(ran: &[Ran]) -> Vec<&Outcome> {
    ran.iter().flat_map(|it| &it.outcomes).collect()
}

fn operations(ran: &[Ran]) -> usize {
    ran.iter().map(|it| it.entry.operations).sum()
}

fn passed(outcomes: &[&Outcome], set: Set) -> (usize, usize) {
    let of_set: Vec<&&Outcome> = outcomes.iter().filter(|it| it.set == set).collect();
    (of_set.iter().filter(|it| it.differences.is_empty()).count(), of_set.len())
}
