//! A capability that is ready to be called: what can be compiled once, is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, RwLock};

use cap_compiler::capability::{Capability, Computed};

use super::arguments::Checker;
use super::outcome::{Filter, OutputChecker};
use super::plan::CompiledExpression;

/// A capability, its checkers and its expressions. They are compiled at the first call, so
/// that loading thousands of capabilities stays cheap.
pub struct Prepared {
    capability: Arc<Capability>,
    checker: OnceLock<Checker>,
    output: OnceLock<Option<OutputChecker>>,
    filter: OnceLock<Option<Filter>>,
    expressions: RwLock<BTreeMap<String, Arc<CompiledExpression>>>,
}

impl Prepared {
    /// Wraps a capability; nothing is compiled yet.
    #[must_use]
    pub fn new(capability: Arc<Capability>) -> Self {
        Self {
            capability,
            checker: OnceLock::new(),
            output: OnceLock::new(),
            filter: OnceLock::new(),
            expressions: RwLock::new(BTreeMap::new()),
        }
    }

    /// The capability.
    #[must_use]
    pub fn capability(&self) -> &Capability {
        &self.capability
    }

    pub(super) fn checker(&self) -> &Checker {
        self.checker.get_or_init(|| Checker::new(self.capability.input.read()))
    }

    /// What answers are held against, where the definition says what they are.
    pub(super) fn output_checker(&self) -> Option<&OutputChecker> {
        self.output
            .get_or_init(|| self.capability.output.as_ref().map(|schema| OutputChecker::new(&schema.read())))
            .as_ref()
    }

    /// The filter that answers go through.
    pub(super) fn filter(&self) -> Option<&Filter> {
        self.filter.get_or_init(|| self.capability.answer.select.as_deref().map(Filter::new)).as_ref()
    }

    /// An expression of this capability. A poisoned lock only costs a second compilation.
    pub(super) fn expression(&self, computed: &Computed) -> Arc<CompiledExpression> {
        if let Some(known) = self.expressions.read().ok().and_then(|known| known.get(&computed.source).cloned()) {
            return known;
        }
        let compiled = Arc::new(CompiledExpression::new(&computed.source));
        if let Ok(mut known) = self.expressions.write() {
            known.insert(computed.source.clone(), Arc::clone(&compiled));
        }
        compiled
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.capability.tool).finish()
    }
}
