//! How well and how fast the gateway's search does on public retrieval sets, through the code that
//! answers agents. `CAP_SHARED` names the folder of the sets; they are not part of the project.
//!
//! Recall is the share of the tools that answer a query, of all that do; a tool that is not returned
//! counts as missed. The mean is that of the four larger sets. Memory is what the process holds more
//! after a set is loaded than before, its definitions included, read from `/proc`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench that cannot go on stops, and says what it saw"
)]

#[path = "../runtime/tests/retrieval/sets.rs"]
mod sets;

use std::path::Path;
use std::time::Duration;

use sets::{Figures, GATED, SHOWN, Set};

fn main() {
    let Some(folder) = sets::folder() else { return println!("skipped: CAP_SHARED is not set") };
    println!(
        "{:<16} {:>6} {:>6} {:>8} {:>6} {:>9} {:>9} {:>9}",
        "", "R@1", "R@5", "nDCG@10", "MRR", "p50 us", "p99 us", "MB"
    );
    let mut sum = Figures::default();
    for name in GATED {
        sum.add(&show(&folder, name));
    }
    print_figures("mean of the four", sum.over(GATED.len()));
    println!();
    for name in SHOWN {
        show(&folder, name);
    }
    println!();
    for copies in [1, 10] {
        show_size(&folder, copies);
    }
}

/// How long searches take among the tools of the four sets together, that many times.
fn show_size(folder: &Path, copies: usize) {
    let before = resident();
    let set = Set::read_all(folder, &GATED, copies);
    let memory = resident() - before;
    let name = format!("{} tools", set.snapshot.tools().len());
    let (_, mut times) = set.measure();
    times.sort_unstable();
    println!("{name:<46} {:>9} {:>9} {memory:>9.1}", micros(&times, 50), micros(&times, 99));
}

fn show(folder: &Path, name: &str) -> Figures {
    let before = resident();
    let set = Set::read(folder, name);
    let memory = resident() - before;
    let (figures, mut times) = set.measure();
    times.sort_unstable();
    print_figures(name, figures);
    println!(" {:>9} {:>9} {memory:>9.1}", micros(&times, 50), micros(&times, 99));
    figures
}

fn print_figures(name: &str, figures: Figures) {
    let Figures { recall_at_1, recall_at_5, ndcg_at_10, mrr } = figures;
    print!("{name:<16} {recall_at_1:>6.3} {recall_at_5:>6.3} {ndcg_at_10:>8.3} {mrr:>6.3}");
}

fn micros(times: &[Duration], percent: usize) -> u128 {
    times[(times.len() - 1) * percent / 100].as_micros()
}

/// In MB; nothing where there is no `/proc`.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}
