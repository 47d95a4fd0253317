//! The HTTP client: sends one request once and reads its answer within bounds.
//!
//! Redirects, retries and deadlines are decided by the caller. No proxy of the environment is used:
//! a proxy would resolve names itself, and the check of addresses would be for nothing. The proxy of a
//! definition is: a person reviewed it, and what can be checked before it is asked, is.

mod answer;
mod settings;
mod stream;

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cap_compiler::capability::Network;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use thiserror::Error;
use tokio::time::Instant;
use url::Host;

use super::egress;
use super::resolve::Resolver;
use crate::execute::wire::WireRequest;
use answer::{in_time, read};
use settings::{AddressRefused, SettingKey, builder, setting_key, special};

pub(crate) use answer::Answer;
pub(crate) use stream::Opened;

/// One client for public servers and one for private ones, so that neither their connections nor
/// their name resolution mix; and one for each further way to make connections.
pub(crate) struct Clients {
    public: Client,
    private: Client,
    /// Most recently used last.
    special: Mutex<VecDeque<(SettingKey, Client)>>,
    connect_timeout: Duration,
    resolver: Arc<dyn Resolver>,
}

/// Clients with settings of their own. One that falls out is built again when it is needed.
const MOST_SPECIAL: usize = 64;
/// Bounds on one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of the answer's body, decompressed.
    pub(crate) max_response: u64,
    /// For a connection to stand, where the definition says.
    pub(crate) connect_timeout: Option<Duration>,
    /// The longest silence of the server, where the definition says.
    pub(crate) read_timeout: Option<Duration>,
    /// Until when a stream without an end is read.
    pub(crate) stream_until: Option<Instant>,
}

/// Why there is no answer. No variant holds a URL or a header.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The request never left.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke after the request had begun to leave.
    #[error("{0}")]
    Broken(String),
    /// The server said nothing for too long.
    #[error("the server said nothing for {0:?}")]
    Silent(Duration),
    /// What came is no answer that can be read.
    #[error("{0}")]
    Unusable(String),
    /// The address that the name resolves to must not be reached.
    #[error("{0}")]
    Refused(String),
    /// The request cannot be written as HTTP.
    #[error("{0}")]
    Invalid(String),
}

/// TLS cannot be set up.
#[derive(Debug, Error)]
#[error(transparent)]
pub(crate) struct SetUpError(#[from] reqwest::Error);

impl Clients {
    /// Builds the usual clients.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(connect_timeout: Duration, resolver: Arc<dyn Resolver>) -> Result<Self, SetUpError> {
        // Whoever installed a provider before has chosen; that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |network| {
            let builder = || builder(network, connect_timeout, &resolver);
            builder().build().or_else(|error| {
                // A machine without root certificates can still call servers without TLS.
                tracing::warn!(%error, "no root certificates: servers with `https` cannot be verified");
                builder().tls_certs_only([]).build()
            })
        };
        let (public, private) = (build(Network::Public)?, build(Network::Private)?);
        Ok(Self { public, private, special: Mutex::default(), connect_timeout, resolver })
    }

    /// The same clients once more, without their connections.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn again(&self) -> Result<Self, SetUpError> {
        Self::new(self.connect_timeout, Arc::clone(&self.resolver))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn send(&self, request: &WireRequest, bounds: &Bounds) -> Result<Answer, SendError> {
        let response = self.exchange(request, bounds).await?;
        read(response, bounds).await
    }

    /// Sends a request and waits for the beginning of its answer.
    async fn exchange(&self, request: &WireRequest, bounds: &Bounds) -> Result<Response, SendError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| SendError::Invalid(format!("`{}` is no HTTP method", request.method)))?;
        let client = self.client(request, bounds)?;
        self.check_before_proxy(request).await?;
        let mut outgoing = client.request(method, request.url.clone()).headers(headers(request)?);
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        heard(outgoing.send(), bounds).await
    }

    /// The client for a request: one of the usual ones, or one that is built for its settings.
    fn client(&self, request: &WireRequest, bounds: &Bounds) -> Result<Client, SendError> {
        let usual = match request.network {
            Network::Public => &self.public,
            Network::Private => &self.private,
        };
        let wait = bounds.connect_timeout.unwrap_or(self.connect_timeout);
        if request.connection.is_none() && wait == self.connect_timeout {
            return Ok(usual.clone());
        }
        let key = setting_key(request, wait);
        if let Some(known) = self.known(&key) {
            return Ok(known);
        }
        let built = special(request, wait, &self.resolver)?;
        let mut special = self.special.lock().unwrap_or_else(PoisonError::into_inner);
        special.push_back((key, built.clone()));
        while special.len() > MOST_SPECIAL {
            special.pop_front();
        }
        Ok(built)
    }

    fn known(&self, key: &SettingKey) -> Option<Client> {
        let mut special = self.special.lock().unwrap_or_else(PoisonError::into_inner);
        let at = special.iter().position(|(known, _)| known == key)?;
        let found = special.remove(at)?;
        let client = found.1.clone();
        special.push_back(found);
        Some(client)
    }

    /// A proxy resolves names itself. Where this machine can resolve one as well, it must not lead to
    /// an address that would be refused.
    async fn check_before_proxy(&self, request: &WireRequest) -> Result<(), SendError> {
        let proxied = request.connection.as_ref().is_some_and(|connection| connection.proxy.is_some());
        let Some(Host::Domain(name)) = request.url.host().filter(|_| proxied) else { return Ok(()) };
        let found = self.resolver.resolve(name).await.unwrap_or_default();
        // Which of several addresses a proxy takes is its choice, so each must be allowed.
        let mut checked = found.into_iter().map(|address| egress::check_resolved(address, request.network));
        checked.try_for_each(|check| check).map_err(SendError::Refused)
    }
}

/// Waits for the beginning of an answer, the connection included.
async fn heard(
    sending: impl Future<Output = Result<Response, reqwest::Error>>,
    bounds: &Bounds,
) -> Result<Response, SendError> {
    in_time(sending, bounds.read_timeout).await?.map_err(classify)
}

fn headers(request: &WireRequest) -> Result<HeaderMap, SendError> {
    let mut headers = HeaderMap::with_capacity(request.headers.len());
    for (name, value) in &request.headers {
        let invalid = |what| SendError::Invalid(format!("the {what} of the header `{name}` is not allowed in HTTP"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("name"))?;
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid("value"))?;
        value.set_sensitive(true);
        headers.append(key, value);
    }
    Ok(headers)
}

fn classify(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    if let Some(refused) = chain(&error).find_map(|cause| cause.downcast_ref::<AddressRefused>()) {
        return SendError::Refused(refused.0.clone());
    }
    if error.is_connect() && error.is_timeout() {
        return SendError::Unreachable("no connection in time".to_owned());
    }
    let cause = chain(&error).last().map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_connect() {
        SendError::Unreachable(cause)
    } else if error.is_builder() {
        SendError::Invalid(cause)
    } else {
        SendError::Broken(cause)
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}
