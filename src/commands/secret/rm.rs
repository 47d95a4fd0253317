//! `cap secret rm`: takes a value out of the vault.

use crate::args::SecretRmArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

pub(crate) fn run(args: &SecretRmArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.access.folders, output)?;
    let vault = secrets::writable_vault(&args.access.secrets, &workspace.settings.secrets, output)?;
    match vault.remove_secret(&args.name) {
        Ok(true) => output.status(Tone::Good, "Removed", &format!("{} from the vault", args.name)),
        Ok(false) => {
            output.error(&format!("the vault has no secret `{}`", args.name), Some("`cap secret list` shows them"));
            return Err(Exit::Failure);
        }
        Err(error) => {
            output.error(&error.to_string(), None);
            return Err(Exit::Environment);
        }
    }
    Ok(Exit::Success)
}
