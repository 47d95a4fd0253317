//! `cap serve`: the gateway, until it is told to stop.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cap_compiler::pin::Policy;
use cap_runtime::config::{DEFAULT_LISTEN, LogFormat};
use cap_runtime::http::{self, Admission};
use cap_runtime::load::SignatureRule;
use cap_runtime::mcp::{Gateway, serve_stdio};
use cap_runtime::reload::ReloadError;
use cap_runtime::start::{StartError, StartSettings, start};
use cap_runtime::telemetry::{AuditLog, AuditTarget, Metrics, RemoteParent, Telemetry, TelemetrySettings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::args::{LogStyle, ServeArgs};
use crate::commands::verify::{allowed_signers, wanted};
use crate::exit::Exit;
use crate::log::{self, Export};
use crate::output::{Output, Tone, plural};
use crate::secrets;
use crate::workspace::Workspace;

pub(crate) fn run(args: &ServeArgs, output: &Output) -> Result<Exit, Exit> {
    let workspace = Workspace::open(&args.folders, output)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    let result = runtime.block_on(async {
        let observing = Observing::start(args, &workspace, output)?;
        let result = serve(args, &workspace, &observing, output).await;
        observing.close().await;
        result
    });
    // A thread may still wait for standard input, which nobody will write to.
    runtime.shutdown_background();
    result
}

async fn serve(args: &ServeArgs, workspace: &Workspace, observing: &Observing, output: &Output) -> Result<Exit, Exit> {
    let failed = |message: String, help: Option<&str>| {
        output.error(&message, help);
        Exit::Environment
    };
    let stop = CancellationToken::new();
    let settings = settings(args, workspace, observing, output)?;
    let ready = start(settings, &stop).map_err(|error| not_started(&error, output))?;
    stop_on_signal(stop.clone(), ready.gateway.clone());
    announce(&ready.gateway, observing.format, output);
    if args.stdio {
        let started = ready.serve().await;
        let served = serve_stdio(started.gateway.clone(), stop.clone()).await;
        started.close().await;
        return match served {
            Err(error) if !stop.is_cancelled() => Err(failed(error.to_string(), None)),
            Ok(()) | Err(_) => Ok(Exit::Success),
        };
    }
    let listen = args.listen.or(workspace.settings.listen).unwrap_or(DEFAULT_LISTEN);
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        failed(format!("cannot listen on {listen}: {error}"), Some("choose another address with --listen 127.0.0.1:0"))
    })?;
    let address = listener.local_addr().map_err(|error| failed(error.to_string(), None))?;
    let admission =
        Admission::local(address).with(&workspace.settings.allowed_hosts, &workspace.settings.allowed_origins);
    let started = ready.serve().await;
    announce_address(address, observing.format, output);
    let router = http::router(started.gateway.clone(), &admission, &stop);
    let served = http::serve(listener, router, stop).await;
    started.close().await;
    served.map_err(|error| failed(error.to_string(), None))?;
    announce_end(observing.format, output);
    Ok(Exit::Success)
}

/// Who is told what the gateway does.
struct Observing {
    format: LogFormat,
    telemetry: Telemetry,
    export: Option<Export>,
}

impl Observing {
    /// Starts the log, and opens the audit log and the way to the collector.
    fn start(args: &ServeArgs, workspace: &Workspace, output: &Output) -> Result<Self, Exit> {
        let settings = &workspace.settings;
        let failed = |message: String| {
            output.error(&message, None);
            Exit::Environment
        };
        let url = args.otlp.as_ref().or(settings.otlp.as_ref());
        let export = url.map(Export::new).transpose();
        let export = export.map_err(|error| failed(format!("spans cannot be exported: {error}")))?;
        let asked = args.log.map(|style| match style {
            LogStyle::Human => LogFormat::Human,
            LogStyle::Json => LogFormat::Json,
        });
        let format = asked.or(settings.log).unwrap_or_default();
        log::start(format, export.as_ref());
        let path = args.audit.as_deref().or(settings.audit.as_deref());
        let audit = path.map(|path| AuditLog::open(&AuditTarget::new(path))).transpose();
        let telemetry = Telemetry::new(TelemetrySettings {
            // Over standard input there is nobody who could ask for them.
            metrics: (!args.stdio).then(|| Arc::new(Metrics::new())),
            audit: audit.map_err(|error| failed(error.to_string()))?.map(Arc::new),
            sinks: Vec::new(),
            parents: export.clone().map(|export| Arc::new(export) as Arc<dyn RemoteParent>),
        });
        Ok(Self { format, telemetry, export })
    }

    /// Writes and sends what waits, within a bounded time.
    async fn close(self) {
        let Self { telemetry, export, .. } = self;
        let closing = tokio::task::spawn_blocking(move || {
            if let Some(audit) = telemetry.audit() {
                audit.close(LAST_LINES);
            }
            if let Some(export) = export {
                export.close();
            }
        });
        if let Err(bug) = closing.await {
            tracing::error!(%bug, "internal error: closing the logs panicked");
        }
    }
}

/// How long the end waits for the audit log.
const LAST_LINES: Duration = Duration::from_secs(5);

fn not_started(error: &StartError, output: &Output) -> Exit {
    let (help, exit) = match error {
        StartError::Expose(_) => (Some("`*` stands for any text, `?` for one character"), Exit::Usage),
        StartError::Load(ReloadError::Signature(fault)) => {
            output.error(&fault.to_string(), Some(&fault.help()));
            return Exit::Unpinned;
        }
        StartError::Load(_) => (Some("name the folder to serve with --capabilities"), Exit::Environment),
        StartError::Execute(_) => (None, Exit::Environment),
    };
    output.error(&error.to_string(), help);
    exit
}

