//! What a command works on: settings and folders, flags before `cap.yaml` before defaults.

use std::path::{Path, PathBuf};

use cap_compiler::diagnostic::Diagnostic;
use cap_compiler::pin::Policy;
use cap_compiler::report::Tally;
use cap_compiler::source::{MemoryLoader, SourceId};
use cap_runtime::config::{self, DEFAULT_CAPABILITIES, SETTINGS_FILE, Settings};
use cap_runtime::disk::read_bounded;
use cap_runtime::load::{Loaded, Loader};

use crate::args::FolderArgs;
use crate::exit::Exit;
use crate::output::{Output, tally_text};

/// Settings, and the folders that follow from them.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// What `cap.yaml` says.
    pub(crate) settings: Settings,
    /// The capabilities folders.
    pub(crate) folders: Vec<PathBuf>,
}

impl Workspace {
    /// Reads `cap.yaml` and applies the flags.
    ///
    /// # Errors
    /// When the settings cannot be read or have faults; what is wrong has been said.
    pub(crate) fn open(args: &FolderArgs, output: &Output) -> Result<Self, Exit> {
        let settings = read_settings(args.config.as_deref(), output)?;
        let folders = if !args.capabilities.is_empty() {
            args.capabilities.clone()
        } else if !settings.capabilities.is_empty() {
            settings.capabilities.clone()
        } else {
            vec![PathBuf::from(DEFAULT_CAPABILITIES)]
        };
        Ok(Self { settings, folders })
    }

    /// The folder that new files go to.
    #[must_use]
    pub(crate) fn folder(&self) -> &Path {
        self.folders.first().map_or(Path::new(DEFAULT_CAPABILITIES), PathBuf::as_path)
    }

    /// What the settings say of files that no lock file lists.
    #[must_use]
    pub(crate) fn policy(&self) -> Policy {
        let settings = &self.settings;
        let locked = settings.locked == Some(true) || settings.require_signature.is_some();
        if locked { Policy::RequireLocked } else { Policy::AllowUnlisted }
    }

    /// Loads the folders.
    ///
    /// # Errors
    /// When a folder cannot be listed; what is wrong has been said.
    pub(crate) fn load(&self, policy: Policy, output: &Output) -> Result<(Loader, Loaded), Exit> {
        let mut loader = Loader::new(&self.folders, policy);
        let progress = output.progress("reading capabilities");
        let loaded = loader.load();
        progress.finish_and_clear();
        match loaded {
            Ok(loaded) => Ok((loader, loaded)),
            Err(error) => {
                output.error(
                    &format!("cannot read the capabilities: {error}"),
                    Some("name a folder with --capabilities, or make one with `cap import`"),
                );
                Err(Exit::Environment)
            }
        }
    }

    /// Loads the folders for a command that uses the tools: faults are counted, not shown.
    ///
    /// # Errors
    /// As [`Workspace::load`].
    pub(crate) fn load_tools(&self, output: &Output) -> Result<Loaded, Exit> {
        let (_, loaded) = self.load(self.policy(), output)?;
        let tally = Tally::of(&loaded.diagnostics);
        if tally.errors > 0 {
            let text = format!("{} in the definitions; `cap check` shows them", tally_text(tally));
            output.status(crate::output::Tone::Warning, "Warning", &text);
        }
        Ok(loaded)
    }
}

fn read_settings(path: Option<&Path>, output: &Output) -> Result<Settings, Exit> {
    let given = path.is_some();
    let path = path.unwrap_or(Path::new(SETTINGS_FILE));
    let bytes = match read_bounded(path) {
        Ok(bytes) => bytes,
        Err(error) if !given && error.kind() == std::io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => {
            output.error(&format!("cannot read the settings: {}: {error}", path.display()), None);
            return Err(Exit::Environment);
        }
    };
    let source = SourceId::new(&path.to_string_lossy());
    let outcome = config::parse(&source, &bytes);
    let failed = outcome.diagnostics.iter().any(Diagnostic::is_error);
    if failed {
        let mut loader = MemoryLoader::default();
        loader.insert(source.as_str(), bytes);
        output.diagnostics(&outcome.diagnostics, &loader);
        return Err(Exit::Failure);
    }
    Ok(outcome.value.unwrap_or_default().in_folder(path.parent().unwrap_or(Path::new(""))))
}
