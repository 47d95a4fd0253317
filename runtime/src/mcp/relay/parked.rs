//! Calls that wait for their clients: an older upstream asks in the middle of a call and waits, and a
//! newer client is asked by a result and calls again. Meanwhile the call rests here, for a bounded time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{InputRequests, InputRequiredResult, InputResponses};
use tokio::time::{Instant, sleep_until};

use super::ask::{answer, input};
use crate::upstream::{Ask, Remote, Sent};

/// The calls of all clients.
#[derive(Default)]
pub(in crate::mcp) struct Parked {
    calls: Arc<Calls>,
}

type Calls = Mutex<BTreeMap<String, ParkedCall>>;

struct ParkedCall {
    upstream: String,
    identity: String,
    sent: Sent,
    ask: Ask,
    until: Instant,
}

impl Parked {
    /// Lets a call rest, and says what its client is asked.
    ///
    /// # Errors
    /// Why it cannot rest: then it is cancelled.
    pub(super) fn park(
        &self,
        remote: &Arc<Remote>,
        identity: String,
        mut sent: Sent,
        ask: Ask,
    ) -> Result<InputRequiredResult, String> {
        let state = unguessable().ok_or("the system has no randomness")?;
        let requests = input(&ask.request).map(|request| InputRequests::from([(QUESTION.to_owned(), request)]));
        sent.rest();
        let (upstream, until) = (remote.name().to_owned(), Instant::now() + LONGEST);
        let mut calls = lock(&self.calls);
        while calls.len() >= MOST {
            let oldest = calls.iter().min_by_key(|(_, call)| call.until).map(|(state, _)| state.clone());
            oldest.and_then(|state| calls.remove(&state));
        }
        calls.insert(state.clone(), ParkedCall { upstream, identity, sent, ask, until });
        drop(calls);
        // Nobody may ever come for it.
        tokio::spawn(expire(Arc::downgrade(&self.calls), state.clone(), until));
        Ok(InputRequiredResult::new(requests, Some(state)))
    }

    /// The call that rests under `state`, its question answered; `None` if there is none of that kind.
    pub(super) fn take(&self, state: &str, upstream: &str, identity: &str, responses: &InputResponses) -> Option<Sent> {
        let call = {
            let mut calls = lock(&self.calls);
            let known = calls.get(state).is_some_and(|call| call.upstream == upstream && call.identity == identity);
            known.then(|| calls.remove(state)).flatten()?
        };
        let ParkedCall { mut sent, ask, .. } = call;
        let said = responses.get(QUESTION).cloned();
        let answer = match said {
            Some(said) => answer(&ask.request, said),
            None => Err(ErrorData::invalid_params("the client left the question open", None)),
        };
        ask.answer(answer);
        sent.running.resume();
        Some(sent)
    }
}

/// Cancels a call that rested too long.
async fn expire<T>(calls: Weak<Mutex<BTreeMap<String, T>>>, state: String, until: Instant) {
    sleep_until(until).await;
    if let Some(calls) = calls.upgrade() {
        let expired = lock(&calls).remove(&state);
        drop(expired);
    }
}

fn lock<T>(calls: &Mutex<BTreeMap<String, T>>) -> MutexGuard<'_, BTreeMap<String, T>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that only its client knows.
fn unguessable() -> Option<String> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The name of the one question.
const QUESTION: &str = "question";
/// How long a client may take.
const LONGEST: Duration = Duration::from_secs(600);
/// How many calls rest.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{expire, lock};

    #[tokio::test]
    async fn what_rested_too_long_ends_without_anybody_asking() {
        let (first, second) = (Arc::new(()), Arc::new(()));
        let calls = Mutex::new(BTreeMap::from([("a".to_owned(), first.clone()), ("b".to_owned(), second.clone())]));
        let calls = Arc::new(calls);
        expire(Arc::downgrade(&calls), "a".to_owned(), Instant::now() + Duration::from_millis(1)).await;
        assert_eq!(lock(&calls).keys().collect::<Vec<_>>(), ["b"]);
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 2));
    }
}
