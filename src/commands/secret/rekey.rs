//! `cap secret rekey`: encrypts the vault with another key.

use cap_runtime::secret::vault::VaultKey;
use secrecy::ExposeSecret;

use crate::args::SecretRekeyArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

pub(crate) fn run(args: &SecretRekeyArgs, output: &Output) -> Result<Exit, Exit> {
    let failed = |message: String| {
        output.error(&message, None);
        Exit::Environment
    };
    let workspace = Workspace::open(&args.access.folders, output)?;
    let vault = secrets::writable_vault(&args.access.secrets, &workspace.settings.secrets, output)?;
    let key = match &args.new_key {
        Some(path) => VaultKey::make(path).map_err(|error| failed(error.to_string()))?,
        None => {
            let first = secrets::asked_passphrase("New passphrase: ", output)?;
            let again = secrets::asked_passphrase("Once more: ", output)?;
            if first.expose_secret() != again.expose_secret() || first.expose_secret().is_empty() {
                return Err(failed("the two are not the same, or empty; nothing was changed".to_owned()));
            }
            VaultKey::Passphrase(first)
        }
    };
    vault.rekey(key).map_err(|error| failed(error.to_string()))?;
    output.status(Tone::Good, "Changed", "the vault's key; the old one no longer opens it");
    Ok(Exit::Success)
}
