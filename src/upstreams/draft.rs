//! What is said of an MCP server, and the text of the upstream file that says the same.

use std::sync::Arc;

use cap_compiler::compile::{compile, parse_file};
use cap_compiler::definition::{FORMAT_VERSION, Kind};
use cap_compiler::diagnostic::{Code, Diagnostic};
use cap_compiler::import::emit::emit;
use cap_compiler::pin::Pins;
use cap_compiler::source::SourceId;
use serde_json::{Map, Value, json};

use super::arguments::{credential_in, doubtful_in};
use super::reference::of_editor;
use super::template::{NeededSecret, Owner, Taken, Templates};
use crate::commands::import::SCHEMA_BASE;

/// A server as somebody declared it, credentials and all. It is not shown and not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) reach: Reach,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) directory: Option<String>,
    pub(crate) allow: Vec<String>,
    pub(crate) deny: Vec<String>,
    pub(crate) private: bool,
    pub(crate) paused: bool,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// The URL of a Streamable HTTP endpoint.
    Http(String),
    /// The URL of an HTTP+SSE endpoint.
    Sse(String),
    /// A program and its arguments.
    Stdio(Vec<String>),
}

/// A file to be written.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// The text, without credentials.
    pub(crate) text: String,
    pub(crate) secrets: Vec<NeededSecret>,
    /// Whether `network: private` was added because of the host.
    pub(crate) made_private: bool,
    /// The number of an argument that may be a credential, and may be a name as well.
    pub(crate) doubtful: Option<usize>,
}

/// Why no file can be made. What is said of values shows none that may be a credential.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) code: Code,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: String,
    /// What is refused, as it may be shown, and how much of its beginning is no fault.
    pub(crate) shown: (String, usize),
}

impl Declared {
    /// A server of which nothing but its name and transport is said.
    pub(crate) fn new(name: &str, reach: Reach) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            description: None,
            reach,
            headers: Vec::new(),
            query: Vec::new(),
            env: Vec::new(),
            directory: None,
            allow: Vec::new(),
            deny: Vec::new(),
            private: false,
            paused: false,
        }
    }
}

impl Reach {
    /// The word of the transport.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Sse(_) => "sse",
            Self::Stdio(_) => "stdio",
        }
    }
}

/// Longer values are no values of headers and variables but files.
const LONGEST: usize = 64 << 10;

/// Makes the file of a server. Its secrets get no names that other values have.
///
/// # Errors
/// What no file can say.
pub(crate) fn draft(declared: &Declared, taken: &Taken) -> Result<Draft, Refusal> {
    check_lengths(declared)?;
    let mut templates = Templates::of(&declared.name, taken);
    let mut tree = tree(declared, &mut templates)?;
    let mut text = text(&tree);
    let made_private = !declared.private && judge(&text).iter().any(|fault| fault.code == Code::PRIVATE_SERVER);
    if made_private {
        // The order of keys is the definition's, and `network` stands before what follows it there.
        tree = with_network(tree);
        text = self::text(&tree);
    }
    let doubtful = match &declared.reach {
        Reach::Stdio(command) => doubtful_in(command),
        Reach::Http(_) | Reach::Sse(_) => None,
    };
    Ok(Draft { name: declared.name.clone(), text, secrets: templates.into_needed(), made_private, doubtful })
}

/// What the compiler says of a file's text, taken alone.
pub(crate) fn judge_at(source: &SourceId, text: &str) -> Vec<Diagnostic> {
    let file = Arc::new(parse_file(source, text.as_bytes()));
    compile([&file], &Pins::default()).diagnostics
}

fn judge(text: &str) -> Vec<Diagnostic> {
    judge_at(&SourceId::new("upstream.yaml"), text)
}

fn text(tree: &Map<String, Value>) -> String {
    emit(&format!("yaml-language-server: $schema={SCHEMA_BASE}{}.schema.json", Kind::Upstream.name()), tree)
}

