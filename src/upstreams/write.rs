//! Puts upstream files into a capabilities folder, and says what was done and what is to be done next.

use std::io;
use std::path::{Path, PathBuf};

use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::secret::net;
use secrecy::ExposeSecret;

use super::draft::{Draft, judge_at};
use super::known::{Known, KnownKind};
use super::template::NeededSecret;
use crate::args::SecretArgs;
use crate::commands::import::write_schemas;
use crate::disk::{write_atomic, write_new};
use crate::exit::Exit;
use crate::output::{Output, Tone};
use crate::secrets;
use crate::workspace::Workspace;

/// Where files go, and how.
#[derive(Clone, Debug)]
pub(crate) struct Outlet<'a> {
    /// The capabilities folder.
    pub(crate) folder: &'a Path,
    /// What the folders have already.
    pub(crate) known: &'a [Known],
    /// What becomes of a file that is there.
    pub(crate) existing: Existing,
    /// Whether anything is written.
    pub(crate) effect: Effect,
}

/// What becomes of a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It stays, and that is an error.
    Keep,
    /// It is replaced.
    Replace,
}

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is.
    Write,
    /// Only the text is shown.
    Show,
}

impl Outlet<'_> {
    /// Checks a draft and writes it.
    ///
    /// # Errors
    /// When the compiler has a fault to find, the name is taken, or the file cannot be written; what is
    /// wrong has been said.
    pub(crate) fn put(&self, draft: &Draft, output: &Output) -> Result<(), Exit> {
        check_name(draft, output)?;
        let path = upstream_path(self.folder, &draft.name);
        if self.effect == Effect::Write && std::fs::read(&path).is_ok_and(|there| there == draft.text.as_bytes()) {
            output.status(Tone::Good, "Unchanged", &path.display().to_string());
            return Ok(());
        }
        self.check_taken(draft, &path, output)?;
        check(draft, &path, output)?;
        if self.effect == Effect::Show {
            output.data(&draft.text);
            return Ok(());
        }
        self.write(&path, &draft.text).map_err(|error| {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return exists(&path, output);
            }
            output.error(&format!("cannot write: {error}"), None);
            Exit::Environment
        })?;
        output.status(Tone::Good, "Wrote", &path.display().to_string());
        Ok(())
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        match self.existing {
            Existing::Replace => write_atomic(path, text)?,
            Existing::Keep => write_new(path, text)?,
        }
        write_schemas(self.folder)
    }

    /// A name is an api's or an upstream's once.
    fn check_taken(&self, draft: &Draft, path: &Path, output: &Output) -> Result<(), Exit> {
        let other = self.known.iter().find(|known| known.name == draft.name);
        if let Some(other) = other.filter(|other| !is_same(&other.path, path)) {
            let help = match other.kind {
                KnownKind::Upstream(_) => format!("choose another name, or remove it with `cap remove {}`", other.name),
                KnownKind::Api | KnownKind::Tool => "choose another name".to_owned(),
            };
            output.error(&format!("`{}` is {} already, in {}", other.name, other.what(), other.source), Some(&help));
            return Err(Exit::Failure);
        }
        if path.exists() && self.existing == Existing::Keep {
            return Err(exists(path, output));
        }
        Ok(())
    }
}

/// Where an upstream's file goes. The name must be one that tools can have.
pub(crate) fn upstream_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).join("upstream.yaml")
}

fn is_same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn exists(path: &Path, output: &Output) -> Exit {
    output.error(&format!("{} exists already", path.display()), Some("--force replaces it"));
    Exit::Failure
}

/// A name that is none must not become part of a path.
fn check_name(draft: &Draft, output: &Output) -> Result<(), Exit> {
    let source = SourceId::new("upstream.yaml");
    let faults = judge_at(&source, &draft.text);
    let of_name = faults.into_iter().filter(|fault| fault.is_error() && is_about_name(fault)).collect::<Vec<_>>();
    if of_name.is_empty() { Ok(()) } else { Err(show(&of_name, &source, &draft.text, output)) }
}

fn is_about_name(fault: &Diagnostic) -> bool {
    fault.primary.place.pointer.tokens().first().is_some_and(|token| token == "name")
}

/// The file passes `cap check`.
fn check(draft: &Draft, path: &Path, output: &Output) -> Result<(), Exit> {
    let source = SourceId::new(&path.to_string_lossy());
    let faults = judge_at(&source, &draft.text);
    if faults.iter().any(Diagnostic::is_error) {
        return Err(show(&faults, &source, &draft.text, output));
    }
    Ok(())
}

fn show(faults: &[Diagnostic], source: &SourceId, text: &str, output: &Output) -> Exit {
    let mut loader = MemoryLoader::default();
    loader.insert(source.as_str(), text.as_bytes());
    output.diagnostics(faults, &loader);
    output.status(Tone::Bad, "Failure", "nothing was written");
    Exit::Failure
}

/// Values are masked in whatever is said from here on; the longest and the thousandth are said nowhere.
pub(crate) fn mask<'a>(needed: impl Iterator<Item = &'a NeededSecret>) {
    let values = needed.filter_map(|secret| Some((secret.name.as_str(), secret.value.as_ref()?.expose_secret())));
    net::learn_all(values.filter(|(_, value)| value.len() <= 1_024).take(1_000));
}

/// Says that an argument may be a credential.
pub(crate) fn say_doubt(draft: &Draft, output: &Output) {
    if let Some(number) = draft.doubtful {
        let text = format!(
            "argument {number} of `{}` stands in the file as it is: if it is a credential, say it in `env`",
            draft.name
        );
        output.status(Tone::Warning, "Note", &text);
    }
}

/// Says which secrets a file needs, and how they are set.
pub(crate) fn say_secrets<'a>(needed: impl Iterator<Item = &'a NeededSecret>, output: &Output) {
    for secret in needed {
        let name = &secret.name;
        output.status(Tone::Warning, "Secret", &format!("{name} ({}): `cap secret set {name}`", secret.purpose));
    }
}

/// Puts the values that were said into the vault. One that is there stays, unless it is to be replaced.
///
/// # Errors
/// When the vault cannot be used; what is wrong has been said.
pub(crate) fn store<'a>(
    needed: impl Iterator<Item = &'a NeededSecret>,
    args: &SecretArgs,
    workspace: &Workspace,
    existing: Existing,
    output: &Output,
) -> Result<(), Exit> {
    let (said, unsaid): (Vec<&NeededSecret>, Vec<&NeededSecret>) = needed.partition(|secret| secret.value.is_some());
    say_secrets(unsaid.into_iter(), output);
    if said.is_empty() {
        return Ok(());
    }
    let failed = |error: &dyn std::fmt::Display| {
        output.error(&error.to_string(), None);
        Exit::Environment
    };
    let vault = secrets::writable_vault(args, &workspace.settings.secrets, output)?;
    let stored = vault.secret_names().map_err(|error| failed(&error))?;
    for secret in said {
        let Some(value) = &secret.value else { continue };
        if existing == Existing::Keep && stored.contains(&secret.name) {
            let text = format!("{} is in the vault already; `cap secret set {}` replaces it", secret.name, secret.name);
            output.status(Tone::Warning, "Kept", &text);
            continue;
        }
        vault.set_secret(&secret.name, value).map_err(|error| failed(&error))?;
        output.status(Tone::Good, "Set", &format!("{} in the vault", secret.name));
    }
    Ok(())
}
