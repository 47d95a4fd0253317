//! Which failures are tried again, and when.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::{Answer, SendError};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to wait before the next try, if there should be one.
///
/// A request that never left may be sent again whatever its method; one that may have arrived only
/// if doing it twice is the same as once.
pub(crate) fn pause(
    method: &str,
    tries_left: u32,
    tries_made: u32,
    result: &Result<Answer, SendError>,
    remaining: Duration,
) -> Option<Duration> {
    if tries_left == 0 {
        return None;
    }
    let asked = match result {
        Err(SendError::Unreachable(_)) => None,
        Err(SendError::Broken(_)) if is_idempotent(method) => None,
        Ok(answer) if is_idempotent(method) && matches!(answer.status, 429 | 502 | 503 | 504) => answer.retry_after,
        Ok(_) | Err(SendError::Broken(_) | SendError::Refused(_) | SendError::Invalid(_)) => return None,
    };
    let wait = asked.unwrap_or_else(|| backoff(tries_made));
    (wait < remaining).then_some(wait)
}

fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY")
}

/// Doubles each time, between half and all of it by chance, so that callers do not come back at once.
fn backoff(tries_made: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << tries_made.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    let chance = RandomState::new().build_hasher().finish() % 1000;
    whole / 2 + (whole / 2).mul_f64(f64::from(u32::try_from(chance).unwrap_or(500)) / 1000.0)
}
