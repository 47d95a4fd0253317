//! `cap search`: what `gateway_search_tools` would answer, through the same code.

use cap_runtime::registry::SearchRequest;
use serde_json::json;

use crate::args::SearchArgs;
use crate::catalog::{snapshot, view};
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &SearchArgs, output: &Output) -> Result<Exit, Exit> {
    let loaded = Workspace::open(&args.folders, output)?.load_tools(output)?;
    let snapshot = snapshot(&loaded, output)?;
    let request = SearchRequest {
        query: args.query.join(" "),
        limit: args.limit,
        server: args.server.clone(),
        tags: args.tags.clone(),
        read_only: args.read_only,
    };
    let reply = view(&snapshot).search(&request);
    if args.json {
        output.json(&json!(reply));
        return Ok(Exit::Success);
    }
    for found in &reply.matches {
        output.data(&format!("{:>7.2}  {}({})\n", found.score, found.tool, found.arguments));
        output.data(&format!("{:>7}  {}\n", "", found.description));
    }
    match &reply.hint {
        Some(hint) => output.status(Tone::Warning, "Found", hint),
        None => {
            let shown = format!("{} of {}", reply.matches.len(), plural(reply.total, "tool"));
            output.status(Tone::Good, "Found", &shown);
        }
    }
    Ok(Exit::Success)
}
