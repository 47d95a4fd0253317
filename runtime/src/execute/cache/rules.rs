//! HTTP's rules for kept answers, asked of the library that knows them.
//!
//! The library sees no URL and no header of a request but those that are about caching: an answer's
//! key covers the rest, and what the library does not see it cannot keep.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, request, response};
use http_cache_semantics::{AfterResponse, BeforeRequest, CacheOptions, CachePolicy};

use crate::execute::send::Answer;
use crate::execute::wire::WireRequest;

/// How old a kept answer is allowed to be, in the rules' words.
pub(super) enum Freshness {
    /// It may be given without asking.
    Fresh,
    /// The server must be asked, with these headers.
    Stale {
        /// `If-None-Match` and its relatives.
        conditions: Vec<(String, String)>,
    },
}

/// A cache of one user, which guesses nothing: an answer that says nothing is not kept.
fn options() -> CacheOptions {
    CacheOptions { shared: false, cache_heuristic: 0.0, ..CacheOptions::default() }
}

/// Whether a request has conditions or ranges of its own, which are between its author and the server.
pub(super) fn forbids(request: &WireRequest) -> bool {
    const OWN: [&str; 6] =
        ["range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"];
    request.headers.iter().any(|(name, _)| OWN.iter().any(|own| name.eq_ignore_ascii_case(own)))
}

/// Whether a kept answer may be given.
pub(super) fn fresh(policy: &CachePolicy, request: &WireRequest, now: SystemTime) -> Freshness {
    match policy.before_request(&asked(request), now) {
        BeforeRequest::Fresh(_) => Freshness::Fresh,
        BeforeRequest::Stale { request: conditional, .. } => {
            let conditions = ["if-none-match", "if-modified-since"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), conditional.headers.get(name)?.to_str().ok()?.to_owned())));
            Freshness::Stale { conditions: conditions.collect() }
        }
    }
}

/// The rules of an answer that may be kept.
pub(super) fn storable(answer: &Answer, declared: Option<Duration>, now: SystemTime) -> Option<CachePolicy> {
    let stream = answer.content_type.as_deref().is_some_and(|text| text.trim_start().starts_with("text/event-stream"));
    if answer.status != 200 || stream || answer.header("set-cookie").is_some() {
        return None;
    }
    let policy = CachePolicy::new_options(&nameless(HeaderMap::new()), &answered(answer, declared), now, options());
    let asks = answer.header("etag").is_some() || answer.header("last-modified").is_some();
    (policy.is_storable() && (asks || policy.time_to_live(now) > Duration::ZERO)).then_some(policy)
}

/// The rules of a kept answer that the server says is still right.
pub(super) fn renewed(
    policy: &CachePolicy,
    answer: &Answer,
    declared: Option<Duration>,
    now: SystemTime,
) -> CachePolicy {
    let request = nameless(HeaderMap::new());
    match policy.after_response(&request, &answered(answer, declared), now) {
        AfterResponse::NotModified(policy, _) | AfterResponse::Modified(policy, _) => policy,
    }
}

/// A request as the rules see it.
fn asked(request: &WireRequest) -> request::Parts {
    let about = ["cache-control", "pragma"];
    let own = request.headers.iter().filter(|(name, _)| about.iter().any(|it| name.eq_ignore_ascii_case(it)));
    nameless(own.filter_map(|(name, value)| header(name, value)).collect())
}

/// Its key stands for the URL and for the method, which is as safe as any.
fn nameless(headers: HeaderMap) -> request::Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.headers = headers;
    parts
}

/// An answer as the rules see it. What the capability declares counts as the server's word, unless
/// the server forbids keeping.
fn answered(answer: &Answer, declared: Option<Duration>) -> response::Parts {
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    parts.headers = answer.headers.iter().filter_map(|(name, value)| header(name, value)).collect();
    let forbidden = answer.header("cache-control").is_some_and(|text| text.to_ascii_lowercase().contains("no-store"));
    if let (Some(fresh), false) = (declared, forbidden) {
        for name in ["pragma", "expires", "age"] {
            parts.headers.remove(name);
        }
        if let Ok(value) = HeaderValue::from_str(&format!("max-age={}", fresh.as_secs())) {
            parts.headers.insert(http::header::CACHE_CONTROL, value);
        }
    }
    parts
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
}
