//! `cap auth logout`: tells the authorization server where it can be told, and removes the token.

use cap_runtime::execute::Revoked;

use super::{Desk, Keeping, failed};
use crate::args::LogoutArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};

pub(super) async fn run(args: &LogoutArgs, output: &Output) -> Result<Exit, Exit> {
    let desk = Desk::open(&args.access.folders, &args.access.secrets, Keeping::AsIs, output)?;
    for login in desk.of(&args.api, output)? {
        let revoked = desk.executor.logout(login).await.map_err(|error| failed(&error, output))?;
        let (tone, text) = match revoked {
            Revoked::Revoked => (Tone::Good, "the server ended the tokens, and they were removed here"),
            Revoked::NoEndpoint => {
                (Tone::Good, "the tokens were removed here; the server names no way to end them there")
            }
            Revoked::Failed => (Tone::Warning, "the tokens were removed here; the server could not be told"),
            Revoked::Nothing => (Tone::Good, "there was no token"),
        };
        output.status(tone, "Logged out", &format!("of {}: {text}", login.api));
    }
    Ok(Exit::Success)
}
