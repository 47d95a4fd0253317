//! `cap connect`: enters the gateway into the configuration of an MCP client.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cap_compiler::source::SourceId;
use cap_runtime::config::{DEFAULT_LISTEN, SETTINGS_FILE};
use serde_json::Value;
use url::Url;

use crate::args::ConnectArgs;
use crate::clients::{
    Client, Edit, Gateway, GatewayReach, Surroundings, backup, edited, entry, entry_text, is_gateway, read, scan,
};
use crate::disk::{write_copy, write_in_place};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::workspace::Workspace;

pub(crate) fn run(args: &ConnectArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let surroundings = Surroundings::of_process();
    let gateway = gateway(&workspace);
    let Some(client) = args.client else {
        return Ok(list(&surroundings, &gateway, output));
    };
    check_name(&args.name, output)?;
    let reach = reach(args, client, &workspace, output)?;
    let entry = entry(client, &reach);
    let Some(path) = surroundings.user_file(client) else {
        output.error(&format!("there is no place for the configuration of {}", client.title()), Some("set HOME"));
        return Err(Exit::Environment);
    };
    if !args.write {
        output.data(&entry_text(client, &args.name, &entry));
        let file = path.display();
        output.status(Tone::Good, "Printed", &format!("what belongs into {file}"));
        output.detail(&format!("(`cap connect {} --write` writes it there)", client.id()));
        return Ok(Exit::Success);
    }
    let before = read(client, &path).map_err(|told| {
        told.show(output);
        output.error("a file that cannot be read is not written", None);
        Exit::Failure
    })?;
    let before = before.map(|file| file.text);
    let is_ours = |there: &Value| is_gateway(client, there, &gateway);
    match edited(client, before.as_deref().unwrap_or_default(), &args.name, &entry, is_ours) {
        Edit::Unchanged => {
            output.status(Tone::Good, "Unchanged", &format!("{} has the gateway already", path.display()));
        }
        Edit::Changed(text) => write(client, &path, before.as_deref(), &text, output)?,
        Edit::Taken => {
            let message = format!("`{}` of {} is another server", args.name, path.display());
            output.error(&message, Some("choose another name with --name"));
            return Err(Exit::Failure);
        }
        Edit::Strange => {
            let message = format!("`{}` of {} cannot be added to", client.key(), path.display());
            output.error(
                &message,
                Some("edit the file by hand; `cap connect` without --write prints what belongs there"),
            );
            return Err(Exit::Failure);
        }
    }
    Ok(Exit::Success)
}

/// Replaces the file, unless the client has written it meanwhile.
fn write(client: Client, path: &Path, before: Option<&str>, text: &str, output: &Output) -> Result<(), Exit> {
    let failed = |error: std::io::Error| {
        output.error(&format!("cannot write: {error}"), None);
        Exit::Environment
    };
    let Some(before) = before else {
        // A client's file may hold credentials one day: it is this account's alone.
        write_copy(path, text, path).map_err(failed)?;
        said(client, path, output);
        return Ok(());
    };
    let copy = backup(path, before).map_err(failed)?;
    if !std::fs::read(path).is_ok_and(|now| now == before.as_bytes()) {
        output.error(&format!("{} has changed meanwhile", path.display()), Some("run the command again"));
        return Err(Exit::Environment);
    }
    write_in_place(path, text).map_err(failed)?;
    output.status(Tone::Good, "Kept", &format!("the file as it was in {}", copy.display()));
    said(client, path, output);
    Ok(())
}

fn said(client: Client, path: &Path, output: &Output) {
    output.status(Tone::Good, "Wrote", &path.display().to_string());
    output.detail(&format!(
        "(restart {}; what it has of other servers can move here: `cap import --from-clients`)",
        client.title()
    ));
}

/// The gateway that the settings describe.
pub(crate) fn gateway(workspace: &Workspace) -> Gateway {
    let listen = workspace.settings.listen.unwrap_or(DEFAULT_LISTEN);
    Gateway { port: listen.port(), hosts: workspace.settings.allowed_hosts.clone() }
}

/// The clients that have a file, and what to run.
fn list(surroundings: &Surroundings, gateway: &Gateway, output: &Output) -> Exit {
    let scan = scan(&[], surroundings, gateway, BTreeSet::new());
    for client in Client::ALL {
        let files: Vec<&PathBuf> = scan.files.iter().filter(|(it, _)| *it == client).map(|(_, path)| path).collect();
        let place = surroundings.user_file(client).map(|path| SourceId::new(&path.to_string_lossy()));
        let broken = scan.told.iter().any(|told| Some(&told.diagnostic.primary.place.source) == place.as_ref());
        let state = match (files.first(), scan.own.iter().any(|(it, _)| *it == client)) {
            (_, true) => "connected".to_owned(),
            (Some(_), false) => format!("`cap connect {} --write`", client.id()),
            (None, false) if broken => "its file cannot be read".to_owned(),
            (None, false) => "no configuration found".to_owned(),
        };
        output.data(&format!("{:14}  {:14}  {state}\n", client.id(), client.title()));
    }
    output.status(Tone::Good, "Listed", "the clients that can be connected");
    Exit::Success
}

fn check_name(name: &str, output: &Output) -> Result<(), Exit> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_name && (1..=64).contains(&name.len()) {
        return Ok(());
    }
    output.error("the name of an entry has letters, digits, `_` and `-`", Some("choose another one with --name"));
    Err(Exit::Usage)
}

fn reach(args: &ConnectArgs, client: Client, workspace: &Workspace, output: &Output) -> Result<GatewayReach, Exit> {
    if let Some(url) = &args.url {
        let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !is_web {
            output.error("--url is no URL with `http` or `https`", None);
            return Err(Exit::Usage);
        }
        return Ok(GatewayReach::Url(url.clone()));
    }
    // Claude Desktop's file has programs only.
    if args.stdio || client == Client::ClaudeDesktop {
        return program(args, workspace).map_err(|error| {
            output.error(&format!("cannot say where the program and its folders are: {error}"), None);
            Exit::Environment
        });
    }
    let listen = workspace.settings.listen.unwrap_or(DEFAULT_LISTEN);
    let host = if listen.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host_text(listen.ip()) };
    Ok(GatewayReach::Url(format!("http://{host}:{}/mcp", listen.port())))
}

fn host_text(address: std::net::IpAddr) -> String {
    match address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// `cap serve --stdio`, from anywhere.
fn program(args: &ConnectArgs, workspace: &Workspace) -> std::io::Result<GatewayReach> {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mut arguments = vec!["serve".to_owned(), "--stdio".to_owned()];
    for folder in &workspace.folders {
        arguments.extend(["--capabilities".to_owned(), text(std::path::absolute(folder)?)]);
    }
    let settings =
        args.folders.config.clone().or_else(|| Some(PathBuf::from(SETTINGS_FILE)).filter(|path| path.is_file()));
    if let Some(settings) = settings {
        arguments.extend(["--config".to_owned(), text(std::path::absolute(settings)?)]);
    }
    Ok(GatewayReach::Program(text(std::env::current_exe()?), arguments))
}
