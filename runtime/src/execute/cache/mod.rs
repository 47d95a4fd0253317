//! Answers that are kept for the next call (RFC 9111): of safe methods, only where the capability or
//! the server says so, as a cache of one user, never failures.
//!
//! An answer is found by a digest of everything that was sent: the caller, the api, the method, the
//! URL and every header, credentials among them. So one caller never gets what another one's
//! credential brought, `Vary` is kept to, and no secret is in the cache. `rules.rs` asks the library
//! that knows HTTP's rules; this file keeps the answers.

mod key;
mod rules;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http_cache_semantics::CachePolicy;

use super::plan::RequestPlan;
use super::send::Answer;
use super::wire::WireRequest;
use crate::secret::net;
use key::Key;

/// Bytes of all kept answers together.
const MOST: u64 = 64 << 20;
/// Bytes of one.
const LONGEST: usize = 2 << 20;
/// What an answer takes beside its body.
const OVERHEAD: usize = 1024;

/// The answers that are kept.
pub(super) struct AnswerCache {
    kept: moka::sync::Cache<Key, Arc<Kept>>,
}

/// One answer and the rules that it came with.
struct Kept {
    policy: CachePolicy,
    answer: Answer,
}

/// A request whose answer may be kept, and what is known of it.
pub(super) struct Question {
    key: Key,
    /// How long an answer is fresh, where the capability says.
    declared: Option<Duration>,
    stale: Option<Arc<Kept>>,
}

/// What the cache says before a request is sent.
pub(super) enum Said {
    /// This is the answer.
    Answer(Answer),
    /// Ask the server, and tell the cache what it answered.
    Ask(Question),
    /// The cache has nothing to do with this request.
    Nothing,
}

impl Default for AnswerCache {
    fn default() -> Self {
        let weigh = |_: &Key, kept: &Arc<Kept>| u32::try_from(kept.answer.body.len() + OVERHEAD).unwrap_or(u32::MAX);
        Self { kept: moka::sync::Cache::builder().max_capacity(MOST).weigher(weigh).build() }
    }
}

impl AnswerCache {
    /// Looks for an answer. A stale one that can be asked about makes `request` conditional.
    pub(super) fn look(&self, plan: &RequestPlan, request: &mut WireRequest, declared: Option<Duration>) -> Said {
        let safe = matches!(request.method.as_str(), "GET" | "HEAD") && request.body.is_none();
        if !safe || rules::forbids(request) {
            return Said::Nothing;
        }
        let key = Key::of(ANYONE, &plan.api, request);
        let Some(kept) = self.kept.get(&key) else { return Said::Ask(Question { key, declared, stale: None }) };
        let now = SystemTime::now();
        match rules::fresh(&kept.policy, request, now) {
            rules::Freshness::Fresh => Said::Answer(Answer { kept: Some(kept.policy.age(now)), ..kept.answer.clone() }),
            rules::Freshness::Stale { conditions } => {
                request.headers.extend(conditions);
                Said::Ask(Question { key, declared, stale: Some(kept) })
            }
        }
    }

    /// Keeps what a server answered if it may be kept, and gives the answer: the kept one, where the
    /// server says that it is still right.
    pub(super) fn learn(&self, question: &Question, answer: Answer) -> Answer {
        let now = SystemTime::now();
        if let Some(kept) = &question.stale
            && answer.status == 304
        {
            let policy = rules::renewed(&kept.policy, &answer, question.declared, now);
            let body = kept.answer.clone();
            self.kept.insert(question.key, Arc::new(Kept { policy, answer: body.clone() }));
            return Answer { kept: Some(Duration::ZERO), ..body };
        }
        let whole = !answer.cut && answer.body.len() <= LONGEST;
        // What a server gives back of a credential is for the one who sent it, once.
        if whole
            && let Some(policy) = rules::storable(&answer, question.declared, now)
            && matches!(net::masked_bytes(&answer.body), Cow::Borrowed(_))
        {
            self.kept.insert(question.key, Arc::new(Kept { policy, answer: answer.clone() }));
        } else if question.stale.is_some() && answer.status < 500 {
            self.kept.invalidate(&question.key);
        }
        answer
    }
}

/// The caller; there is one until callers have names.
const ANYONE: &str = "anyone";
