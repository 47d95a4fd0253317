//! `cap auth`: logins to apis and upstreams that want OAuth 2.0. Values of tokens are never shown.

mod browser;
mod callback;
mod login;
mod logout;
mod status;

use std::sync::Arc;

use cap_runtime::execute::{Executor, Login, Prepared, ToolError, door_logins, logins};
use cap_runtime::load::Loaded;
use url::Url;

use super::call;
use crate::args::{AuthArgs, AuthCommand, FolderArgs, SecretArgs};
use crate::catalog::snapshot;
use crate::exit::Exit;
use crate::output::Output;
use crate::secrets;
use crate::workspace::Workspace;

pub(crate) fn run(args: &AuthArgs, output: &Output) -> Result<Exit, Exit> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    match &args.command {
        AuthCommand::Login(args) => runtime.block_on(login::run(args, output)),
        AuthCommand::Status(args) => runtime.block_on(status::run(args, output)),
        AuthCommand::Logout(args) => runtime.block_on(logout::run(args, output)),
    }
}

/// What the subcommands share: who can be logged in to, and with what.
struct Desk {
    executor: Executor,
    logins: Vec<Login>,
    apis: Vec<String>,
    client_metadata_url: Option<Url>,
}

/// Whether tokens have to outlive the command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeping {
    /// They are made, so there must be a vault.
    Lasting,
    /// They are only looked at.
    AsIs,
}

impl Desk {
    fn open(folders: &FolderArgs, secrets: &SecretArgs, keeping: Keeping, output: &Output) -> Result<Self, Exit> {
        let workspace = Workspace::open(folders, output)?;
        let loaded = workspace.load_tools(output)?;
        let snapshot = snapshot(&loaded, output)?;
        let mut access = secrets::open(secrets, &workspace.settings.secrets, output)?;
        if keeping == Keeping::Lasting {
            access.tokens = Arc::new(secrets::writable_vault(secrets, &workspace.settings.secrets, output)?);
        }
        let executor = call::executor(access, output)?;
        let tools = snapshot.tools();
        let mut apis: Vec<String> = tools.iter().map(|tool| tool.capability().server.to_string()).collect();
        apis.extend(loaded.upstreams.iter().map(|upstream| upstream.upstream.name().to_string()));
        apis.sort();
        apis.dedup();
        let mut logins = logins(tools.iter().map(|tool| tool.prepared.as_ref()));
        logins.extend(upstream_logins(&loaded));
        let client_metadata_url = workspace.settings.client_metadata_url;
        Ok(Self { executor, logins, apis, client_metadata_url })
    }

    /// The logins of one api.
    ///
    /// # Errors
    /// When it has none; what is wrong has been said.
    fn of(&self, api: &str, output: &Output) -> Result<Vec<&Login>, Exit> {
        let found: Vec<&Login> = self.logins.iter().filter(|login| login.api == api).collect();
        if !found.is_empty() {
            return Ok(found);
        }
        let (message, help) = if self.apis.iter().any(|known| known == api) {
            let help = "`oauth2` under `auth` or `schemes` of its file says how tokens are obtained";
            (format!("`{api}` does not use OAuth 2.0"), help.to_owned())
        } else {
            let names: Vec<String> = self.logins.iter().map(|login| format!("`{}`", login.api)).collect();
            let help = if names.is_empty() {
                "no api and no upstream uses OAuth 2.0".to_owned()
            } else {
                format!("known: {}", names.join(", "))
            };
            (format!("there is no api or upstream `{api}`"), help)
        };
        output.error(&message, Some(&help));
        Err(Exit::Failure)
    }
}

/// The logins of upstreams. One whose files are not what was pinned is reached by nobody.
fn upstream_logins(loaded: &Loaded) -> Vec<Login> {
    let admitted = loaded.upstreams.iter().filter(|it| it.admitted.is_ok());
    let doors = admitted.filter_map(|it| it.upstream.door().cloned());
    doors.flat_map(|door| door_logins(&Prepared::new(door))).collect()
}

/// Says why a login or a token failed.
fn failed(error: &ToolError, output: &Output) -> Exit {
    output.error(&error.to_string(), None);
    Exit::CallFailed
}