fn tree(declared: &Declared, templates: &mut Templates<'_>) -> Result<Map<String, Value>, Refusal> {
    let mut tree = Map::new();
    let mut put = |key: &str, value: Value| {
        tree.insert(key.to_owned(), value);
    };
    put("version", FORMAT_VERSION.into());
    put("kind", Kind::Upstream.name().into());
    put("name", declared.name.as_str().into());
    for (key, value) in [("title", &declared.title), ("description", &declared.description)] {
        if let Some(value) = value {
            put(key, value.as_str().into());
        }
    }
    put("transport", transport(declared, templates)?);
    let headers = values(Owner::Header, &declared.headers, templates)?;
    if !headers.is_empty() {
        put("headers", headers.into());
    }
    let query = values(Owner::Query, &declared.query, templates)?;
    if !query.is_empty() {
        put("auth", json!({"query": query}));
    }
    if declared.private {
        put("network", "private".into());
    }
    if !declared.allow.is_empty() {
        put("allow", declared.allow.clone().into());
    }
    if !declared.deny.is_empty() {
        put("deny", declared.deny.clone().into());
    }
    if declared.paused {
        put("paused", true.into());
    }
    Ok(tree)
}

fn transport(declared: &Declared, templates: &mut Templates<'_>) -> Result<Value, Refusal> {
    let mut transport = Map::new();
    let value = match &declared.reach {
        Reach::Http(url) | Reach::Sse(url) => {
            check_url(url)?;
            Value::from(templates.url(url).map_err(|name| of_client(&name, "the URL"))?)
        }
        Reach::Stdio(command) => {
            check_command(command)?;
            Value::from(command.clone())
        }
    };
    transport.insert(declared.reach.word().to_owned(), value);
    let env = values(Owner::Variable, &declared.env, templates)?;
    if !env.is_empty() {
        transport.insert("env".to_owned(), env.into());
    }
    if let Some(directory) = &declared.directory {
        if let Some(name) = of_editor(directory) {
            return Err(of_client(&name, "the program's folder"));
        }
        transport.insert("directory".to_owned(), directory.as_str().into());
    }
    Ok(transport.into())
}

fn check_lengths(declared: &Declared) -> Result<(), Refusal> {
    let texts: &[String] = match &declared.reach {
        Reach::Http(text) | Reach::Sse(text) => std::slice::from_ref(text),
        Reach::Stdio(command) => command,
    };
    let pairs = declared.headers.iter().chain(&declared.env).chain(&declared.query);
    let texts = texts.iter().chain(pairs.flat_map(|(key, value)| [key, value]));
    if texts.into_iter().all(|text| text.len() <= LONGEST) {
        return Ok(());
    }
    Err(Refusal {
        code: Code::TEXT_LIMIT,
        message: "a value is longer than 64 KiB".to_owned(),
        label: "longer than values are".to_owned(),
        help: "let the program read it from a file".to_owned(),
        shown: ("…".to_owned(), 0),
    })
}

fn values(
    owner: Owner,
    pairs: &[(String, String)],
    templates: &mut Templates<'_>,
) -> Result<Map<String, Value>, Refusal> {
    let mut map = Map::new();
    for (key, value) in pairs {
        if owner == Owner::Variable && (key.is_empty() || key.contains(|c: char| c == '=' || c.is_control())) {
            return Err(impossible("a variable's name is empty or has `=` or control characters", "rename it"));
        }
        if owner == Owner::Variable && value.contains('\0') {
            return Err(impossible("a variable's value has a null character", "leave it out"));
        }
        let template = templates.value(owner, key, value).map_err(|name| of_client(&name, &format!("`{key}`")))?;
        map.insert(key.clone(), template.into());
    }
    map.sort_keys();
    Ok(map)
}

