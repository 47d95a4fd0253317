//! Fetches a document that a person named, under the same rules as a call: bounded in size and time,
//! addresses checked when the connection is made, redirects to the same origin only.

use std::time::Duration;

use cap_compiler::capability::{CircuitBreaker, Limits, Network};
use url::{Host, Url};

use super::error::ToolError;
use super::executor::Executor;
use super::mask::Mask;
use super::outcome;
use super::plan::Repeats;
use super::progress::Unheard;
use super::send::{Job, check_url};
use super::wire::WireRequest;

const TIMEOUT: Duration = Duration::from_secs(60);
const MAX_DOCUMENT: u64 = 64 << 20;

impl Executor {
    /// The bytes of a document. A URL that spells out a private host is fetched, because a person
    /// spelled it; a public name that leads to a private address is not.
    ///
    /// # Errors
    /// When the URL is not one, its address is refused, or the server does not give the document.
    pub async fn fetch_document(&self, url: &str) -> Result<Vec<u8>, ToolError> {
        let url = Url::parse(url).map_err(|error| refused(place(url), error.to_string()))?;
        let network = if is_private(&url) { Network::Private } else { Network::Public };
        check_url(&url, network).map_err(|reason| refused(place(url.as_str()), reason))?;
        let request = WireRequest {
            method: "GET".to_owned(),
            url,
            network,
            headers: vec![("Accept".to_owned(), "application/json, application/yaml, text/yaml, */*;q=0.5".to_owned())],
            body: None,
            connection: None,
            secret_url: false,
        };
        let limits = Limits { timeout: Some(TIMEOUT), circuit_breaker: CircuitBreaker::Off, ..Limits::default() };
        let answer = self.sender().carry(&job(&request, &limits)).await.map_err(advised)?;
        if answer.cut {
            return Err(ToolError::TooLarge { media_type: "document".to_owned(), limit: MAX_DOCUMENT });
        }
        outcome::success(&answer).map_err(|error| Mask::default().error(error))?;
        Ok(answer.body)
    }
}

fn job<'a>(request: &'a WireRequest, limits: &'a Limits) -> Job<'a> {
    let (tool, api, repeats) = ("fetch", "fetch", Repeats::Safely);
    Job { tool, api, request, limits, repeats, max_response: MAX_DOCUMENT, progress: &Unheard }
}

/// What a person can do who waits for a document.
fn advised(mut error: ToolError) -> ToolError {
    if let ToolError::Timeout { hint, .. } = &mut error {
        "fetch the document by hand and name the file".clone_into(hint);
    }
    error
}

/// A URL without what may be a credential: user, query and fragment.
fn place(url: &str) -> &str {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    place.rsplit('@').next().unwrap_or_default()
}

fn refused(host: &str, reason: String) -> ToolError {
    ToolError::Refused { host: host.to_owned(), reason }
}

fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}
