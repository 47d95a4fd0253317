//! `cap secret list`: which secrets there are, which ones definitions need, and where each comes
//! from. Never a value.

use std::collections::{BTreeMap, BTreeSet};

use cap_compiler::capability::{Upstream, UpstreamTransport};
use cap_runtime::secret::Secrets;
use cap_runtime::secret::vault::Vault;
use serde_json::{Value, json};

use crate::args::SecretListArgs;
use crate::commands::show;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

pub(crate) fn run(args: &SecretListArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.access.folders, output)?;
    let settings = &workspace.settings.secrets;
    let access = secrets::open(&args.access.secrets, settings, output)?;
    let users = users(&workspace, output);
    let stored = stored(args, &workspace, output)?;
    let names: BTreeSet<String> = users.keys().cloned().chain(stored).collect();
    fetch(&access.secrets, &names);
    let rows: Vec<Value> = names.iter().map(|name| row(name, &access.secrets, &users)).collect();
    if args.json {
        output.json(&Value::Array(rows));
    } else if rows.is_empty() {
        output.status(Tone::Good, "Nothing", "no definition needs a secret, and the vault is empty");
    } else {
        rows.iter().for_each(|row| output.data(&line(row)));
    }
    Ok(Exit::Success)
}

/// The secrets that tools and upstreams name, and the servers that need them. Folders that cannot be read need none.
fn users(workspace: &Workspace, output: &Output) -> BTreeMap<String, BTreeSet<String>> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if !workspace.folders.iter().any(|folder| folder.is_dir()) {
        return users;
    }
    let Ok(loaded) = workspace.load_tools(output) else { return users };
    for tool in &loaded.tools {
        for name in show::secrets_of(tool) {
            users.entry(name).or_default().insert(tool.server.to_string());
        }
    }
    for loaded in &loaded.upstreams {
        for name in secrets_of_upstream(&loaded.upstream) {
            users.entry(name).or_default().insert(loaded.upstream.name().to_string());
        }
    }
    users
}

/// The secrets that an upstream's requests or its program need.
fn secrets_of_upstream(upstream: &Upstream) -> BTreeSet<String> {
    match &upstream.transport {
        UpstreamTransport::Http(door) | UpstreamTransport::Sse(door) => show::secrets_of(door),
        UpstreamTransport::Stdio(program) => program.secrets().map(|name| name.0.clone()).collect(),
    }
}

fn stored(args: &SecretListArgs, workspace: &Workspace, output: &Output) -> Result<Vec<String>, Exit> {
    let settings = &workspace.settings.secrets;
    let path = secrets::vault_path(&args.access.secrets, settings, output)?;
    if !matches!(Vault::kind(&path), Ok(Some(_))) {
        return Ok(Vec::new());
    }
    let vault = secrets::writable_vault(&args.access.secrets, settings, output)?;
    vault.secret_names().map_err(|error| {
        output.error(&error.to_string(), None);
        Exit::Environment
    })
}

/// Asks the sources that take their time.
fn fetch(secrets: &Secrets, names: &BTreeSet<String>) {
    secrets.fetch_now(names.iter().map(String::as_str));
}

fn row(name: &str, secrets: &Secrets, users: &BTreeMap<String, BTreeSet<String>>) -> Value {
    let source = secrets.source_of(name).map(|source| source.to_string());
    json!({"name": name, "set": source.is_some(), "source": source, "used_by": users.get(name)})
}

fn line(row: &Value) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str);
    let users: Vec<&str> =
        row.get("used_by").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let used = if users.is_empty() { "nobody".to_owned() } else { users.join(", ") };
    let source = text("source").unwrap_or("not set");
    format!("{:<32} {source:<24} used by {used}\n", text("name").unwrap_or_default())
}
