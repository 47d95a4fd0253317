//! `cap secret set`: puts a value into the vault. It is typed without being shown, or comes from
//! standard input; never from an argument, which every process on the machine can read.

use std::io::{IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};

use crate::args::SecretSetArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

/// Longer values are no secrets but files.
const LONGEST: u64 = 64 * 1024;

pub(crate) fn run(args: &SecretSetArgs, output: &Output) -> Result<Exit, Exit> {
    if !is_name(&args.name) {
        let message = format!("`{}` is no name of a secret", args.name);
        output.error(&message, Some("letters, digits and `_`, not beginning with a digit: `{{ secret.NAME }}`"));
        return Err(Exit::Usage);
    }
    let workspace = Workspace::open(&args.access.folders, output)?;
    let vault = secrets::writable_vault(&args.access.secrets, &workspace.settings.secrets, output)?;
    let value = value(&args.name, output)?;
    vault.set_secret(&args.name, &value).map_err(|error| {
        output.error(&error.to_string(), None);
        Exit::Environment
    })?;
    output.status(Tone::Good, "Set", &format!("{} in the vault", args.name));
    Ok(Exit::Success)
}

fn value(name: &str, output: &Output) -> Result<SecretString, Exit> {
    let failed = |message: &str| {
        output.error(message, None);
        Exit::Usage
    };
    if std::io::stdin().is_terminal() {
        let typed = secrets::asked_passphrase(&format!("Value of {name}: "), output)?;
        return if typed.expose_secret().is_empty() { Err(failed("an empty value is no secret")) } else { Ok(typed) };
    }
    let mut text = String::new();
    let read = std::io::stdin().take(LONGEST + 1).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 > LONGEST {
        return Err(failed("standard input is no text of at most 64 KiB"));
    }
    let value = text.trim_end_matches(['\r', '\n']);
    if value.is_empty() { Err(failed("standard input is empty")) } else { Ok(SecretString::from(value)) }
}

fn is_name(name: &str) -> bool {
    let word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    word && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())
}
