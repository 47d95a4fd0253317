//! What an entry of a client's file says of a server, in the words of each client.

use cap_compiler::syntax::Pointer;
use serde_json::{Map, Value};

use super::relay::relayed;
use super::{Client, Gateway};
use crate::upstreams::{Declared, Reach};

/// Why an entry is passed over. No value is repeated.
#[derive(Debug)]
pub(super) struct EntryFault {
    /// The member that is wrong, below the entry.
    pub(super) member: Option<&'static str>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Where servers stand in a file: the mapping of the client's key, and for Claude Code that of each project.
pub(super) fn tables(client: Client, tree: &Value) -> Vec<(Pointer, &Value)> {
    let key = client.key();
    let own = tree.get(key).map(|table| (Pointer::of([key]), table));
    let projects = (client == Client::ClaudeCode).then(|| tree.get("projects")?.as_object()).flatten();
    let of_projects = projects
        .into_iter()
        .flatten()
        .filter_map(|(name, project)| Some((Pointer::of(["projects", name, key]), project.get(key)?)));
    own.into_iter().chain(of_projects).collect()
}

/// Reads an entry.
///
/// # Errors
/// Why there is no server to be made of it.
pub(super) fn declared(client: Client, name: &str, entry: &Value) -> Result<Declared, EntryFault> {
    let Some(entry) = entry.as_object() else {
        let message = "the entry is no object".to_owned();
        return Err(EntryFault { member: None, message, help: "write `command` and `args`, or `url`" });
    };
    let (mut reach, env, mut headers) = (reach(entry)?, env(entry)?, headers(entry)?);
    if let Reach::Stdio(command) = &reach {
        // Clients leave mappings of the other transport in their files.
        headers = Vec::new();
        if let Some(relayed) = relayed(command, &env) {
            headers = relayed.headers;
            reach = relayed.reach;
        }
    }
    let mut query = Vec::new();
    let is_program = match &mut reach {
        Reach::Http(url) | Reach::Sse(url) => {
            take_query(url, &mut query);
            false
        }
        Reach::Stdio(command) => {
            check_arguments(client, command)?;
            true
        }
    };
    Ok(Declared {
        headers,
        env: if is_program { env } else { Vec::new() },
        query,
        directory: if is_program { directory(entry)? } else { None },
        allow: texts(entry, "enabled_tools")?,
        deny: texts(entry, "disabled_tools")?,
        paused: entry.get("disabled") == Some(&Value::Bool(true)) || entry.get("enabled") == Some(&Value::Bool(false)),
        ..Declared::new(name, reach)
    })
}

fn headers(entry: &Map<String, Value>) -> Result<Vec<(String, String)>, EntryFault> {
    let mut headers = pairs(entry, "headers")?;
    headers.extend(pairs(entry, "http_headers")?);
    headers.extend(pairs(entry, "env_http_headers")?.into_iter().map(|(key, name)| (key, format!("${{{name}}}"))));
    if let Some(name) = text(entry, "bearer_token_env_var")? {
        headers.push(("Authorization".to_owned(), format!("Bearer ${{{name}}}")));
    }
    Ok(headers)
}

fn env(entry: &Map<String, Value>) -> Result<Vec<(String, String)>, EntryFault> {
    let mut env = pairs(entry, "env")?;
    if let Some(command) = entry.get("command").and_then(Value::as_object) {
        env.extend(pairs(command, "env")?);
    }
    env.extend(texts(entry, "env_vars")?.into_iter().map(|name| (name.clone(), format!("${{{name}}}"))));
    Ok(env)
}

/// Claude Code fills in variables of arguments; other clients leave them to the program.
fn check_arguments(client: Client, command: &[String]) -> Result<(), EntryFault> {
    if client != Client::ClaudeCode || !command.iter().any(|argument| argument.contains("${")) {
        return Ok(());
    }
    let message = "an argument has a variable, which only the client fills in".to_owned();
    Err(EntryFault { member: Some("args"), message, help: "write the value itself" })
}

fn directory(entry: &Map<String, Value>) -> Result<Option<String>, EntryFault> {
    let directory = text(entry, "cwd")?;
    if directory.as_deref().is_none_or(is_absolute) {
        return Ok(directory);
    }
    let message = "the folder is relative to where the client runs".to_owned();
    Err(EntryFault { member: Some("cwd"), message, help: "write an absolute path" })
}

/// Whether an entry leads to the gateway itself.
pub(crate) fn is_gateway(client: Client, entry: &Value, gateway: &Gateway) -> bool {
    declared(client, "", entry).is_ok_and(|declared| gateway.is_reached_by(&declared.reach))
}

/// The file of variables that a client would read, if an entry names one.
pub(super) fn names_env_file(entry: &Value) -> bool {
    entry.get("envFile").is_some_and(Value::is_string)
}

fn reach(entry: &Map<String, Value>) -> Result<Reach, EntryFault> {
    let kind = text(entry, "type")?.or(text(entry, "transport")?);
    let url = match text(entry, "url")? {
        Some(url) => Some(url),
        None => text(entry, "serverUrl")?,
    };
    let wrong =
        |message: String| EntryFault { member: Some("type"), message, help: "a server is `stdio`, `http` or `sse`" };
    match (kind.as_deref(), url) {
        (Some("sse"), Some(url)) => Ok(Reach::Sse(url)),
        (None | Some("http" | "streamable-http" | "streamableHttp" | "streamable_http" | "remote"), Some(url)) => {
            Ok(Reach::Http(url))
        }
        (None | Some("stdio" | "local"), None) => command(entry),
        (Some(kind @ ("stdio" | "http" | "sse")), _) => Err(wrong(format!("`type` is `{kind}`, and the rest is not"))),
        (Some(_), _) => Err(wrong("`type` is no transport that is known here".to_owned())),
    }
}

fn command(entry: &Map<String, Value>) -> Result<Reach, EntryFault> {
    let (program, of) = match entry.get("command") {
        // As Zed wrote it at first.
        Some(Value::Object(command)) => (text(command, "path")?, command),
        _ => (text(entry, "command")?, entry),
    };
    let Some(program) = program.filter(|program| !program.is_empty()) else {
        return Err(EntryFault {
            member: None,
            message: "the entry has neither a command nor a URL".to_owned(),
            help: "a server that an extension of the client brings can be added with `cap add`",
        });
    };
    Ok(Reach::Stdio(std::iter::once(program).chain(texts(of, "args")?).collect()))
}

/// Parameters of a URL become credentials of their own: most of them are, and a server's URL has none.
fn take_query(url: &mut String, query: &mut Vec<(String, String)>) {
    let Some((before, after)) = url.split_once('?') else { return };
    let after = after.split('#').next().unwrap_or_default();
    query.extend(
        url::form_urlencoded::parse(after.as_bytes()).map(|(key, value)| (key.into_owned(), value.into_owned())),
    );
    *url = before.to_owned();
}

fn text(map: &Map<String, Value>, key: &'static str) -> Result<Option<String>, EntryFault> {
    match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(wrong_type(key, "a text")),
    }
}

