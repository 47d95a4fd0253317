//! What all sessions of one process share: the lists, who listens to changes of them, and counts.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::ErrorData;
use rmcp::model::{JsonObject, Tool};
use rmcp::task_manager::TaskManager;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::{Value, json};

use crate::listeners::Listeners;
use crate::options::{Options, Revision};
use crate::tools;

/// The state of the process.
pub(crate) struct Shared {
    /// Tells processes apart.
    pub(crate) process: String,
    pub(crate) revision: Revision,
    pub(crate) instructions: Option<String>,
    pub(crate) listeners: Listeners,
    pub(crate) counts: Counts,
    pub(crate) tasks: TaskManager,
    /// The sessions of clients before 2026-07-28 over HTTP.
    pub(crate) sessions: Arc<LocalSessionManager>,
    tools: Mutex<BTreeMap<String, Tool>>,
    /// What clients carry between the rounds of a call, by what they carry for it.
    states: Mutex<BTreeMap<String, Value>>,
    page_size: usize,
}

/// What was seen since the process began.
#[derive(Default)]
pub(crate) struct Counts {
    /// Calls that were cancelled while they slept.
    pub(crate) cancelled: AtomicU64,
    /// Calls that sleep now.
    pub(crate) sleeping: AtomicU64,
    /// How often the prompts changed.
    pub(crate) prompts: AtomicU64,
    /// How often `changing_tool` changed.
    pub(crate) tools: AtomicU64,
}

impl Shared {
    pub(crate) fn new(options: &Options) -> Self {
        let generated = (1..=options.tools).map(tools::generated);
        let tools = tools::fixed().into_iter().chain(generated).map(|tool| (tool.name.to_string(), tool)).collect();
        Self {
            process: random_id(),
            revision: options.revision,
            instructions: options.instructions.clone(),
            listeners: Listeners::default(),
            counts: Counts::default(),
            tasks: TaskManager::new(),
            sessions: Arc::new(LocalSessionManager::default()),
            tools: Mutex::new(tools),
            states: Mutex::default(),
            page_size: options.page_size.unwrap_or(usize::MAX).max(1),
        }
    }

    pub(crate) fn tool(&self, name: &str) -> Option<Tool> {
        locked(&self.tools).get(name).cloned()
    }

    pub(crate) fn tools(&self) -> Vec<Tool> {
        locked(&self.tools).values().cloned().collect()
    }

    /// Adds a tool or puts it in the place of one of its name, and tells everyone.
    pub(crate) async fn put_tool(&self, tool: Tool) {
        locked(&self.tools).insert(tool.name.to_string(), tool);
        self.listeners.tools_changed().await;
    }

    /// Takes a tool away and tells everyone; false if there is none of this name.
    pub(crate) async fn remove_tool(&self, name: &str) -> bool {
        let removed = locked(&self.tools).remove(name).is_some();
        if removed {
            self.listeners.tools_changed().await;
        }
        removed
    }

    /// Keeps state, and gives what a client carries for it.
    pub(crate) fn keep_state(&self, state: Value) -> String {
        let ticket = random_id();
        locked(&self.states).insert(ticket.clone(), state);
        ticket
    }

    /// The state that a client carried, if it is one of ours; it may come again.
    pub(crate) fn state(&self, ticket: &str) -> Option<Value> {
        locked(&self.states).get(ticket).cloned()
    }

    /// One page of a list, and the cursor of the next.
    ///
    /// # Errors
    /// When the cursor is none of ours.
    pub(crate) fn page<T>(&self, all: Vec<T>, cursor: Option<String>) -> Result<(Vec<T>, Option<String>), ErrorData> {
        let bad = || ErrorData::invalid_params("the cursor is not one of this server", None);
        let from = cursor.map_or(Ok(0), |cursor| cursor.parse::<usize>().map_err(|_| bad()))?;
        if from > all.len() {
            return Err(bad());
        }
        let next = from.saturating_add(self.page_size);
        let next = (next < all.len()).then(|| next.to_string());
        Ok((all.into_iter().skip(from).take(self.page_size).collect(), next))
    }
}

impl Counts {
    /// Counts one more, and says the how manyth it was.
    pub(crate) fn add(count: &AtomicU64) -> u64 {
        count.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A JSON object of a literal one.
pub(crate) fn object(value: Value) -> JsonObject {
    let Value::Object(object) = value else { return object(json!({ "value": value })) };
    object
}

/// An identifier that no other process or session has.
pub(crate) fn random_id() -> String {
    // Each state is keyed by the operating system's randomness.
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A lock whose data is whole whatever happened to another holder.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the process as a crash does, with nothing written on the way out.
#[expect(clippy::disallowed_methods, clippy::exit, reason = "a crash is what is asked for")]
pub(crate) fn die() -> ! {
    std::process::exit(70)
}