/// A URL of a server has no user, query or fragment, and what has them may have credentials there.
fn check_url(url: &str) -> Result<(), Refusal> {
    let Some((scheme, rest)) = url.split_once("://") else { return Ok(()) };
    let refusal = |label: &str, help: &str, shown: String, from: usize| Refusal {
        code: Code::SERVER_URL,
        message: "this is not the URL of a server".to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        shown: (shown, from),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if let Some((_, host)) = authority.rsplit_once('@') {
        let help = "leave out what stands before `@`, and write `auth: {basic: {username: NAME, password: \"{{ secret.NAME }}\"}}` into the file";
        let shown = format!("{scheme}://…@{host}");
        return Err(refusal("must not hold a user name or password", help, shown, scheme.len() + 3));
    }
    let Some(at) = path.find(['?', '#']) else { return Ok(()) };
    let (before, query) = path.split_at(at);
    let names: Vec<&str> =
        query.trim_start_matches(['?', '#']).split('&').map(|it| it.split('=').next().unwrap_or_default()).collect();
    let key = names.first().copied().filter(|name| !name.is_empty()).unwrap_or("NAME");
    let help = format!(
        "leave out what begins with `?` or `#`, and write `auth: {{query: {{{key}: \"{{{{ secret.NAME }}}}\"}}}}` into the file, or say the credential with --header"
    );
    let shown = format!("{scheme}://{authority}{before}");
    let from = shown.len();
    let names: Vec<String> = names.iter().map(|name| format!("{name}=…")).collect();
    Err(refusal("must end with its path", &help, format!("{shown}?{}", names.join("&")), from))
}

fn check_command(command: &[String]) -> Result<(), Refusal> {
    if let Some(name) = command.iter().find_map(|argument| of_editor(argument)) {
        return Err(of_client(&name, "an argument"));
    }
    if command.iter().any(|argument| argument.contains('\0')) {
        return Err(impossible("an argument has a null character", "leave it out"));
    }
    let Some((place, from)) = credential_in(command) else { return Ok(()) };
    let mut shown = String::new();
    let mut at = 0;
    for (index, argument) in command.iter().enumerate().take(place + 1) {
        let gap = if index == 0 { "" } else { " " };
        let kept = if index == place { argument.get(..from).unwrap_or_default() } else { argument };
        shown.push_str(&format!("{gap}{kept}"));
        at = shown.len();
    }
    shown.push('…');
    let help = match command.iter().find(|argument| argument.starts_with("https://") || argument.starts_with("http://"))
    {
        Some(_) if command.iter().any(|argument| argument.contains("mcp-remote")) => {
            "reach the server itself: `cap add NAME URL --header 'Name: value'`"
        }
        Some(_) | None => "say it with --env, or leave it out and let the program read it from its environment",
    };
    Err(Refusal {
        code: Code::INVALID_VALUE,
        message: "an argument of the program looks like a credential".to_owned(),
        label: "arguments stand in the file as they are, and every process can read them".to_owned(),
        help: help.to_owned(),
        shown: (shown, at),
    })
}

/// What no system can start a program with.
fn impossible(message: &str, help: &str) -> Refusal {
    Refusal {
        code: Code::INVALID_VALUE,
        message: message.to_owned(),
        label: "no program can be started with it".to_owned(),
        help: help.to_owned(),
        shown: ("…".to_owned(), 0),
    }
}

fn of_client(name: &str, place: &str) -> Refusal {
    Refusal {
        code: Code::INVALID_VALUE,
        message: format!("{place} has `{name}`, which only the client knows"),
        label: "the gateway cannot fill it in".to_owned(),
        help: "write the value itself".to_owned(),
        shown: (name.to_owned(), 0),
    }
}

fn with_network(tree: Map<String, Value>) -> Map<String, Value> {
    let before = ["version", "kind", "name", "title", "description", "transport", "headers", "auth"];
    let (first, rest): (Vec<_>, Vec<_>) = tree.into_iter().partition(|(key, _)| before.contains(&key.as_str()));
    let network = std::iter::once(("network".to_owned(), Value::from("private")));
    first.into_iter().chain(network).chain(rest).collect()
}
