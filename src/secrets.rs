//! Opens what credentials come from, as flags and `cap.yaml` say: the environment, a folder, a file,
//! the vault and a command, asked in this order.

use std::env;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use cap_runtime::config::SecretsSettings;
use cap_runtime::secret::vault::{KeyKind, LaterVault, Vault, VaultKey};
use cap_runtime::secret::{MemoryStore, SecretStore, Secrets};
use secrecy::SecretString;

use crate::args::SecretArgs;
use crate::exit::Exit;
use crate::output::Output;

/// Where credentials come from and where tokens are kept.
pub(crate) struct SecretAccess {
    /// Looks secrets up.
    pub(crate) secrets: Secrets,
    /// Keeps tokens: the vault, or for want of one the memory of this process.
    pub(crate) tokens: Arc<dyn SecretStore>,
}

/// The environment variable with the vault's passphrase.
const PASSPHRASE: &str = "CAP_VAULT_PASSPHRASE";

/// Opens every source that is said, and the vault if there is one.
///
/// # Errors
/// When one of them cannot be used; what is wrong has been said.
pub(crate) fn open(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<SecretAccess, Exit> {
    let failed = |error: String| {
        output.error(&error, None);
        Exit::Environment
    };
    let mut secrets = Secrets::from_environment();
    if let Some(folder) = args.secrets_folder.as_ref().or(settings.folder.as_ref()) {
        secrets = secrets.with_folder(folder).map_err(|error| failed(error.to_string()))?;
    }
    if let Some(file) = args.secrets.as_ref().or(settings.file.as_ref()) {
        secrets = secrets.with_file(file).map_err(|error| failed(format!("cannot read the secrets: {error}")))?;
    }
    let vault = existing_vault(args, settings, output)?.map(Arc::new);
    if let Some(vault) = &vault {
        secrets = secrets.with_vault(Arc::clone(vault));
    }
    if !settings.command.is_empty() {
        secrets = secrets.with_command(&settings.command).map_err(|error| failed(error.to_string()))?;
    }
    let tokens: Arc<dyn SecretStore> = match vault {
        Some(vault) => vault,
        None => later_tokens(args, settings),
    };
    Ok(SecretAccess { secrets, tokens })
}

/// Tokens where there is no vault yet: somebody who logs in may make one, with its key in a file.
fn later_tokens(args: &SecretArgs, settings: &SecretsSettings) -> Arc<dyn SecretStore> {
    let said = |said: &Option<PathBuf>, setting: &Option<PathBuf>| said.as_ref().or(setting.as_ref()).cloned();
    let own = |variable, folder, file| own_folder(variable, folder).map(|folder| folder.join(file));
    let vault = said(&args.vault, &settings.vault).or_else(|| own("XDG_DATA_HOME", ".local/share", "vault"));
    let key = said(&args.vault_key, &settings.vault_key).or_else(|| own("XDG_CONFIG_HOME", ".config", "vault.key"));
    match vault.zip(key) {
        Some((vault, key)) => Arc::new(LaterVault::new(vault, key)),
        None => Arc::new(MemoryStore::default()),
    }
}

/// The vault to write to. It is made, with a key file if no other key is said, if there is none.
///
/// # Errors
/// When it or its key cannot be used; what is wrong has been said.
pub(crate) fn writable_vault(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<Vault, Exit> {
    if let Some(vault) = existing_vault(args, settings, output)? {
        return Ok(vault);
    }
    let path = vault_path(args, settings, output)?;
    let key = match said_key(args, settings, output)? {
        Some(key) => key,
        None => made_key(&key_path(args, settings, output)?, output)?,
    };
    opened(&path, key, output)
}

/// Where the vault is or will be.
///
/// # Errors
/// When nothing says where, and there is no home folder; what is wrong has been said.
pub(crate) fn vault_path(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<PathBuf, Exit> {
    let said = args.vault.as_ref().or(settings.vault.as_ref()).cloned();
    said.or_else(|| Some(own_folder("XDG_DATA_HOME", ".local/share")?.join("vault"))).ok_or_else(|| homeless(output))
}

/// A new key of the kind that is said: for `cap secret rekey`.
///
/// # Errors
/// When there is none; what is wrong has been said.
pub(crate) fn asked_passphrase(prompt: &str, output: &Output) -> Result<SecretString, Exit> {
    let typed = rpassword::prompt_password(prompt).map_err(|error| {
        output.error(&format!("cannot ask for a passphrase: {error}"), None);
        Exit::Environment
    })?;
    Ok(SecretString::from(typed))
}

fn existing_vault(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<Option<Vault>, Exit> {
    let said = args.vault.is_some() || settings.vault.is_some();
    // Without a home folder there is no vault that nobody named.
    if !said && own_folder("XDG_DATA_HOME", ".local/share").is_none() {
        return Ok(None);
    }
    let path = vault_path(args, settings, output)?;
    let kind = Vault::kind(&path).map_err(|error| vault_error(&error.to_string(), output))?;
    let Some(kind) = kind else { return Ok(None) };
    let key = match (said_key(args, settings, output)?, kind) {
        (Some(key), _) => key,
        (None, KeyKind::File) => read_key(&key_path(args, settings, output)?, output)?,
        (None, KeyKind::Passphrase) if std::io::stdin().is_terminal() => {
            VaultKey::Passphrase(asked_passphrase("Passphrase of the vault: ", output)?)
        }
        (None, KeyKind::Passphrase) => {
            let message = format!("the vault `{}` is locked with a passphrase, and none was given", path.display());
            output.error(&message, Some(&format!("set {PASSPHRASE}, or `vault_passphrase` in cap.yaml")));
            return Err(Exit::Environment);
        }
    };
    opened(&path, key, output).map(Some)
}

fn opened(path: &Path, key: VaultKey, output: &Output) -> Result<Vault, Exit> {
    Vault::open(path, key).map_err(|error| vault_error(&error.to_string(), output))
}

/// The key that somebody named, if anybody did.
fn said_key(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<Option<VaultKey>, Exit> {
    if let Some(path) = &args.vault_key {
        return if path.exists() { read_key(path, output).map(Some) } else { Ok(None) };
    }
    if let Some(passphrase) = env::var(PASSPHRASE).ok().filter(|text| !text.is_empty()) {
        return Ok(Some(VaultKey::Passphrase(SecretString::from(passphrase))));
    }
    if let Some((program, arguments)) = settings.vault_passphrase.split_first() {
        return printed(program, arguments, output).map(|text| Some(VaultKey::Passphrase(text)));
    }
    match &settings.vault_key {
        Some(path) if path.exists() => read_key(path, output).map(Some),
        Some(_) | None => Ok(None),
    }
}

fn key_path(args: &SecretArgs, settings: &SecretsSettings, output: &Output) -> Result<PathBuf, Exit> {
    let said = args.vault_key.as_ref().or(settings.vault_key.as_ref()).cloned();
    said.or_else(|| Some(own_folder("XDG_CONFIG_HOME", ".config")?.join("vault.key"))).ok_or_else(|| homeless(output))
}

fn read_key(path: &Path, output: &Output) -> Result<VaultKey, Exit> {
    VaultKey::read(path).map_err(|error| vault_error(&error.to_string(), output))
}

fn made_key(path: &Path, output: &Output) -> Result<VaultKey, Exit> {
    let key = if path.exists() { VaultKey::read(path) } else { VaultKey::make(path) };
    let key = key.map_err(|error| vault_error(&error.to_string(), output))?;
    output.detail(&format!("(the vault's key is in {}; keep a copy of it elsewhere)", path.display()));
    Ok(key)
}

/// The first line that a command prints, such as one that asks the keyring of the system.
fn printed(program: &str, arguments: &[String], output: &Output) -> Result<SecretString, Exit> {
    let run = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let text = run.ok().filter(|done| done.status.success()).and_then(|done| String::from_utf8(done.stdout).ok());
    let line = text.as_deref().and_then(|text| text.lines().next()).filter(|line| !line.is_empty());
    line.map(SecretString::from).ok_or_else(|| {
        output.error(&format!("`{program}` printed no passphrase"), Some("see `vault_passphrase` in cap.yaml"));
        Exit::Environment
    })
}

/// This program's folder below one that the XDG base directory specification names.
pub(crate) fn own_folder(variable: &str, otherwise: &str) -> Option<PathBuf> {
    let said = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    Some(said.or_else(|| Some(env::home_dir()?.join(otherwise)))?.join("cap"))
}

fn homeless(output: &Output) -> Exit {
    output.error("there is no home folder for the vault", Some("name its file with --vault"));
    Exit::Environment
}

fn vault_error(message: &str, output: &Output) -> Exit {
    output.error(message, None);
    Exit::Environment
}
