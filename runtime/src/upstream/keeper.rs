//! The task of one upstream, from its start to its end.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rmcp::model::{ClientCapabilities, ClientConfig, Implementation, ServerNotification, SubscriptionFilter};
use rmcp::service::Subscription;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep, sleep_until};

use super::connection::{Caller, Connection, connect};
use super::fault::ConnectFault;
use super::listing::list;
use super::remote::Remote;
use super::state::State;

/// Keeps an upstream connected until it is stopped.
pub(super) async fn run(remote: Arc<Remote>) {
    if remote.is_kept_away() {
        return;
    }
    tokio::select! {
        () = keep(&remote) => {}
        () = remote.stop.cancelled() => {}
    }
    remote.set_state(State::Idle);
    if let Some(connection) = remote.take_connection() {
        connection.close().await;
    }
}

async fn keep(remote: &Remote) {
    let mut failures = 0;
    if remote.state() == State::Idle {
        remote.wanted.notified().await;
    }
    loop {
        remote.set_state(State::Connecting);
        let begun = Instant::now();
        match attempt(remote).await {
            Ok(connection) => {
                let ending = stay(remote, &connection).await;
                remote.set_connection(None);
                if begun.elapsed() > STABLE {
                    failures = 0;
                }
                unavailable(remote, ending, &mut failures).await;
            }
            Err(ConnectFault::Login(reason)) => {
                remote.set_state(State::NeedsLogin { reason });
                // Whoever logs in does not tell; a call or a while later it is tried again, and not in a rush.
                sleep(LOGIN_FLOOR).await;
                tokio::select! {
                    () = sleep(LOGIN_PAUSE) => {}
                    () = remote.wanted.notified() => {}
                }
            }
            Err(ConnectFault::Failed(reason)) => unavailable(remote, reason, &mut failures).await,
        }
    }
}

/// Waits until it is tried again.
async fn unavailable(remote: &Remote, reason: String, failures: &mut u32) {
    let again = pause(*failures);
    *failures = failures.saturating_add(1);
    remote.set_state(State::Unavailable { reason, again });
    sleep_until(again).await;
}

/// Connects and lists.
async fn attempt(remote: &Remote) -> Result<Arc<Connection>, ConnectFault> {
    let loaded = remote.loaded();
    let caller = Caller { info: gateway(), home: None };
    let connection = Arc::new(connect(&loaded.upstream, &remote.executor, &caller).await?);
    match list(&connection).await {
        Ok(tools) => {
            *remote.info.lock().unwrap_or_else(PoisonError::into_inner) = connection.info();
            remote.take_listed(tools);
            remote.set_connection(Some(Arc::clone(&connection)));
            remote.set_state(State::Connected);
            Ok(connection)
        }
        Err(reason) => {
            let reason = if connection.is_closed() { connection.ending().await } else { reason };
            connection.close().await;
            Err(ConnectFault::Failed(reason))
        }
    }
}

/// What the gateway says of itself where it speaks for all of its clients.
#[expect(deprecated, reason = "servers of older revisions ask for samples")]
pub(super) fn gateway() -> ClientConfig {
    let capabilities = ClientCapabilities::builder().enable_elicitation().enable_sampling().build();
    ClientConfig::new(capabilities, Implementation::new("cap", env!("CARGO_PKG_VERSION")))
}

