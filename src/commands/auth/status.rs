//! `cap auth status`: which tokens are stored, for whom and until when. Never a value.

use std::time::{SystemTime, UNIX_EPOCH};

use cap_runtime::execute::{ErrorKind, Login, TokenStatus, ToolError};
use serde_json::{Value, json};

use super::{Desk, Keeping, failed};
use crate::args::StatusArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};

pub(super) async fn run(args: &StatusArgs, output: &Output) -> Result<Exit, Exit> {
    let desk = Desk::open(&args.access.folders, &args.access.secrets, Keeping::AsIs, output)?;
    for api in &args.apis {
        desk.of(api, output)?;
    }
    let mut rows = Vec::new();
    for login in desk.logins.iter().filter(|login| args.apis.is_empty() || args.apis.contains(&login.api)) {
        let status = match desk.executor.login_status(login).await {
            Err(error) if error.kind() != ErrorKind::Secret => return Err(failed(&error, output)),
            status => status,
        };
        let ready = desk.executor.has_ready_token(login);
        if args.json {
            rows.push(row(login, ready, &status));
        } else {
            show(login, ready, &status, output);
        }
    }
    if args.json {
        output.json(&Value::Array(rows));
    } else if desk.logins.is_empty() {
        output.status(Tone::Good, "Finished", "no api and no upstream uses OAuth 2.0");
    }
    Ok(Exit::Success)
}

fn row(login: &Login, ready: bool, status: &Result<Option<TokenStatus>, ToolError>) -> Value {
    let (api, grant) = (&login.api, login.grant().name());
    match status {
        Ok(Some(token)) => json!({
            "api": api, "grant": grant, "ready_token": ready, "stored": true, "usable": token.usable,
            "expires_at": token.expires_at, "refreshable": token.refreshable, "scopes": token.scopes,
        }),
        Ok(None) => json!({"api": api, "grant": grant, "ready_token": ready, "stored": false}),
        Err(error) => {
            json!({"api": api, "grant": grant, "ready_token": ready, "stored": false, "problem": error.to_string()})
        }
    }
}

fn show(login: &Login, ready: bool, status: &Result<Option<TokenStatus>, ToolError>, output: &Output) {
    let text = match status {
        _ if ready => "uses the ready token that is set as a secret".to_owned(),
        Ok(Some(token)) => until(token),
        Ok(None) if login.is_described() => {
            format!("nobody has logged in; if the server asks for it, run `cap auth login {}`", login.api)
        }
        Ok(None) if login.grant().needs_login() => format!("not logged in; run `cap auth login {}`", login.api),
        Ok(None) => "no token yet; the next call obtains one".to_owned(),
        Err(error) => error.to_string(),
    };
    output.data(&format!("{}  {}  {text}\n", login.api, login.grant().name()));
}

/// How long a token is good for, and what for.
pub(super) fn until(token: &TokenStatus) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let life = match token.expires_at {
        None => "with a token that does not say when it expires".to_owned(),
        Some(at) if at <= now => "with a token that has expired".to_owned(),
        Some(at) => format!("with a token for {}", span(at - now)),
    };
    let renewed = if token.refreshable { ", renewed when it expires" } else { "" };
    let scopes = if token.scopes.is_empty() { String::new() } else { format!("; scopes: {}", token.scopes.join(" ")) };
    format!("{life}{renewed}{scopes}")
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
