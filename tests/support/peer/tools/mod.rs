//! The tools, one family a file: their list, and the way from a name to what answers it.

pub(crate) mod content;

mod changes;
mod notices;
mod probes;
mod questions;
mod rounds;
mod tasks;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, InputResponses, JsonObject, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use crate::asking::Round;
use crate::server::PeerServer;
use crate::shared::object;

/// What a tool answers.
type Answer = Result<CallToolResponse, ErrorData>;

/// One call of a tool.
pub(crate) struct Call<'a> {
    server: &'a PeerServer,
    name: String,
    arguments: JsonObject,
    /// What the client carries from the round before.
    state: Option<String>,
    round: RoundParts,
}

struct RoundParts {
    cx: RequestContext<RoleServer>,
    responses: InputResponses,
}

impl<'a> Call<'a> {
    pub(crate) fn new(server: &'a PeerServer, request: CallToolRequestParams, cx: RequestContext<RoleServer>) -> Self {
        let round = RoundParts { cx, responses: request.input_responses.unwrap_or_default() };
        let arguments = request.arguments.unwrap_or_default();
        Self { server, name: request.name.into_owned(), arguments, state: request.request_state, round }
    }

    fn cx(&self) -> &RequestContext<RoleServer> {
        &self.round.cx
    }

    fn round(&self) -> Round<'_> {
        Round { cx: &self.round.cx, responses: self.round.responses.clone() }
    }

    fn text(&self, name: &str) -> Result<&str, ErrorData> {
        let value = self.arguments.get(name).and_then(Value::as_str);
        value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` must be a text"), None))
    }

    fn text_or<'b>(&'b self, name: &str, otherwise: &'b str) -> &'b str {
        self.arguments.get(name).and_then(Value::as_str).unwrap_or(otherwise)
    }

    fn number(&self, name: &str) -> Result<u64, ErrorData> {
        let value = self.arguments.get(name).and_then(Value::as_u64);
        value.ok_or_else(|| ErrorData::invalid_params(format!("`{name}` must be a whole number"), None))
    }
}

/// The tools that every peer begins with.
pub(crate) fn fixed() -> Vec<Tool> {
    [
        changes::list(),
        content::list(),
        notices::list(),
        probes::list(),
        questions::list(),
        rounds::list(),
        tasks::list(),
    ]
    .concat()
}

/// One of the tools of `--tools`.
pub(crate) fn generated(number: usize) -> Tool {
    let description = format!("Generated tool {number}: repeats its text and says its number.");
    let properties = json!({"text": {"type": "string", "description": "What to repeat."}, "loud": {"type": "boolean"}});
    tool(&format!("generated_{number:04}"), &description, &properties, &["text"])
}

/// Calls the tool of the name that was asked for.
///
/// # Errors
/// When there is none, when its arguments are wrong, or when it means to fail so.
pub(crate) async fn call(call: &Call<'_>) -> Answer {
    if call.server.shared.tool(&call.name).is_none() {
        return Err(ErrorData::invalid_params(format!("there is no tool `{}`", call.name), None));
    }
    if let Some(answer) = content::call(call) {
        return answer;
    }
    if let Some(answer) = probes::call(call).await {
        return answer;
    }
    if let Some(answer) = notices::call(call).await {
        return answer;
    }
    if let Some(answer) = changes::call(call).await {
        return answer;
    }
    if let Some(answer) = questions::call(call).await {
        return answer;
    }
    if let Some(answer) = tasks::call(call).await {
        return answer;
    }
    if let Some(answer) = rounds::call(call) {
        return answer;
    }
    say(&format!("{} ran with {}", call.name, Value::Object(call.arguments.clone())))
}

/// A tool whose input is an object of these properties.
fn tool(name: &str, description: &str, properties: &Value, required: &[&str]) -> Tool {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    Tool::new(name.to_owned(), description.to_owned(), object(schema))
}

/// A tool without arguments.
fn bare(name: &str, description: &str) -> Tool {
    tool(name, description, &json!({}), &[])
}

/// A result of one text.
fn say(text: &str) -> Answer {
    show(vec![ContentBlock::text(text)])
}

/// A result of these blocks.
fn show(content: Vec<ContentBlock>) -> Answer {
    Ok(CallToolResult::success(content).into())
}

/// A result with structure, and the same as text.
fn structured(value: Value) -> Answer {
    Ok(CallToolResult::structured(value).into())
}

/// A result that says what the tool failed at.
fn fail(text: &str) -> Answer {
    Ok(CallToolResult::error(vec![ContentBlock::text(text)]).into())
}