fn texts(map: &Map<String, Value>, key: &'static str) -> Result<Vec<String>, EntryFault> {
    let text = |value: &Value| match value {
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match map.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => {
            items.iter().map(text).collect::<Option<_>>().ok_or_else(|| wrong_type(key, "a list of texts"))
        }
        Some(_) => Err(wrong_type(key, "a list of texts")),
    }
}

fn pairs(map: &Map<String, Value>, key: &'static str) -> Result<Vec<(String, String)>, EntryFault> {
    let pair = |(key, value): (&String, &Value)| match value {
        Value::String(text) => Some((key.clone(), text.clone())),
        Value::Number(_) | Value::Bool(_) => Some((key.clone(), value.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match map.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(pairs)) => {
            // A variable that is `null` is left out by the clients that know such.
            pairs
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(pair)
                .collect::<Option<_>>()
                .ok_or_else(|| wrong_type(key, "a mapping of texts"))
        }
        Some(_) => Err(wrong_type(key, "a mapping of texts")),
    }
}

fn wrong_type(key: &'static str, expected: &str) -> EntryFault {
    EntryFault {
        member: Some(key),
        message: format!("`{key}` is not {expected}"),
        help: "correct the entry in the client's file",
    }
}

fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..3).is_some_and(|rest| matches!(rest, ":\\" | ":/"))
}
