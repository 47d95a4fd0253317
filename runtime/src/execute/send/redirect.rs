//! Which redirects are followed: of safe methods, to the same origin, a few times.

use url::Url;

use super::Answer;
use crate::execute::error::ToolError;

/// Redirects of one call.
pub(crate) const MAX_REDIRECTS: usize = 5;

/// Where to go next, if the answer is a redirect.
///
/// # Errors
/// `Redirect` when it must not be followed: credentials would go to another origin, or a request
/// that changes something would be made twice.
pub(crate) fn next(method: &str, url: &Url, answer: &Answer, followed: usize) -> Result<Option<Url>, ToolError> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = &answer.location else { return Ok(None) };
    let refuse = |reason: &str| {
        Err(ToolError::Redirect { status: answer.status, location: location.clone(), reason: reason.to_owned() })
    };
    if !matches!(method, "GET" | "HEAD") {
        return refuse("only GET and HEAD requests are repeated elsewhere; the definition should name the new address");
    }
    match url.join(location) {
        Err(_) => refuse("it is no URL"),
        Ok(target) if target.origin() != url.origin() => refuse(
            "it is another origin, where this api's credentials do not belong; if it is the api's new home, its `server` should say so",
        ),
        Ok(_) if followed >= MAX_REDIRECTS => refuse("too many redirects"),
        Ok(target) if !target.username().is_empty() || target.password().is_some() => {
            refuse("it has credentials in its URL")
        }
        Ok(target) => Ok(Some(target)),
    }
}