/// Lists again when the upstream says that its tools changed, until the connection ends; gives why it did.
/// A call that failed is a reason to look as well: what cannot be listed any more is given up.
async fn stay(remote: &Remote, connection: &Arc<Connection>) -> String {
    let mut notes = connection.notes();
    let mut changes = Changes::of(connection).await;
    let mut looked = Instant::now();
    let mut failed = 0;
    loop {
        tokio::select! {
            () = connection.closed() => return connection.ending().await,
            () = changed(&mut notes) => {}
            () = changes.next(connection) => {}
            () = remote.suspected.notified() => {}
            () = sleep(LIST_PAUSE), if failed > 0 => {}
            () = sleep(LOOK_AGAIN) => {}
        }
        // A crowd of changes is one, and who changes all the time is looked at now and then.
        sleep_until((looked + LOOK_PAUSE).max(Instant::now() + SETTLE)).await;
        looked = Instant::now();
        match list(connection).await {
            Ok(tools) => {
                failed = 0;
                remote.take_listed(tools);
            }
            Err(_) if connection.is_closed() => return connection.ending().await,
            Err(reason) if failed + 1 == MOST_FAILED_LISTS => return reason,
            Err(reason) => {
                failed += 1;
                tracing::warn!(upstream = remote.name(), "the tools of before are still served: {reason}");
            }
        }
    }
}

/// Comes when the tools changed, or may have.
async fn changed(notes: &mut Receiver<ServerNotification>) {
    loop {
        match notes.recv().await {
            Ok(ServerNotification::ToolListChangedNotification(_)) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// What an upstream from 2026-07-28 on says of changes, for as long as it has something to say.
struct Changes {
    subscription: Option<Subscription>,
    /// Until it is subscribed to again, where that makes sense.
    pause: Option<Duration>,
}

impl Changes {
    async fn of(connection: &Connection) -> Self {
        let offered = connection.info().and_then(|info| info.capabilities.tools.as_ref()?.list_changed);
        let offered = connection.is_modern() && offered.unwrap_or(false);
        let subscription = if offered { subscribe(connection).await } else { None };
        Self { subscription, pause: offered.then_some(FIRST_AGAIN) }
    }

    /// Comes when the tools changed, or may have while nobody listened.
    async fn next(&mut self, connection: &Connection) {
        if let Some(open) = &mut self.subscription {
            if let Ok(Some(_)) = open.next().await {
                self.pause = Some(FIRST_AGAIN);
                return;
            }
            self.subscription = None;
        }
        let Some(pause) = self.pause else { return std::future::pending().await };
        sleep(pause).await;
        self.pause = Some((pause * 2).min(LOOK_AGAIN));
        self.subscription = subscribe(connection).await;
    }
}

async fn subscribe(connection: &Connection) -> Option<Subscription> {
    let filter = SubscriptionFilter::builder().tools_list_changed().build();
    match tokio::time::timeout(SUBSCRIBING, connection.peer().listen(filter)).await {
        Ok(Ok(subscription)) => Some(subscription),
        Ok(Err(error)) => {
            tracing::debug!(%error, "an upstream does not tell of changes");
            None
        }
        Err(_) => None,
    }
}

/// When it is tried again after so many failures in a row: longer each time, and never all at one time.
fn pause(failures: u32) -> Instant {
    let base = FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE);
    let mut byte = [0_u8; 1];
    // Without randomness the pauses are the same, which costs nothing but a crowd.
    let _ = getrandom::fill(&mut byte);
    let jitter = base.mul_f64(f64::from(byte.first().copied().unwrap_or_default()) / 255.0 / 4.0);
    Instant::now() + base - jitter
}

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After a login, the longest until it counts where nobody calls.
const LOGIN_PAUSE: Duration = Duration::from_secs(15);
/// The shortest, however many call.
const LOGIN_FLOOR: Duration = Duration::from_millis(500);
/// A connection that stood so long was a good one.
const STABLE: Duration = Duration::from_secs(30);
/// How long after a change the tools are listed again.
const SETTLE: Duration = Duration::from_millis(50);
/// How often tools are listed that nobody says have changed.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// How soon tools are listed again at the earliest.
const LOOK_PAUSE: Duration = Duration::from_millis(500);
/// After a list that failed.
const LIST_PAUSE: Duration = Duration::from_secs(2);
/// How often in a row a list may fail before the connection is made anew.
const MOST_FAILED_LISTS: u32 = 2;
/// After a subscription that ended.
const FIRST_AGAIN: Duration = Duration::from_secs(1);
const SUBSCRIBING: Duration = Duration::from_secs(10);
