//! What changes in a text, as a unified diff.

use std::time::Duration;

use similar::TextDiff;

/// Lines shown round a change.
const CONTEXT: usize = 3;

/// How long it is looked for what two texts have in common; after that, more is shown as changed than is.
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// A unified diff; empty if there is no difference.
pub(super) fn diff(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::configure().timeout(LONGEST_LOOK).diff_lines(old, new);
    diff.unified_diff().context_radius(CONTEXT).header(name, name).to_string()
}
