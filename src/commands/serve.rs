//! `cap serve`: the gateway, until it is told to stop.

use std::net::SocketAddr;
use std::time::Duration;

use cap_compiler::pin::Policy;
use cap_runtime::config::DEFAULT_LISTEN;
use cap_runtime::http::{self, Admission};
use cap_runtime::mcp::{Gateway, serve_stdio};
use cap_runtime::secret::Secrets;
use cap_runtime::start::{StartError, StartSettings, Started, start};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::args::ServeArgs;
use crate::exit::Exit;
use crate::output::{Output, Tone, plural};
use crate::workspace::Workspace;

pub(crate) fn run(args: &ServeArgs, output: &Output) -> Result<Exit, Exit> {
    log_to_stderr();
    let workspace = Workspace::open(&args.folders, output)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| {
        output.error(&format!("cannot start: {error}"), None);
        Exit::Environment
    })?;
    let result = runtime.block_on(serve(args, &workspace, output));
    // A thread may still wait for standard input, which nobody will write to.
    runtime.shutdown_background();
    result
}

async fn serve(args: &ServeArgs, workspace: &Workspace, output: &Output) -> Result<Exit, Exit> {
    let failed = |message: String, help: Option<&str>| {
        output.error(&message, help);
        Exit::Environment
    };
    let stop = CancellationToken::new();
    let settings = settings(args, workspace, output)?;
    let started = start(settings, &stop).map_err(|error| not_started(&error, output))?;
    stop_on_signal(stop.clone(), started.gateway.clone());
    announce(&started, output);
    if args.stdio {
        let served = serve_stdio(started.gateway.clone(), stop.clone()).await;
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
    announce_address(address, output);
    let router = http::router(started.gateway.clone(), &admission, &stop);
    http::serve(listener, router, stop).await.map_err(|error| failed(error.to_string(), None))?;
    output.status(Tone::Good, "Stopped", "sessions are closed");
    Ok(Exit::Success)
}

fn not_started(error: &StartError, output: &Output) -> Exit {
    let (help, exit) = match error {
        StartError::Expose(_) => (Some("`*` stands for any text, `?` for one character"), Exit::Usage),
        StartError::Load(_) | StartError::Watch(_) => {
            (Some("name the folder to serve with --capabilities"), Exit::Environment)
        }
        StartError::Execute(_) => (None, Exit::Environment),
    };
    output.error(&error.to_string(), help);
    exit
}

fn settings(args: &ServeArgs, workspace: &Workspace, output: &Output) -> Result<StartSettings, Exit> {
    let mut secrets = Secrets::from_environment();
    if let Some(path) = args.secrets.as_ref().or(workspace.settings.secrets.as_ref()) {
        secrets = secrets.with_file(path).map_err(|error| {
            output.error(&format!("cannot read the secrets: {error}"), None);
            Exit::Environment
        })?;
    }
    let expose = if args.expose.is_empty() { workspace.settings.expose.clone() } else { args.expose.clone() };
    let policy = if args.locked { Policy::RequireLocked } else { workspace.policy() };
    Ok(StartSettings { folders: workspace.folders.clone(), policy, secrets, expose })
}

/// Logs go to standard error; standard output belongs to the protocol.
fn log_to_stderr() {
    let asked = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    // The MCP library logs whole messages, arguments and answers included; they are shown only to
    // those who ask for them by name.
    let asked = if asked.contains("rmcp") { asked } else { format!("{asked},rmcp=warn,tantivy=warn") };
    let filter = EnvFilter::try_new(asked).unwrap_or_else(|_| EnvFilter::new("info,rmcp=warn,tantivy=warn"));
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // Failing means that a log is already set up, as it is within the demo.
    _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colour).try_init();
}

fn announce(started: &Started, output: &Output) {
    let snapshot = started.gateway.snapshot();
    let mut text = plural(snapshot.tools().len(), "tool");
    if !snapshot.quarantined().is_empty() {
        text.push_str(&format!(", {} quarantined", snapshot.quarantined().len()));
    }
    output.status(Tone::Good, "Serving", &text);
}

fn announce_address(address: SocketAddr, output: &Output) {
    output.status(Tone::Good, "Listening", &format!("http://{address}/mcp"));
    output.detail(&format!("(connect a client: claude mcp add --transport http cap http://{address}/mcp)"));
    if !address.ip().is_loopback() {
        let text = "anyone who reaches this address can call every tool; keep it on a trusted network";
        output.status(Tone::Warning, "Warning", text);
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
