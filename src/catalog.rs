//! The tools of a workspace for commands that look at one or call it: the same snapshot and the
//! same view that the gateway serves.

use std::sync::Arc;

use cap_runtime::execute::Prepared;
use cap_runtime::load::Loaded;
use cap_runtime::registry::{Caller, Lookup, RegisteredTool, Snapshot, View};
use cap_runtime::reload::contents;
use cap_runtime::upstream::offline;

use crate::exit::Exit;
use crate::output::Output;

/// Builds the snapshot that the gateway would serve; of upstreams, which are not connected to, what was approved.
///
/// # Errors
/// When the search index cannot be built; what is wrong has been said.
pub(crate) fn snapshot(loaded: &Loaded, output: &Output) -> Result<Snapshot, Exit> {
    let mut contents = contents(loaded, Vec::new(), &[], None);
    for upstream in &loaded.upstreams {
        let catalog = offline(upstream, loaded.policy);
        contents.servers.push(Arc::clone(&upstream.upstream.server));
        contents.quarantined.extend(catalog.quarantined);
        contents.tools.extend(catalog.tools.into_iter().map(|tool| RegisteredTool {
            prepared: Arc::new(Prepared::new(tool.capability)),
            pin: tool.pin,
            files: tool.files,
        }));
    }
    Snapshot::build(1, contents).map_err(|error| {
        output.error(&format!("the search index cannot be built: {error}"), None);
        Exit::Environment
    })
}

/// What the person who runs the command may see.
#[must_use]
pub(crate) fn view(snapshot: &Snapshot) -> View<'_> {
    View::of(snapshot, Caller::default())
}

/// The tool of that name.
///
/// # Errors
/// When there is none or it is quarantined; what to do has been said.
pub(crate) fn find<'a>(snapshot: &'a Snapshot, name: &str, output: &Output) -> Result<&'a RegisteredTool, Exit> {
    match view(snapshot).tool(name) {
        Lookup::Found(tool) => Ok(tool),
        Lookup::Quarantined(held) => {
            for problem in &held.problems {
                output.error(&problem.diagnostic().message, problem.diagnostic().help.as_deref());
            }
            output.error(&format!("`{name}` is quarantined"), None);
            Err(Exit::Failure)
        }
        Lookup::Unknown { nearest } => {
            let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
            let help = if names.is_empty() {
                "`cap list` shows the tools".to_owned()
            } else {
                format!("did you mean {}?", names.join(" or "))
            };
            output.error(&format!("there is no tool `{name}`"), Some(&help));
            Err(Exit::Failure)
        }
    }
}
