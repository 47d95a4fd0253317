//! Tools that change what is listed, and tell everyone who listens.

use std::time::Duration;

use axum::http::request::Parts;
use rmcp::ErrorData;
use rmcp::model::Tool;
use serde_json::json;

use super::{Answer, Call, bare, fail, say, tool};
use crate::shared::Counts;

pub(super) fn list() -> Vec<Tool> {
    let name = || json!({"name": {"type": "string"}});
    let both = || json!({"name": {"type": "string"}, "description": {"type": "string"}});
    vec![
        tool("add_tool", "Adds a tool with this name and, if given, description.", &both(), &["name"]),
        tool("remove_tool", "Takes the tool of this name away.", &name(), &["name"]),
        tool("change_tool", "Gives the tool of this name another description.", &both(), &["name"]),
        tool("touch", "Says that the resource at `uri` changed.", &json!({"uri": {"type": "string"}}), &["uri"]),
        changing(0),
        bare("test_trigger_tool_change", "Changes the description of `changing_tool`."),
        bare("test_trigger_prompt_change", "Changes the description of `changing_prompt`."),
        bare("test_reconnection", "Closes the stream of its answer, which a client then fetches with Last-Event-ID."),
    ]
}

pub(super) async fn call(call: &Call<'_>) -> Option<Answer> {
    let shared = &call.server.shared;
    Some(match call.name.as_str() {
        "add_tool" => add(call).await,
        "remove_tool" => remove(call).await,
        "change_tool" => change(call).await,
        "touch" => touch(call).await,
        "test_trigger_tool_change" => {
            shared.put_tool(changing(Counts::add(&shared.counts.tools))).await;
            say("`changing_tool` changed")
        }
        "test_trigger_prompt_change" => {
            Counts::add(&shared.counts.prompts);
            shared.listeners.prompts_changed().await;
            say("`changing_prompt` changed")
        }
        "test_reconnection" => reconnection(call).await,
        _ => return None,
    })
}

fn changing(version: u64) -> Tool {
    bare("changing_tool", &format!("Version {version} of this tool."))
}

async fn add(call: &Call<'_>) -> Answer {
    let name = call.text("name")?;
    let description = call.text_or("description", "Was added while the server ran.");
    call.server.shared.put_tool(bare(name, description)).await;
    say(&format!("added `{name}`"))
}

async fn remove(call: &Call<'_>) -> Answer {
    let name = call.text("name")?;
    if call.server.shared.remove_tool(name).await { say(&format!("removed `{name}`")) } else { missing(name) }
}

async fn change(call: &Call<'_>) -> Answer {
    let name = call.text("name")?;
    let Some(mut tool) = call.server.shared.tool(name) else { return missing(name) };
    let before = tool.description.unwrap_or_default();
    let changed = format!("{before} Changed.");
    tool.description = Some(call.text_or("description", &changed).to_owned().into());
    call.server.shared.put_tool(tool).await;
    say(&format!("changed `{name}`"))
}

fn missing(name: &str) -> Answer {
    fail(&format!("there is no tool `{name}`"))
}

async fn touch(call: &Call<'_>) -> Answer {
    let uri = call.text("uri")?;
    crate::resources::read(uri)?;
    call.server.shared.listeners.resource_updated(uri).await;
    say(&format!("touched `{uri}`"))
}

/// Closes every stream of the session, of which this call's is one, and answers afterwards.
async fn reconnection(call: &Call<'_>) -> Answer {
    let parts = call.cx().extensions.get::<Parts>();
    let id = parts.and_then(|parts| parts.headers.get("mcp-session-id")?.to_str().ok());
    let Some(id) = id else { return say("there is no session whose stream could be closed") };
    let handle = call.server.shared.sessions.sessions.read().await.get(id).cloned();
    let handle = handle.ok_or_else(|| ErrorData::internal_error("the session is gone", None))?;
    for stream in 0..STREAMS {
        // Most of these do not exist; rmcp does not say which is the call's own.
        let _ = handle.close_sse_stream(stream, Some(RETRY)).await;
    }
    tokio::time::sleep(RETRY).await;
    say("Reconnection test completed successfully")
}

const STREAMS: u64 = 32;
const RETRY: Duration = Duration::from_millis(100);
