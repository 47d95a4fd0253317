//! The command lines of `cap sign` and `cap verify`, and what `cap serve` wants to be signed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cap_compiler::pin::Digest;
use clap::Args;

use super::FolderArgs;

/// `cap sign`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap sign                             with ~/.ssh/id_ed25519
  cap sign --key ~/.ssh/release_ed25519
  CAP_KEY_PASSPHRASE_FILE=/run/secrets/key cap sign     where nobody can be asked for it

The signature is what `ssh-keygen -Y sign -n cap.lock` makes, and goes into cap.lock.sig beside the
lock file; several people sign one after the other. Files that are not what cap.lock says are not
signed: review them, and `cap pin`. Let others know your key by a line of allowed signers:
  echo \"alice@example.com namespaces=\\\"cap.lock\\\" $(cat ~/.ssh/id_ed25519.pub)\" >> allowed_signers")]
pub(crate) struct SignArgs {
    /// Your private key: ed25519, in OpenSSH's format [default: ~/.ssh/id_ed25519]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// `cap verify`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cap verify --signers allowed_signers      status 3 unless one of them signed what is there
  cap verify --signers allowed_signers --signatures 2
  cap verify --source openapi.json shop     status 1 unless capabilities/shop is what it makes

Allowed signers are OpenSSH's, a line for each key; a key that another one follows has an end:
  alice@example.com namespaces=\"cap.lock\",valid-before=\"20280101Z\" ssh-ed25519 AAAA…

The same without this program, in the capabilities folder:
  ssh-keygen -Y verify -f ../allowed_signers -I alice@example.com -n cap.lock \\
    -s cap.lock.sig < cap.lock && sha256sum -c cap.lock")]
pub(crate) struct VerifyArgs {
    /// The file of the allowed signers [default: `require_signature` of cap.yaml]
    #[arg(long, value_name = "FILE", conflicts_with = "source")]
    pub(crate) signers: Option<PathBuf>,
    /// How many different signers are wanted [default: cap.yaml's, or 1]
    #[arg(long, value_name = "N", conflicts_with = "source")]
    pub(crate) signatures: Option<NonZeroUsize>,
    /// The OpenAPI document that an api was imported from: a file, a folder with one, an http(s) URL, or `-`
    #[arg(long, value_name = "DOCUMENT")]
    pub(crate) source: Option<String>,
    /// An overlay that was applied, in order [default: those that the api's import names]
    #[arg(long, value_name = "FILE", requires = "source")]
    pub(crate) overlay: Vec<String>,
    /// The imported api: its name or its folder [default: the only one]
    #[arg(requires = "source", value_name = "API")]
    pub(crate) api: Option<PathBuf>,
    /// Folders and settings.
    #[command(flatten)]
    pub(crate) folders: FolderArgs,
}

/// What `cap serve` wants to be signed.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SignatureArgs {
    /// Serve only what one of these allowed signers has signed (OpenSSH's format); implies --locked
    #[arg(long, value_name = "FILE")]
    pub(crate) require_signature: Option<PathBuf>,
    /// How many different signers are wanted [default: cap.yaml's, or 1]
    #[arg(long, value_name = "N")]
    pub(crate) signatures: Option<NonZeroUsize>,
    /// Serve the cap.lock of this SHA-256 digest again, though a newer one was served since; may be repeated
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    pub(crate) allow_rollback: Vec<Digest>,
}

fn digest(text: &str) -> Result<Digest, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    Digest::parse(digits).ok_or_else(|| "it is not 64 hexadecimal digits".to_owned())
}
