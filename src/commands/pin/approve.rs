//! `cap pin UPSTREAM`: asks an upstream for its tools, shows what is another than was approved, and writes
//! them down for a person to review.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cap_compiler::pin::{ApprovedTools, differences, shown_text};
use cap_compiler::source::SourceId;
use cap_runtime::disk::DiskLoader;
use cap_runtime::load::{Loaded, LoadedUpstream};
use cap_runtime::upstream::{ConnectFault, ask_tools};

use crate::args::PinArgs;
use crate::commands::call::executor;
use crate::disk::write_atomic;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::secrets;
use crate::workspace::Workspace;

/// Which arguments are names of upstreams, and which are paths. What is a path is never a name.
pub(super) fn named(arguments: &[PathBuf], loaded: &Loaded) -> (Vec<Arc<LoadedUpstream>>, Vec<PathBuf>) {
    let (mut upstreams, mut paths) = (Vec::new(), Vec::new());
    for argument in arguments {
        let known = |upstream: &&Arc<LoadedUpstream>| Path::new(upstream.upstream.name().as_str()) == argument;
        match loaded.upstreams.iter().find(known).filter(|_| !argument.exists()) {
            Some(upstream) => upstreams.push(Arc::clone(upstream)),
            None => paths.push(argument.clone()),
        }
    }
    (upstreams, paths)
}

/// The files of an upstream, as arguments of `cap pin`.
pub(super) fn files(upstream: &LoadedUpstream) -> [PathBuf; 2] {
    [&upstream.upstream.source, &upstream.tools_file].map(|file| PathBuf::from(file.as_str()))
}

/// Another upstream whose approved tools would stand in the same file.
fn shares_file<'l>(upstream: &LoadedUpstream, loaded: &'l Loaded) -> Option<&'l str> {
    let others = loaded.upstreams.iter().filter(|other| other.upstream.name() != upstream.upstream.name());
    let sharing = others.into_iter().find(|other| other.tools_file == upstream.tools_file)?;
    Some(sharing.upstream.name().as_str())
}

/// Asks each upstream; with `--check`, nothing is written.
pub(super) fn run(
    named: &[Arc<LoadedUpstream>],
    loaded: &Loaded,
    args: &PinArgs,
    workspace: &Workspace,
    sources: &DiskLoader,
    output: &Output,
) -> Result<Exit, Exit> {
    let access = secrets::open(&args.secrets, &workspace.settings.secrets, output)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    let executor = executor(access, output)?;
    let mut exit = Exit::Success;
    for upstream in named {
        let name = upstream.upstream.name();
        if args.check && upstream.admitted.is_err() {
            // What it would start or call now, nobody has reviewed.
            let help = "review its file, then run `cap pin` with the upstream's name";
            output.error(&format!("`{name}` was not asked: its files are not what was pinned"), Some(help));
            exit = Exit::Unpinned;
            continue;
        }
        let progress = output.progress(&format!("asking `{name}` for its tools"));
        let asked = runtime.block_on(ask_tools(upstream, &executor));
        progress.finish_and_clear();
        let tools = asked.map_err(|fault| unreachable(name.as_str(), &fault, output))?;
        if let Some(other) = shares_file(upstream, loaded) {
            let help = "put each upstream into a folder of its own";
            output.error(&format!("`{name}` and `{other}` would share `{}`", upstream.tools_file), Some(help));
            return Err(Exit::Failure);
        }
        let changes = tell(name.as_str(), upstream.approved.as_deref(), &tools, output);
        if args.check {
            if changes > 0 || upstream.approved.is_none() {
                exit = Exit::Unpinned;
            }
            continue;
        }
        write(&upstream.tools_file, &tools, sources, output)?;
    }
    if exit == Exit::Unpinned {
        output.detail("(review the changes, then run `cap pin` with the upstream's name)");
    }
    Ok(exit)
}

fn unreachable(name: &str, fault: &ConnectFault, output: &Output) -> Exit {
    match fault {
        ConnectFault::Login(reason) => {
            output
                .error(&format!("`{name}` asks for a login: {reason}"), Some(&format!("run `cap auth login {name}`")));
        }
        ConnectFault::Failed(reason) => {
            output.error(&format!("`{name}` cannot be asked for its tools: {reason}"), None);
        }
    }
    Exit::CallFailed
}

/// Says what is another than was approved; gives how many tools are.
fn tell(name: &str, approved: Option<&ApprovedTools>, found: &ApprovedTools, output: &Output) -> usize {
    let nothing = ApprovedTools::default();
    let before = approved.unwrap_or(&nothing);
    let mut changes = 0;
    for (tool, definition) in found.tools() {
        match before.tool(tool).map(|known| differences(known, definition)) {
            Some(same) if same.is_empty() => continue,
            Some(differs) => {
                output.status(Tone::Warning, "Changed", &format!("{name}: {}", shown_text(tool)));
                differs.iter().for_each(|line| output.detail(line));
            }
            None if changes < SHOWN => output.status(Tone::Good, "New", &format!("{name}: {}", shown_text(tool))),
            None => {}
        }
        changes += 1;
    }
    for (tool, _) in before.tools().filter(|(tool, _)| found.tool(tool).is_none()) {
        output.status(Tone::Warning, "Gone", &format!("{name}: {}", shown_text(tool)));
        changes += 1;
    }
    let summary = if changes == 0 { "all as approved".to_owned() } else { format!("{changes} not as approved before") };
    output.status(Tone::Good, "Asked", &format!("{name}: {}, {summary}", plural(found.tools().len(), "tool")));
    changes
}

fn write(file: &SourceId, tools: &ApprovedTools, sources: &DiskLoader, output: &Output) -> Result<(), Exit> {
    let place = sources.roots().iter().find_map(|root| Some(root.path.join(root.relative(file)?)));
    let Some(path) = place else {
        output.error(&format!("internal error: `{file}` is in no folder"), None);
        return Err(Exit::Environment);
    };
    write_atomic(&path, &tools.render()).map_err(|error| {
        output.error(&format!("cannot write `{file}`: {error}"), None);
        Exit::Environment
    })?;
    output.status(Tone::Good, "Wrote", file.as_str());
    Ok(())
}

/// How many new tools are named one by one.
const SHOWN: usize = 40;
