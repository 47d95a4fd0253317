//! The tools that an upstream lists: all pages, within bounds, each tool read on its own so that one
//! which cannot be read costs only itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{
    ClientRequest, ListToolsRequest, ListToolsResult, PaginatedRequestParams, RequestMetaObject, ServerResult, Tool,
};
use serde_json::Value;
use tokio::time::timeout;

use super::connection::Connection;
use super::fault::line;
use super::running::{Event, Patience};

/// Lists the tools of an upstream.
///
/// # Errors
/// Why they cannot be known.
pub(super) async fn list(connection: &Arc<Connection>) -> Result<Vec<Tool>, String> {
    if connection.info().is_some_and(|info| info.capabilities.tools.is_none()) {
        return Ok(Vec::new());
    }
    let whole = timeout(LONGEST, pages(connection)).await;
    whole.unwrap_or_else(|_| Err(format!("its list of tools took longer than {} s", LONGEST.as_secs())))
}

async fn pages(connection: &Arc<Connection>) -> Result<Vec<Tool>, String> {
    let (mut tools, mut bytes) = (Vec::new(), 0);
    let (mut cursor, mut seen) = (None, BTreeSet::new());
    for _ in 0..MOST_PAGES {
        let page = page(connection, cursor).await?;
        for tool in page.tools {
            if tool.name.is_empty() {
                tracing::warn!("a tool is left out: it has no name");
                continue;
            }
            let length = serde_json::to_vec(&tool).map_or(usize::MAX, |text| text.len());
            if length > LARGEST_TOOL {
                tracing::warn!(tool = line(&tool.name), length, "a tool is left out: its definition is too large");
                continue;
            }
            bytes += length;
            tools.push(tool);
        }
        if tools.len() > MOST_TOOLS || bytes > MOST_BYTES {
            return Err(format!("it lists more than {MOST_TOOLS} tools, or more than {MOST_BYTES} bytes of them"));
        }
        match page.next_cursor.filter(|next| !next.is_empty()) {
            None => return Ok(tools),
            Some(next) if !seen.insert(next.clone()) => {
                return Err("its list of tools goes round in circles".to_owned());
            }
            next => cursor = next,
        }
    }
    Err(format!("its list of tools has more than {MOST_PAGES} pages"))
}

async fn page(connection: &Arc<Connection>, cursor: Option<String>) -> Result<ListToolsResult, String> {
    let params = cursor.map(|cursor| PaginatedRequestParams::default().with_cursor(Some(cursor)));
    let request = ListToolsRequest { params, ..Default::default() };
    let patience = Patience { silence: LONGEST, whole: LONGEST };
    let sent = connection.send(ClientRequest::ListToolsRequest(request), RequestMetaObject::default(), patience).await;
    let mut running = sent.map_err(|error| line(&error.to_string()))?;
    loop {
        match running.next().await {
            Event::Note(_) | Event::Ask(_) => {}
            Event::Done(Ok(ServerResult::ListToolsResult(page))) => return Ok(page),
            Event::Done(Ok(ServerResult::CustomResult(page))) => return read(page.0),
            Event::Done(Ok(_)) => return Err("what it answers to `tools/list` is no list of tools".to_owned()),
            Event::Done(Err(error)) => return Err(format!("it does not list its tools: {}", line(&error.to_string()))),
        }
    }
}

/// A page that the SDK cannot read as a whole: what can be read of it.
fn read(mut page: Value) -> Result<ListToolsResult, String> {
    let tools = page.get_mut("tools").map(Value::take);
    let Some(Value::Array(items)) = tools else {
        return Err("what it answers to `tools/list` has no `tools`".to_owned());
    };
    let mut tools = Vec::with_capacity(items.len());
    for item in items {
        let name = line(item.get("name").and_then(Value::as_str).unwrap_or_default());
        match serde_json::from_value(item) {
            Ok(tool) => tools.push(tool),
            Err(error) => tracing::warn!(tool = name, %error, "a tool is left out: it is not defined as MCP asks"),
        }
    }
    let mut read = ListToolsResult::with_all_items(tools);
    read.next_cursor = page.get("nextCursor").and_then(Value::as_str).map(str::to_owned);
    Ok(read)
}

/// For all pages together.
const LONGEST: Duration = Duration::from_secs(60);
const MOST_PAGES: usize = 1_000;
const MOST_TOOLS: usize = 10_000;
const MOST_BYTES: usize = 32 << 20;
/// Bytes of one tool's definition.
const LARGEST_TOOL: usize = 1 << 20;
