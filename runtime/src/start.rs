//! Puts the gateway together: loads, and, once somebody serves what was loaded, keeps it up to date.

use std::path::PathBuf;
use std::sync::Arc;

use cap_compiler::pin::Policy;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::execute::{Executor, ExecutorError, ExecutorSettings};
use crate::load::{Loader, SignatureRule, Signed};
use crate::mcp::{BadGlob, Exposure, Gateway};
use crate::registry::Registry;
use crate::reload::{self, ReloadError, Reloader};
use crate::secret::{SecretStore, Secrets};
use crate::telemetry::Telemetry;
use crate::upstream::Upstreams;
use crate::watch::{Watcher, watch};

/// What a gateway is started with.
#[derive(Debug)]
pub struct StartSettings {
    /// The capabilities folders.
    pub folders: Vec<PathBuf>,
    /// What happens to files that no lock file lists.
    pub policy: Policy,
    /// Who must have signed the lock files, if anybody must. Then files that they do not list are refused.
    pub signatures: Option<SignatureRule>,
    /// Where credentials come from.
    pub secrets: Secrets,
    /// Where tokens that were obtained are kept.
    pub tokens: Arc<dyn SecretStore>,
    /// Globs of tools that are listed to agents directly.
    pub expose: Vec<String>,
    /// Who is told about calls.
    pub telemetry: Telemetry,
}

/// A gateway that is loaded and that nobody can reach yet.
#[derive(Debug)]
pub struct Ready {
    /// Answers requests.
    pub gateway: Gateway,
    upstreams: Upstreams,
    reloader: Reloader,
    registry: Arc<Registry>,
    watcher: Watcher,
    telemetry: Telemetry,
    stop: CancellationToken,
}

/// A gateway that is kept up to date until it is dropped or its token is cancelled.
#[derive(Debug)]
pub struct Started {
    /// Answers requests.
    pub gateway: Gateway,
    upstreams: Upstreams,
    _reloading: JoinHandle<()>,
}

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The folders cannot be loaded.
    #[error(transparent)]
    Load(#[from] ReloadError),
    /// Calls cannot be made.
    #[error(transparent)]
    Execute(#[from] ExecutorError),
    /// A glob of `expose` is not one.
    #[error(transparent)]
    Expose(#[from] BadGlob),
}

/// Loads the folders and starts to watch them; nothing is said to be served before [`Ready::serve`]. Must be called within a tokio runtime.
///
/// # Errors
/// When the folders cannot be read; faults in files are logged and served round.
pub fn start(settings: StartSettings, stop: &CancellationToken) -> Result<Ready, StartError> {
    let exposure = Exposure::parse(settings.expose.iter().map(String::as_str))?;
    let (secrets, tokens) = (settings.secrets, settings.tokens);
    let executor = Executor::new(ExecutorSettings { secrets, tokens, ..ExecutorSettings::default() })?;
    // Watched before they are loaded: what changes in between is a signal that waits.
    let watcher = watch(&settings.folders);
    let policy = if settings.signatures.is_some() { Policy::RequireLocked } else { settings.policy };
    let upstreams = Upstreams::new(executor.clone(), policy, stop);
    let mut loader = Loader::new(&settings.folders, policy);
    if let Some(rule) = settings.signatures {
        let signed = Signed::open(rule, loader.sources()).map_err(ReloadError::Signature)?;
        loader = loader.signed(Arc::new(signed));
    }
    let mut reloader = Reloader::new(loader, upstreams.clone());
    let snapshot = reloader.reload(None)?.ok_or(ReloadError::Ended)?;
    let registry = Arc::new(Registry::new(snapshot));
    let telemetry = settings.telemetry;
    let gateway = Gateway::new(Arc::clone(&registry), Arc::new(executor), exposure, telemetry.clone());
    Ok(Ready { gateway, upstreams, reloader, registry, watcher, telemetry, stop: stop.child_token() })
}

impl Ready {
    /// Remembers what is served and keeps it up to date from now on. For whoever is about to answer requests, when
    /// that cannot fail any more: after the port is bound.
    pub async fn serve(self) -> Started {
        let Self { gateway, upstreams, mut reloader, registry, watcher, telemetry, stop } = self;
        reloader.served().await;
        let reloading = tokio::spawn(reload::run(reloader, registry, watcher, telemetry, stop));
        Started { gateway, upstreams, _reloading: reloading }
    }
}

impl Started {
    /// Ends the connections to upstreams and their programs, within a bounded time.
    pub async fn close(&self) {
        self.upstreams.close().await;
    }
}
