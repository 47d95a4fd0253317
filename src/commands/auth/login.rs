//! `cap auth login`: a person logs in with a browser on this machine, or on another device.

use std::time::Duration;

use cap_compiler::capability::Grant;
use cap_runtime::execute::{Login, LoginRequest, TokenStatus};

use super::callback::{Callback, Heard};
use super::status::until;
use super::{Desk, Keeping, browser, failed};
use crate::args::LoginArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};

pub(super) async fn run(args: &LoginArgs, output: &Output) -> Result<Exit, Exit> {
    let desk = Desk::open(&args.access.folders, &args.access.secrets, Keeping::Lasting, output)?;
    let logins = desk.of(&args.api, output)?;
    let mut done = 0_usize;
    for login in logins {
        if !login.grant().needs_login() && !args.device {
            continue;
        }
        if desk.executor.has_ready_token(login) {
            let text = format!("the secret of the ready token of `{}` is set and goes before every login", login.api);
            output.status(Tone::Warning, "Warning", &text);
        }
        let device = args.device || login.grant() == Grant::DeviceCode;
        let status = if device {
            on_device(&desk, login, output).await?
        } else {
            in_browser(&desk, login, args, output).await?
        };
        output.status(Tone::Good, "Logged in", &format!("to {}, {}", login.api, until(&status)));
        done += 1;
    }
    if done == 0 {
        let help = "tokens are obtained by the calls themselves; `cap auth status` shows them";
        output.error(&format!("nobody has to log in to `{}`", args.api), Some(help));
        return Err(Exit::Failure);
    }
    Ok(Exit::Success)
}

async fn in_browser(desk: &Desk, login: &Login, args: &LoginArgs, output: &Output) -> Result<TokenStatus, Exit> {
    let callback = listen(desk, login, args.port, output).await?;
    let request = LoginRequest {
        redirect_uri: callback.redirect_uri(),
        scopes: args.scopes.clone(),
        client_metadata_url: desk.client_metadata_url.clone(),
    };
    let begun = desk.executor.begin_code_login(login, &request).await;
    let begun = begun.map_err(|error| failed(&error, output))?;
    output.address("Open", begun.url.as_str());
    if !args.no_browser && !browser::open(&begun.url) {
        output.detail("(no browser could be opened; open the address yourself, on this machine)");
    }
    let heard = callback.hear(Duration::from_secs(args.wait)).await;
    let Some(Heard { query, page }) = heard else {
        let help = "run it again; --wait gives more time, and --device needs no browser here";
        output.error(&format!("nobody came back within {} s", args.wait), Some(help));
        return Err(Exit::CallFailed);
    };
    match desk.executor.finish_code_login(begun, &query).await {
        Ok(status) => {
            page.say("You are logged in. You can close this page.").await;
            Ok(status)
        }
        Err(error) => {
            page.say("The login failed. The terminal says why.").await;
            Err(failed(&error, output))
        }
    }
}

/// Listens where a person says, or else where the login of before did, so that the client that was
/// registered for it is good once more.
async fn listen(desk: &Desk, login: &Login, port: u16, output: &Output) -> Result<Callback, Exit> {
    if port == 0 {
        let before = desk.executor.registered_callback(login).await.map_err(|error| failed(&error, output))?;
        if let Some(port) = before.and_then(|url| url.port())
            && let Ok(callback) = Callback::listen(port).await
        {
            return Ok(callback);
        }
    }
    Callback::listen(port).await.map_err(|error| {
        output.error(&format!("cannot listen on 127.0.0.1:{port}: {error}"), Some("--port 0 takes a free one"));
        Exit::Environment
    })
}

async fn on_device(desk: &Desk, login: &Login, output: &Output) -> Result<TokenStatus, Exit> {
    let begun = desk.executor.begin_device_login(login).await.map_err(|error| failed(&error, output))?;
    output.status(Tone::Good, "Open", &begun.verification_uri);
    output.status(Tone::Good, "Enter", &begun.user_code);
    if let Some(complete) = &begun.verification_uri_complete {
        output.detail(&format!("(or open {complete})"));
    }
    output.detail(&format!("(waiting for up to {} s)", begun.expires_in.as_secs()));
    desk.executor.finish_device_login(begun).await.map_err(|error| failed(&error, output))
}
