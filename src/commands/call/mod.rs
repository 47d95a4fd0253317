//! `cap call`: one call, checked, planned and sent exactly as an agent's would be.

mod upstream;

use std::num::NonZeroUsize;

use cap_runtime::execute::{
    Content, CursorSeal, ErrorKind, Executor, ExecutorSettings, PageRequest, ToolError, ToolOutcome, Unheard,
};
use cap_runtime::mcp::result;
use serde_json::{Map, Value};

use crate::args::{AnswerFormat, CallArgs};
use crate::catalog::{find, snapshot};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets::{self, SecretAccess};
use crate::workspace::Workspace;

pub(crate) fn run(args: &CallArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.access.folders, output)?;
    let loaded = workspace.load_tools(output)?;
    if let Some(upstream) = upstream::of(&args.tool, &loaded) {
        return upstream::call(&upstream, args, &workspace, output);
    }
    let snapshot = snapshot(&loaded, output)?;
    let tool = find(&snapshot, &args.tool, output)?;
    let arguments = arguments(args, &tool.capability().input.read(), output)?;
    let access = secrets::open(&args.access.secrets, &workspace.settings.secrets, output)?;
    let executor = executor(access, output)?;
    if args.dry_run {
        let plan = executor.plan(&tool.prepared, &arguments).map_err(|error| failed(&error, output))?;
        notes(&plan.notes, output);
        output.data(&plan.render());
        return Ok(Exit::Success);
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    let page = PageRequest { cursor: args.cursor.clone(), collect: args.collect.map(NonZeroUsize::get) };
    let calling = executor.call_heard(&tool.prepared, &arguments, &page, &Unheard);
    let outcome = runtime.block_on(calling).map_err(|error| failed(&error, output))?;
    match args.format {
        AnswerFormat::Plain => show(&outcome, output),
        AnswerFormat::Json => output.json(&result(&args.tool, outcome)),
    }
    Ok(Exit::Success)
}

/// The executor of a command that reads secrets.
///
/// # Errors
/// When a source of secrets cannot be used; what is wrong has been said.
pub(crate) fn executor(access: SecretAccess, output: &Output) -> Result<Executor, Exit> {
    let settings = ExecutorSettings {
        secrets: access.secrets,
        tokens: access.tokens,
        // Each call is a process of its own.
        cursor_seal: CursorSeal::Known,
        ..ExecutorSettings::default()
    };
    Executor::new(settings).map_err(|error| {
        output.error(&error.to_string(), None);
        Exit::Environment
    })
}

fn arguments(args: &CallArgs, input: &Value, output: &Output) -> Result<Map<String, Value>, Exit> {
    let wrong = |message: String, help: &str| {
        output.error(&message, Some(help));
        Exit::Usage
    };
    let mut arguments = match args.json.as_deref().map(serde_json::from_str) {
        None => Map::new(),
        Some(Ok(Value::Object(map))) => map,
        Some(Ok(_)) => return Err(wrong("--json is not an object".to_owned(), "write --json '{\"name\": \"value\"}'")),
        Some(Err(error)) => {
            return Err(wrong(format!("--json does not parse: {error}"), "write --json '{\"name\": \"value\"}'"));
        }
    };
    for text in &args.args {
        let Some((name, value)) = text.split_once('=') else {
            return Err(wrong(format!("`{text}` has no `=`"), "write --arg name=value"));
        };
        arguments.insert(name.to_owned(), typed(input, name, value));
    }
    Ok(arguments)
}

/// The value of `--arg`: JSON where the schema wants something else than text, text otherwise.
fn typed(input: &Value, name: &str, text: &str) -> Value {
    let wanted = input.get("properties").and_then(|properties| properties.get(name)).and_then(|it| it.get("type"));
    let takes_text = match wanted {
        Some(Value::String(name)) => name == "string",
        Some(Value::Array(names)) => names.iter().any(|name| name == "string"),
        // A schema without a plain type is left to the check of the arguments.
        Some(_) | None => true,
    };
    let text_value = || Value::String(text.to_owned());
    if takes_text { text_value() } else { serde_json::from_str(text).unwrap_or_else(|_| text_value()) }
}

fn failed(error: &ToolError, output: &Output) -> Exit {
    output.error(&error.to_string(), None);
    match error.kind() {
        ErrorKind::Definition => Exit::Failure,
        ErrorKind::Arguments
        | ErrorKind::Secret
        | ErrorKind::Login
        | ErrorKind::Token
        | ErrorKind::Refused
        | ErrorKind::Busy
        | ErrorKind::Unavailable
        | ErrorKind::Timeout
        | ErrorKind::Network
        | ErrorKind::Status
        | ErrorKind::Answer => Exit::CallFailed,
    }
}

fn show(outcome: &ToolOutcome, output: &Output) {
    notes(&outcome.notes, output);
    for content in &outcome.content {
        match content {
            Content::Text(text) => output.data(&format!("{}\n", pretty(text))),
            Content::Image { data, media_type }
            | Content::Audio { data, media_type }
            | Content::Blob { data, media_type } => {
                output.status(Tone::Good, "Received", &format!("{media_type}, base64 on standard output"));
                output.data(&format!("{data}\n"));
            }
        }
    }
    if let Some(cursor) = &outcome.next_cursor {
        output.status(Tone::Good, "More", &format!("the same call with --cursor {cursor}"));
    }
}

fn notes(notes: &[String], output: &Output) {
    for note in notes {
        output.status(Tone::Warning, "Note", note);
    }
}

/// JSON is indented for people; anything else stays as it is.
fn pretty(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => format!("{value:#}"),
        Ok(_) | Err(_) => text.to_owned(),
    }
}
