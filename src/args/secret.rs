//! `cap secret`, and the flags of commands that need secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::FolderArgs;

/// Where secrets come from, beside the environment.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SecretArgs {
    /// A file with secrets, one NAME=value a line
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets: Option<PathBuf>,
    /// A folder with one file for each secret, such as /run/secrets
    #[arg(long, value_name = "DIR")]
    pub(crate) secrets_folder: Option<PathBuf>,
    /// The encrypted vault [default: cap/vault in the folder for data of your account]
    #[arg(long, value_name = "FILE")]
    pub(crate) vault: Option<PathBuf>,
    /// The vault's key file [default: cap/vault.key in the folder for settings of your account]
    #[arg(long, value_name = "FILE")]
    pub(crate) vault_key: Option<PathBuf>,
}

/// What a command needs that looks for secrets of tools.
#[derive(Args, Clone, Debug)]
pub(crate) struct AccessArgs {
    /// Where secrets come from, and tokens are kept.
    #[command(flatten)]
    pub(crate) secrets: SecretArgs,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// `cap secret`
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  cap secret set GITHUB_TOKEN                  typed without being shown
  pass show github | cap secret set GITHUB_TOKEN
  cap secret list                              what is set, where it comes from, and what is missing

A definition names a secret as {{ secret.NAME }}. It is looked for in the environment (NAME, or
NAME_FILE with a path), in --secrets-folder, in the --secrets file, in the vault, and then with the
command that cap.yaml names. The vault's key is CAP_VAULT_PASSPHRASE, --vault-key, or a key file
that is made when the first secret is set.")]
pub(crate) enum SecretCommand {
    /// Put a value into the vault, from the keyboard or standard input
    Set(SecretSetArgs),
    /// List secrets by name: which are set, where they come from, which apis need them
    List(SecretListArgs),
    /// Take a value out of the vault
    Rm(SecretRmArgs),
    /// Encrypt the vault with another key
    Rekey(SecretRekeyArgs),
}

/// `cap secret set`
#[derive(Args, Debug)]
pub(crate) struct SecretSetArgs {
    /// The secret's name, as definitions have it
    pub(crate) name: String,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `cap secret list`
#[derive(Args, Debug)]
pub(crate) struct SecretListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `cap secret rm`
#[derive(Args, Debug)]
pub(crate) struct SecretRmArgs {
    /// The secret's name
    pub(crate) name: String,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// `cap secret rekey`
#[derive(Args, Debug)]
pub(crate) struct SecretRekeyArgs {
    /// Make a key file here and use it, instead of asking for a passphrase
    #[arg(long, value_name = "FILE")]
    pub(crate) new_key: Option<PathBuf>,
    /// What there is, and what opens it.
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}
