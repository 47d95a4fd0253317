//! The key that signs: found, read and opened. Its passphrase comes from the environment or the keyboard.

use std::env;
use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use cap_compiler::capability::SecretName;
use cap_compiler::pin::signature::{KeyFault, SigningKey};
use cap_runtime::secret::Secrets;
use secrecy::{ExposeSecret, SecretString};

use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets::asked_passphrase;

/// The environment variable with the key's passphrase; with `_FILE` behind it, the one that names its file.
const PASSPHRASE: &str = "CAP_KEY_PASSPHRASE";

/// Longer files are no keys.
const LARGEST: u64 = 64 * 1024;

/// The key that was named, or the usual one, ready to sign.
///
/// # Errors
/// When there is none, or it cannot be opened; what is wrong has been said.
pub(super) fn open(path: Option<&Path>, output: &Output) -> Result<SigningKey, Exit> {
    let path = match path {
        Some(path) => path.to_owned(),
        None => usual(output)?,
    };
    let fault = |fault: KeyFault| {
        output.error(&format!("`{}` cannot sign: {fault}", path.display()), None);
        Exit::Environment
    };
    let text = read(&path).map_err(|error| {
        let help = "name your key with --key, or make one with `ssh-keygen -t ed25519`";
        output.error(&format!("cannot read the key `{}`: {error}", path.display()), Some(help));
        Exit::Environment
    })?;
    warn_of_readers(&path, output);
    let key = SigningKey::parse(text.expose_secret().as_bytes()).map_err(fault)?;
    if !key.is_encrypted() {
        return Ok(key);
    }
    let passphrase = passphrase(&path, output)?;
    key.decrypted(passphrase.expose_secret().as_bytes()).map_err(fault)
}

fn usual(output: &Output) -> Result<PathBuf, Exit> {
    let home = env::home_dir().filter(|home| home.is_absolute());
    home.map(|home| home.join(".ssh/id_ed25519")).ok_or_else(|| {
        output.error("there is no home folder with a key", Some("name your key with --key"));
        Exit::Environment
    })
}

fn read(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(SecretString::from(text))
}

fn passphrase(path: &Path, output: &Output) -> Result<SecretString, Exit> {
    if let Some(said) = Secrets::from_environment().resolve(&SecretName(PASSPHRASE.to_owned())) {
        return Ok(said);
    }
    if !io::stdin().is_terminal() {
        let message = format!("the key `{}` is encrypted, and nobody can be asked for its passphrase", path.display());
        output.error(&message, Some(&format!("set {PASSPHRASE}, or {PASSPHRASE}_FILE with the path of a file")));
        return Err(Exit::Environment);
    }
    asked_passphrase(&format!("Passphrase of {}: ", path.display()), output)
}

/// Whoever can read the key can sign with it.
#[cfg(unix)]
fn warn_of_readers(path: &Path, output: &Output) {
    use std::os::unix::fs::PermissionsExt;
    if path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        let text = format!("others can read the key; `chmod 600 {}` keeps it to you", path.display());
        output.status(Tone::Warning, "Warning", &text);
    }
}

#[cfg(not(unix))]
fn warn_of_readers(_: &Path, _: &Output) {}
