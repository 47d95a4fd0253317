//! How many tries more than calls an api gets, so that an outage is not answered with a multiple of
//! the usual load.

use std::sync::atomic::{AtomicI64, Ordering};

/// A call earns a fifth of a further try.
const EARNED: i64 = 200;
/// What a further try costs.
const COST: i64 = 1_000;
/// Ten further tries may be saved up, so that where little is called everything is tried again.
const MOST: i64 = 10 * COST;

/// The further tries that an api has left.
pub(crate) struct Budget {
    left: AtomicI64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: AtomicI64::new(MOST) }
    }
}

impl Budget {
    /// A call begins.
    pub(crate) fn earn(&self) {
        // Two calls at once may save up a little too much, which the next one ends.
        if self.left.load(Ordering::Relaxed) < MOST {
            self.left.fetch_add(EARNED, Ordering::Relaxed);
        }
    }

    /// Takes a further try, if there is one.
    pub(crate) fn spend(&self) -> bool {
        let less = |left: i64| (left >= COST).then_some(left - COST);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn tries_are_a_fifth_more_than_calls() {
        let budget = Budget::default();
        let mut further = 0;
        for _ in 0..1_000 {
            budget.earn();
            while budget.spend() {
                further += 1;
            }
        }
        // Ten were saved up.
        assert!((200..=211).contains(&further), "{further}");
    }
}
