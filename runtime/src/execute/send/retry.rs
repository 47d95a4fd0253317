//! Which failures are tried again, and when.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::{Answer, SendError};
use crate::execute::plan::Repeats;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long to wait before the next try, if there should be one.
///
/// A request that never left may be sent again whatever it does; one that may have arrived only if
/// doing it twice is the same as once.
pub(crate) fn pause(repeats: Repeats, tries_made: u32, result: &Result<Answer, SendError>) -> Option<Duration> {
    let asked = match (result, repeats) {
        (Err(SendError::Unreachable(_)), _) => None,
        (Err(SendError::Broken(_) | SendError::Silent(_)), Repeats::Safely) => None,
        (Ok(answer), Repeats::Safely) if is_passing(answer) => answer.retry_after,
        (Ok(_) | Err(_), Repeats::Safely | Repeats::OnlyIfUnsent) => return None,
    };
    Some(asked.map_or_else(|| backoff(tries_made), spread))
}

/// Statuses that another try may not meet.
fn is_passing(answer: &Answer) -> bool {
    match answer.status {
        408 | 429 | 502 | 503 | 504 => true,
        // Only a server that says when will take it (RFC 9110, section 15.5.14).
        413 => answer.retry_after.is_some(),
        _ => false,
    }
}

/// Doubles each time, between half and all of it by chance, so that callers do not come back at once.
fn backoff(tries_made: u32) -> Duration {
    let whole = FIRST_PAUSE.saturating_mul(1 << tries_made.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    whole / 2 + (whole / 2).mul_f64(chance())
}

/// What a server asked for, and up to a tenth more: others were asked the same.
fn spread(asked: Duration) -> Duration {
    asked.saturating_add((asked / 10).min(Duration::from_secs(1)).mul_f64(chance()))
}

/// From 0 to 1.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish() % 1000;
    f64::from(u32::try_from(drawn).unwrap_or(500)) / 1000.0
}
