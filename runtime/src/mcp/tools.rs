//! The gateway's own tools: from arguments to answers.

use std::time::Instant;

use cap_compiler::capability::{Call, McpCall};
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, InputResponses, ServerResult,
};
use rmcp::service::RequestContext;
use serde_json::{Map, Value};

use super::answer::{Definition, Described, Description, Listed, Page, Servers};
use super::arguments::Arguments;
use super::error::CallError;
use super::meta_tool::MetaTool;
use super::origin::Origin;
use super::relay::{Logging, Parked, Relay, Session};
use super::{convert, paging};
use crate::execute::{Executor, PageRequest, Progress, ToolOutcome};
use crate::registry::{Lookup, RegisteredTool, SearchReply, SearchRequest, ToolDefinition, View, signature};
use crate::telemetry::{ObservedCall, Telemetry};
use crate::upstream::UpstreamFault;

/// What a call came to, before it is turned into MCP.
pub(super) enum Answered {
    /// One of the gateway's own answers.
    Result(Result<CallToolResult, serde_json::Error>),
    /// The outcome of a tool.
    Outcome { tool: String, outcome: ToolOutcome },
    /// What an upstream answered.
    Upstream(Box<ServerResult>),
}

/// A call, from whom, and what it is answered with.
pub(super) struct Asked<'a> {
    pub(super) view: View<'a>,
    pub(super) executor: &'a Executor,
    pub(super) telemetry: &'a Telemetry,
    pub(super) origin: Origin,
    pub(super) progress: &'a dyn Progress,
    pub(super) client: ForClient<'a>,
}

/// The client of a call, for upstreams that ask it something.
#[derive(Clone, Copy)]
pub(super) struct ForClient<'a> {
    pub(super) context: &'a RequestContext<RoleServer>,
    pub(super) session: &'a Session,
    pub(super) parked: &'a Parked,
    /// The answers that it was asked for, and the state that goes with them.
    pub(super) retry: &'a (Option<InputResponses>, Option<String>),
    pub(super) logging: Logging,
}

/// Calls one of the gateway's own tools.
pub(super) async fn call(tool: MetaTool, values: Map<String, Value>, asked: Asked<'_>) -> Result<Answered, CallError> {
    let mut arguments = Arguments::read(tool, values)?;
    let view = asked.view;
    Ok(Answered::Result(match tool {
        MetaTool::Search => convert::answer(&search(&mut arguments, &asked)?),
        MetaTool::Describe => convert::answer(&describe(&mut arguments, view)?),
        MetaTool::ListServers => convert::answer(&Servers::of(view)),
        MetaTool::ListTools => convert::answer(&list(&mut arguments, view)?),
        MetaTool::Invoke => {
            let name = arguments.text("tool")?;
            let page = arguments.page()?;
            return invoke(&name, &arguments.nested()?, &page, asked).await;
        }
    }))
}

/// Calls a tool of the registry, and records the call: also one of a tool that is not there.
pub(super) async fn invoke(
    name: &str,
    arguments: &Map<String, Value>,
    page: &PageRequest,
    asked: Asked<'_>,
) -> Result<Answered, CallError> {
    let found = asked.view.tool(name);
    let observed = ObservedCall {
        id: asked.origin.id,
        parent: asked.origin.parent,
        principal: asked.view.caller().name(),
        name,
        api: found.server(),
        tool: found.found(),
        arguments,
    };
    let work = async {
        let tool = found_tool(name, &found)?;
        if let Call::Mcp(call) = &tool.capability().call {
            // On the heap: it is large, and most calls are requests.
            return Box::pin(relay(tool, call, arguments, page, &asked)).await;
        }
        let outcome = asked.executor.call_heard(&tool.prepared, arguments, page, asked.progress).await?;
        Ok(Answered::Outcome { tool: name.to_owned(), outcome })
    };
    asked.telemetry.observe(observed, work).await
}

