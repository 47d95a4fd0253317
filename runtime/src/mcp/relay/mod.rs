//! A request of a client, sent on to an upstream: what comes meanwhile is passed on, questions of the
//! upstream are put to the client, and where the two speak revisions of different kinds, one way of
//! asking becomes the other.
//!
//! ```text
//!                  upstream before 2026-07-28          upstream from 2026-07-28 on
//! older client     its question is the client's        `input_required` becomes questions and a retry
//! newer client     the call is parked, and the         `input_required` is the client's
//!                  client gets `input_required`
//! ```

#![expect(clippy::wildcard_enum_match_arm, reason = "the unions of the SDK are large and open")]

mod ask;
mod meta;
mod parked;
mod session;

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rmcp::RoleServer;
use rmcp::model::{ClientRequest, InputResponses, ServerNotification, ServerResult};
use rmcp::service::RequestContext;

use crate::upstream::{Ask, Event, Remote, Sent, UpstreamFault};

pub(super) use meta::is_modern;
pub(super) use parked::Parked;
pub(super) use session::{Seen, Session, Uris};

/// One request on its way.
pub(super) struct Relay<'a> {
    pub(super) remote: &'a Arc<Remote>,
    pub(super) session: &'a Session,
    pub(super) parked: &'a Parked,
    pub(super) context: &'a RequestContext<RoleServer>,
    pub(super) logging: Logging,
}

/// What becomes of an upstream's log messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Logging {
    /// The client gets them.
    Passed,
    /// The client was not told that there are any.
    Dropped,
}

/// How far a request came.
enum Reached {
    /// Its result.
    Result(ServerResult),
    /// The upstream asks something, and waits.
    Question(Ask),
}

impl Relay<'_> {
    /// The upstream's result.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn request(&self, mut request: ClientRequest) -> Result<ServerResult, UpstreamFault> {
        self.remote.note_activity();
        let identity = identity(&request);
        let mut sent = match self.resumed(&mut request, &identity) {
            Some(resumed) => resumed,
            None => self.send(request.clone()).await?,
        };
        for _ in 0..MOST_ROUNDS {
            match self.follow(&mut sent).await? {
                Reached::Question(ask) => {
                    let parked = self.parked.park(self.remote, identity, sent, ask);
                    return parked.map(ServerResult::InputRequiredResult).map_err(|reason| self.odd(reason));
                }
                Reached::Result(ServerResult::InputRequiredResult(required)) if !is_modern(self.context) => {
                    // Its place is free while a person thinks.
                    drop(sent);
                    let responses = self.fulfil(required.input_requests.unwrap_or_default()).await;
                    let responses = responses.map_err(|reason| self.odd(reason))?;
                    set_answers(&mut request, (!responses.is_empty()).then_some(responses), required.request_state);
                    sent = self.send(request.clone()).await?;
                }
                Reached::Result(result) => {
                    self.remote.answered();
                    return Ok(meta::completed(result));
                }
            }
        }
        Err(self.odd("it asks for input again and again".to_owned()))
    }

    async fn send(&self, mut request: ClientRequest) -> Result<Sent, UpstreamFault> {
        let connection = self.session.connection(self.remote, self.context, self.logging).await?;
        // An older upstream has no state of its own, and a call is not made twice by a retry that came too late.
        if !connection.is_modern() && answers(&mut request).is_some_and(|(_, state)| state.is_some()) {
            return Err(UpstreamFault::Unknown { name: self.remote.name().to_owned() });
        }
        let meta = meta::upstream(self.context, connection.is_modern(), self.session.level());
        meta::strip(&mut request);
        self.remote.send(&connection, request, meta).await
    }

    /// Passes on what comes, until there is a result or, for a client that cannot be asked, a question.
    async fn follow(&self, sent: &mut Sent) -> Result<Reached, UpstreamFault> {
        let mut asking = FuturesUnordered::new();
        loop {
            let event = tokio::select! {
                event = sent.running.next() => event,
                Some(()) = asking.next(), if !asking.is_empty() => {
                    if asking.is_empty() {
                        sent.running.resume();
                    }
                    continue;
                }
            };
            match event {
                Event::Note(note) => self.pass(note).await,
                Event::Ask(ask) if is_modern(self.context) => {
                    if self.can_be_parked(&ask) {
                        return Ok(Reached::Question(ask));
                    }
                    ask.answer(Err(ask::not_offered()));
                }
                Event::Ask(ask) => {
                    sent.running.hold();
                    asking.push(self.put(ask));
                }
                Event::Done(result) => return result.map(Reached::Result).map_err(|error| self.remote.fault(error)),
            }
        }
    }

    /// Passes a note on. Who does not listen any more hears nothing.
    async fn pass(&self, note: ServerNotification) {
        let note = match note {
            ServerNotification::ProgressNotification(mut note) => {
                let Some(token) = self.context.meta.get_progress_token() else { return };
                note.params.progress_token = token;
                note.into()
            }
            ServerNotification::LoggingMessageNotification(note) if self.logging == Logging::Passed => note.into(),
            _ => return,
        };
        if let Err(error) = self.context.peer.send_notification(meta::bare(note)).await {
            tracing::debug!(%error, "a client did not hear a note of an upstream");
        }
    }

    fn odd(&self, reason: String) -> UpstreamFault {
        UpstreamFault::Odd { name: self.remote.name().to_owned(), reason }
    }

    /// A call that was parked, if this request goes on with one: its questions are answered.
    fn resumed(&self, request: &mut ClientRequest, identity: &str) -> Option<Sent> {
        let state = answers(request)?.1.clone()?;
        let responses = answers(request)?.0.clone().unwrap_or_default();
        self.parked.take(&state, self.remote.name(), identity, &responses)
    }
}

/// What a request is of, so that a parked call is gone on with by its own retry only.
fn identity(request: &ClientRequest) -> String {
    match request {
        ClientRequest::CallToolRequest(request) => format!("tool {}", request.params.name),
        ClientRequest::GetPromptRequest(request) => format!("prompt {}", request.params.name),
        ClientRequest::ReadResourceRequest(request) => format!("resource {}", request.params.uri),
        _ => String::new(),
    }
}

/// The answers and the state that a request carries, if it is of a kind that can.
fn answers(request: &mut ClientRequest) -> Option<(&mut Option<InputResponses>, &mut Option<String>)> {
    match request {
        ClientRequest::CallToolRequest(request) => {
            Some((&mut request.params.input_responses, &mut request.params.request_state))
        }
        ClientRequest::GetPromptRequest(request) => {
            Some((&mut request.params.input_responses, &mut request.params.request_state))
        }
        ClientRequest::ReadResourceRequest(request) => {
            Some((&mut request.params.input_responses, &mut request.params.request_state))
        }
        _ => None,
    }
}

fn set_answers(request: &mut ClientRequest, responses: Option<InputResponses>, state: Option<String>) {
    if let Some((own_responses, own_state)) = answers(request) {
        (*own_responses, *own_state) = (responses, state);
    }
}

/// How often one request is asked something.
const MOST_ROUNDS: usize = 32;
