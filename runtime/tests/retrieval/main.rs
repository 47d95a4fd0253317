//! How often the right tool is found: public retrieval sets through the code that agents search with.
//!
//! The sets are not part of the project: without `CAP_SHARED` there is nothing to measure. Run with
//! `--nocapture` to see the figures; `cargo bench --bench search` shows more of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test that reports")]

mod sets;

use sets::{Figures, GATED, SHOWN, Set};

/// The least R@5 and nDCG@10 of each set: what was reached, less half a point.
const LEAST: [(f64, f64); 4] = [(0.782, 0.780), (0.726, 0.624), (0.636, 0.579), (0.947, 0.951)];
const LEAST_MEAN: (f64, f64) = (0.773, 0.733);

#[test]
fn the_right_tool_is_among_the_first() {
    let Some(folder) = sets::folder() else {
        println!("skipped: CAP_SHARED is not set");
        return;
    };
    let mut sum = Figures::default();
    for (set, least) in GATED.into_iter().zip(LEAST) {
        let (figures, _) = Set::read(&folder, set).measure();
        hold(set, figures, least);
        sum.add(&figures);
    }
    hold("the mean", sum.over(GATED.len()), LEAST_MEAN);
    for set in SHOWN {
        let (figures, _) = Set::read(&folder, set).measure();
        hold(set, figures, (0.0, 0.0));
    }
}

fn hold(what: &str, figures: Figures, (recall_at_5, ndcg_at_10): (f64, f64)) {
    println!("{what:<16} R@5 {:.4}  nDCG@10 {:.4}", figures.recall_at_5, figures.ndcg_at_10);
    assert!(figures.recall_at_5 >= recall_at_5, "{what}: R@5 is below {recall_at_5}");
    assert!(figures.ndcg_at_10 >= ndcg_at_10, "{what}: nDCG@10 is below {ndcg_at_10}");
}
