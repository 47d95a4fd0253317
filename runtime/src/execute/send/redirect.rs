//! Which redirects are followed: of safe methods, a few times; to another origin only without
//! anything that belongs to this one.

use cap_compiler::capability::Network;
use url::Url;

use super::{Answer, egress};
use crate::execute::error::ToolError;
use crate::execute::wire::WireRequest;

/// Redirects of one call.
pub(crate) const MAX_REDIRECTS: usize = 5;

/// Where to go next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nowhere: this is the answer.
    Here,
    /// To the same origin, with the same request.
    Same(Url),
    /// To another origin, with nothing of the request but its method.
    Other(Url),
}

/// Where to go next, if the answer is a redirect.
///
/// # Errors
/// `Redirect` when it must not be followed: credentials would go to another origin, or a request
/// that changes something would be made twice.
pub(crate) fn next(request: &WireRequest, answer: &Answer, followed: usize) -> Result<Next, ToolError> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(Next::Here);
    }
    let Some(location) = &answer.location else { return Ok(Next::Here) };
    let refused = |reason: String| ToolError::Redirect { status: answer.status, location: location.clone(), reason };
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        let reason = "only GET and HEAD requests are repeated elsewhere; the definition should name the new address";
        return Err(refused(reason.to_owned()));
    }
    let target = request.url.join(location).map_err(|_| refused("it is no URL".to_owned()))?;
    if followed >= MAX_REDIRECTS {
        return Err(refused("too many redirects".to_owned()));
    }
    if !target.username().is_empty() || target.password().is_some() {
        return Err(refused("it has credentials in its URL".to_owned()));
    }
    if target.origin() == request.url.origin() {
        return Ok(Next::Same(target));
    }
    match stranger(request, &target) {
        None => Ok(Next::Other(target)),
        Some(reason) => Err(refused(format!(
            "it is another origin, {reason}; if it is the api's new home, its `server` should say so"
        ))),
    }
}

/// Why another origin must not be asked, if it must not.
fn stranger(request: &WireRequest, target: &Url) -> Option<String> {
    if target.scheme() != "https" {
        return Some("and not one with `https`".to_owned());
    }
    // What a server was sent in its URL, it may write into the address that it points to.
    if request.secret_url {
        return Some("and this api's credentials are part of its URL".to_owned());
    }
    if request.body.is_some() {
        return Some("and the request has a body, which belongs to this one".to_owned());
    }
    egress::check_url(target, Network::Public).err().map(|reason| format!("and {reason}"))
}

/// The request for another origin: nothing that could be a credential.
pub(crate) fn stripped(request: &WireRequest, target: Url) -> WireRequest {
    let kept = |name: &str| name.eq_ignore_ascii_case("accept") || name.eq_ignore_ascii_case("accept-language");
    WireRequest {
        method: request.method.clone(),
        url: target,
        network: Network::Public,
        headers: request.headers.iter().filter(|(name, _)| kept(name)).cloned().collect(),
        body: None,
        connection: request.connection.as_ref().map(|connection| Box::new(connection.abroad())),
        secret_url: request.secret_url,
    }
}

#[cfg(test)]
mod tests;
