//! What reading a document had to say: one diagnostic for each fault, however often it stands there.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};

/// Diagnostics in the order in which they came; repeated ones are counted at their first place.
#[derive(Debug, Default)]
pub struct Report {
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    diagnostics: Vec<Diagnostic>,
    /// Where the first diagnostic of a group stands in the list.
    groups: BTreeMap<(Code, String), usize>,
}

impl Report {
    /// Says something about one place that no other place shares.
    pub fn say(&self, diagnostic: Diagnostic) {
        self.state.borrow_mut().diagnostics.push(diagnostic);
    }

    /// Says something that may be true of many places: the first is shown, the rest are counted.
    /// Diagnostics with the same code and `group` are the same.
    pub fn count(&self, group: &str, diagnostic: impl FnOnce() -> Diagnostic, code: Code) {
        let mut state = self.state.borrow_mut();
        let key = (code, group.to_owned());
        if let Some(&index) = state.groups.get(&key) {
            if let Some(first) = state.diagnostics.get_mut(index) {
                first.repeated += 1;
            }
            return;
        }
        let index = state.diagnostics.len();
        state.groups.insert(key, index);
        state.diagnostics.push(diagnostic());
    }

    /// Everything that was said.
    #[must_use]
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.state.into_inner().diagnostics
    }
}