fn settings(
    args: &ServeArgs,
    workspace: &Workspace,
    observing: &Observing,
    output: &Output,
) -> Result<StartSettings, Exit> {
    let access = secrets::open(&args.secrets, &workspace.settings.secrets, output)?;
    let expose = if args.expose.is_empty() { workspace.settings.expose.clone() } else { args.expose.clone() };
    let policy = if args.locked { Policy::RequireLocked } else { workspace.policy() };
    Ok(StartSettings {
        folders: workspace.folders.clone(),
        policy,
        signatures: signatures(args, workspace, output)?,
        secrets: access.secrets,
        tokens: access.tokens,
        expose,
        telemetry: observing.telemetry.clone(),
    })
}

/// Who must have signed what is served, if anybody must. The file is read here for its faults to be shown; whom it
/// names is read again at every look.
fn signatures(args: &ServeArgs, workspace: &Workspace, output: &Output) -> Result<Option<SignatureRule>, Exit> {
    let settings = &workspace.settings;
    let Some(signers) = args.signature.require_signature.as_ref().or(settings.require_signature.as_ref()) else {
        let flags = &args.signature;
        if flags.signatures.is_some() || settings.signatures.is_some() || !flags.allow_rollback.is_empty() {
            let help = "name the allowed signers with --require-signature, or as `require_signature` in cap.yaml";
            output.error("it is said how to require signatures, and not whose", Some(help));
            return Err(Exit::Usage);
        }
        return Ok(None);
    };
    allowed_signers(signers, output)?;
    check_apart(signers, workspace, output)?;
    let memory = secrets::own_folder("XDG_STATE_HOME", ".local/state");
    if memory.is_none() {
        let text = "without a home folder or XDG_STATE_HOME, it is forgotten with this process what was served";
        output.status(Tone::Warning, "Warning", text);
    }
    Ok(Some(SignatureRule {
        signers: signers.clone(),
        wanted: wanted(args.signature.signatures, settings.signatures),
        memory,
        put_back: args.signature.allow_rollback.iter().copied().collect(),
    }))
}

/// Whoever can change what is served must not be able to say who may sign it.
fn check_apart(signers: &Path, workspace: &Workspace, output: &Output) -> Result<(), Exit> {
    let Ok(place) = signers.canonicalize() else { return Ok(()) };
    let folder = workspace.folders.iter().find(|it| it.canonicalize().is_ok_and(|it| place.starts_with(it)));
    let Some(folder) = folder else { return Ok(()) };
    let text = format!("the allowed signers are inside of `{}`, which they are to protect", folder.display());
    output.error(&text, Some("keep them where whoever can change the folder cannot write"));
    Err(Exit::Usage)
}

fn announce(gateway: &Gateway, format: LogFormat, output: &Output) {
    let snapshot = gateway.snapshot();
    let (tools, quarantined) = (snapshot.tools().len(), snapshot.quarantined().len());
    if format == LogFormat::Json {
        return tracing::info!(tools, quarantined, "serving");
    }
    let mut text = plural(tools, "tool");
    if quarantined > 0 {
        text.push_str(&format!(", {quarantined} quarantined"));
    }
    output.status(Tone::Good, "Serving", &text);
}

fn announce_address(address: SocketAddr, format: LogFormat, output: &Output) {
    let url = format!("http://{address}/mcp");
    let exposed = (!address.ip().is_loopback())
        .then_some("anyone who reaches this address can call every tool; keep it on a trusted network");
    if format == LogFormat::Json {
        tracing::info!(url, "listening");
        return exposed.into_iter().for_each(|text| tracing::warn!("{text}"));
    }
    output.status(Tone::Good, "Listening", &url);
    output.detail(&format!("(connect a client: claude mcp add --transport http cap {url})"));
    if let Some(text) = exposed {
        output.status(Tone::Warning, "Warning", text);
    }
}

fn announce_end(format: LogFormat, output: &Output) {
    match format {
        LogFormat::Human => output.status(Tone::Good, "Stopped", "sessions are closed"),
        LogFormat::Json => tracing::info!("stopped"),
    }
}

/// How long calls under way have to finish after the first signal.
const DRAIN: Duration = Duration::from_secs(10);

/// Listens for signals from now on. The first one lets calls under way finish and then cancels `stop`;
/// a second one cancels it at once.
fn stop_on_signal(stop: CancellationToken, gateway: Gateway) {
    let Some(mut signals) = Signals::listen() else { return };
    tokio::spawn(async move {
        signals.next().await;
        tokio::select! {
            left = gateway.drain(DRAIN) => {
                if left > 0 {
                    tracing::warn!(calls = left, after = ?DRAIN, "calls were still under way and are cut off");
                }
            }
            () = signals.next() => tracing::warn!("told to stop twice: calls under way are cut off"),
        }
        stop.cancel();
    });
}

/// What tells the process to stop.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Option<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let (terminate, interrupt) = (signal(SignalKind::terminate()).ok()?, signal(SignalKind::interrupt()).ok()?);
        Some(Self { terminate, interrupt })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C, which tells the process to stop.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> Option<Self> {
        Some(Self)
    }

    async fn next(&mut self) {
        _ = tokio::signal::ctrl_c().await;
    }
}