/// Calls a tool of an upstream: its arguments and its result are between the client and the upstream.
async fn relay(
    tool: &RegisteredTool,
    call: &McpCall,
    arguments: &Map<String, Value>,
    page: &PageRequest,
    asked: &Asked<'_>,
) -> Result<Answered, CallError> {
    if page.cursor.is_some() || page.collect.is_some() {
        return Err(CallError::NoPages { name: tool.name().to_owned() });
    }
    let remote = asked.view.upstream(tool.server());
    let remote = remote.ok_or_else(|| CallError::unknown_tool(tool.name(), &[]))?;
    let ForClient { context, session, parked, retry, logging } = asked.client;
    let mut params = CallToolRequestParams::new(call.tool.clone()).with_arguments(arguments.clone());
    (params.input_responses, params.request_state) = retry.clone();
    let relay = Relay { remote, session, parked, context, logging };
    let result = relay.request(ClientRequest::CallToolRequest(CallToolRequest::new(params))).await?;
    if !convert::is_of_call(&result) {
        let reason = "it is no result of a call".to_owned();
        return Err(UpstreamFault::Odd { name: remote.name().to_owned(), reason }.into());
    }
    Ok(Answered::Upstream(Box::new(result)))
}

fn found_tool<'a>(name: &str, found: &Lookup<'a>) -> Result<&'a RegisteredTool, CallError> {
    match found {
        Lookup::Found(tool) => Ok(tool),
        Lookup::Quarantined(held) => Err(CallError::quarantined(held)),
        Lookup::Unknown { nearest } => Err(CallError::unknown_tool(name, nearest)),
    }
}

fn search(arguments: &mut Arguments, asked: &Asked<'_>) -> Result<SearchReply, CallError> {
    let view = asked.view;
    let query = arguments.text("query")?;
    let limit = arguments.limit()?;
    let server = known_server(arguments, view)?;
    let (tags, read_only) = (arguments.tags()?, arguments.read_only()?);
    let start = Instant::now();
    let reply = view.search(&SearchRequest { query, limit, server, tags, read_only });
    if let Some(metrics) = asked.telemetry.metrics() {
        metrics.searched(start.elapsed());
    }
    Ok(reply)
}

fn describe(arguments: &mut Arguments, view: View<'_>) -> Result<Described, CallError> {
    let tools = arguments.tools()?.into_iter().map(|name| described(name, view)).collect();
    Ok(Described { tools })
}

fn described(name: String, view: View<'_>) -> Description {
    match view.tool(&name) {
        Lookup::Found(tool) => Description::Known(Box::new(Definition::new(ToolDefinition::of(tool)))),
        Lookup::Quarantined(held) => {
            Description::Unknown { error: CallError::quarantined(held).to_string(), tool: name }
        }
        Lookup::Unknown { nearest } => {
            Description::Unknown { error: CallError::unknown_tool(&name, &nearest).to_string(), tool: name }
        }
    }
}

fn list<'a>(arguments: &mut Arguments, view: View<'a>) -> Result<Page<'a>, CallError> {
    let server = known_server(arguments, view)?;
    let after = arguments.optional_text("cursor")?.map(|cursor| paging::parse(&cursor)).transpose()?;
    let mut tools = view
        .tools()
        .filter(|tool| server.as_deref().is_none_or(|name| tool.server() == name))
        .skip_while(|tool| after.as_deref().is_some_and(|last| tool.name() <= last));
    let page: Vec<_> = tools.by_ref().take(paging::PAGE).collect();
    let next_cursor = page.last().filter(|_| tools.next().is_some()).map(|last| paging::after(last.name()));
    let listed = page.into_iter().map(|tool| Listed {
        tool: tool.name(),
        title: tool.capability().title.as_deref(),
        arguments: signature(&tool.capability().input.read()),
    });
    Ok(Page { tools: listed.collect(), next_cursor })
}

/// The `server` argument, if it names one.
fn known_server(arguments: &mut Arguments, view: View<'_>) -> Result<Option<String>, CallError> {
    let Some(name) = arguments.optional_text("server")? else { return Ok(None) };
    match view.server(&name) {
        Ok(_) => Ok(Some(name)),
        Err(nearest) => Err(CallError::unknown_server(&name, nearest)),
    }
}
