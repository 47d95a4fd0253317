//! `cap call` of a tool of an upstream: connects to the one upstream, calls, and leaves.

use std::sync::Arc;

use cap_runtime::load::{Loaded, LoadedUpstream};
use cap_runtime::upstream::{Catalog, UpstreamFault, Upstreams};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{arguments, executor, pretty};
use crate::args::{AnswerFormat, CallArgs};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

/// The upstream that a tool's name begins with.
pub(super) fn of(tool: &str, loaded: &Loaded) -> Option<Arc<LoadedUpstream>> {
    let (server, _) = tool.split_once("__")?;
    loaded.upstreams.iter().find(|upstream| upstream.upstream.name().as_str() == server).cloned()
}

/// Calls the tool and shows what comes.
pub(super) fn call(
    upstream: &Arc<LoadedUpstream>,
    args: &CallArgs,
    workspace: &Workspace,
    output: &Output,
) -> Result<Exit, Exit> {
    let access = secrets::open(&args.access.secrets, &workspace.settings.secrets, output)?;
    let executor = executor(access, output)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    runtime.block_on(async {
        let upstreams = Upstreams::new(executor, workspace.policy(), &CancellationToken::new());
        upstreams.declare(std::slice::from_ref(upstream));
        let called = called(&upstreams, upstream, args, output).await;
        upstreams.close().await;
        called
    })
}

async fn called(
    upstreams: &Upstreams,
    upstream: &LoadedUpstream,
    args: &CallArgs,
    output: &Output,
) -> Result<Exit, Exit> {
    let name = upstream.upstream.name().as_str();
    let failed = |fault: &UpstreamFault| {
        output.error(&fault.to_string(), None);
        Exit::CallFailed
    };
    let Some(remote) = upstreams.remote(name) else { return Err(Exit::Environment) };
    remote.connected().await.map_err(|fault| failed(&fault))?;
    let input = input(&remote.catalog(), &args.tool);
    let arguments = arguments(args, &input.clone().unwrap_or(Value::Null), output)?;
    if args.dry_run {
        output.data(&format!("tools/call at the upstream `{name}`\n{:#}\n", Value::Object(arguments)));
        return Ok(Exit::Success);
    }
    match remote.call_once(&args.tool, arguments).await {
        Err(fault) => Err(failed(&fault)),
        Ok(Some(result)) => Ok(show(&result, args.format, output)),
        Ok(None) => {
            output.error(&format!("`{name}` serves no tool `{}`", args.tool), Some("`cap list` shows the tools"));
            Err(Exit::Failure)
        }
    }
}

fn input(catalog: &Catalog, tool: &str) -> Option<Value> {
    let found = catalog.tools.iter().find(|known| known.capability.tool.as_str() == tool)?;
    Some(found.capability.input.read())
}

fn show(result: &Value, format: AnswerFormat, output: &Output) -> Exit {
    let failed = result.get("isError") == Some(&Value::Bool(true));
    match format {
        AnswerFormat::Json => output.json(result),
        AnswerFormat::Plain => {
            for block in result.get("content").and_then(Value::as_array).into_iter().flatten() {
                match block.get("text").and_then(Value::as_str) {
                    Some(text) if failed => output.error(text, None),
                    Some(text) => output.data(&format!("{}\n", pretty(text))),
                    None => {
                        let kind = block.get("type").and_then(Value::as_str).unwrap_or("content");
                        output.status(Tone::Good, "Received", &format!("{kind}; `--format json` shows all of it"));
                    }
                }
            }
        }
    }
    if failed { Exit::CallFailed } else { Exit::Success }
}
