//! What is remembered of each api between calls, whatever its definitions come to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use url::{Position, Url};

use super::budget::Budget;
use super::circuit::Circuit;

/// Apis and servers that are well are forgotten when there are more than this.
const KEPT: usize = 1024;

/// What is remembered of all apis.
#[derive(Default)]
pub(crate) struct Apis {
    known: Mutex<BTreeMap<String, Known>>,
}

#[derive(Default)]
struct Known {
    budget: Arc<Budget>,
    /// By scheme, host and port.
    circuits: BTreeMap<String, Arc<Circuit>>,
}

/// What a call asks about its api.
pub(crate) struct ApiHealth {
    pub(crate) budget: Arc<Budget>,
    pub(crate) circuit: Arc<Circuit>,
}

impl Apis {
    /// Of an api and the server that `url` is of.
    pub(crate) fn of(&self, api: &str, url: &Url) -> ApiHealth {
        let origin = &url[..Position::BeforePath];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(api)
            && let Some(circuit) = found.circuits.get(origin)
        {
            return ApiHealth { budget: Arc::clone(&found.budget), circuit: Arc::clone(circuit) };
        }
        forget(&mut known);
        let entry = known.entry(api.to_owned()).or_default();
        let circuit = Arc::clone(entry.circuits.entry(origin.to_owned()).or_default());
        ApiHealth { budget: Arc::clone(&entry.budget), circuit }
    }
}

fn forget(known: &mut BTreeMap<String, Known>) {
    if known.values().map(|api| api.circuits.len()).sum::<usize>() < KEPT {
        return;
    }
    for api in known.values_mut() {
        api.circuits.retain(|_, circuit| Arc::strong_count(circuit) > 1 || !circuit.is_well());
    }
    known.retain(|_, api| !api.circuits.is_empty());
}
