//! The HTTP client: sends one request once and reads its answer within bounds.
//!
//! Redirects, retries and deadlines are decided by the caller. No proxy of the environment is used:
//! a proxy would resolve names itself, and the check of addresses would be for nothing.

use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cap_compiler::capability::Network;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Method, Response, redirect};
use thiserror::Error;
use url::Url;

use super::egress;
use crate::execute::wire::WireRequest;

/// One client for public servers and one for private ones, so that neither their connections nor
/// their name resolution mix.
#[derive(Clone)]
pub(crate) struct Clients {
    public: Client,
    private: Client,
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    /// At most as many bytes as were asked for, decompressed.
    pub(crate) body: Vec<u8>,
    /// Whether there was more.
    pub(crate) cut: bool,
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
    /// The address that the name resolves to must not be reached.
    #[error("{0}")]
    Refused(String),
    /// The request cannot be written as HTTP.
    #[error("{0}")]
    Invalid(String),
}

impl Clients {
    /// Builds both clients.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(connect_timeout: Duration) -> Result<Self, reqwest::Error> {
        // Whoever installed a provider before has chosen; that is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |network| {
            builder(network, connect_timeout).build().or_else(|error| {
                // A machine without root certificates can still call servers without TLS.
                tracing::warn!(%error, "no root certificates: servers with `https` cannot be verified");
                builder(network, connect_timeout).tls_certs_only([]).build()
            })
        };
        Ok(Self { public: build(Network::Public)?, private: build(Network::Private)? })
    }

    /// Sends a request to `url`, which is the request's own or one that it was redirected to.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn send(&self, request: &WireRequest, url: &Url, limit: u64) -> Result<Answer, SendError> {
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| SendError::Invalid(format!("`{}` is no HTTP method", request.method)))?;
        let client = match request.network {
            Network::Public => &self.public,
            Network::Private => &self.private,
        };
        let mut outgoing = client.request(method, url.clone()).headers(headers(request)?);
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        let response = outgoing.send().await.map_err(classify)?;
        read(response, limit).await
    }
}

fn builder(network: Network, connect_timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("cap/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(connect_timeout)
        .no_proxy()
        .dns_resolver(Arc::new(CheckedResolver { network }))
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

async fn read(mut response: Response, limit: u64) -> Result<Answer, SendError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: text(&response, &CONTENT_TYPE),
        location: text(&response, &LOCATION),
        retry_after: text(&response, &RETRY_AFTER).and_then(|value| wait(&value)),
        body: Vec::new(),
        cut: false,
    };
    while let Some(chunk) = response.chunk().await.map_err(classify)? {
        let room = limit - answer.body.len();
        answer.body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if chunk.len() > room {
            answer.cut = true;
            break;
        }
    }
    Ok(answer)
}

fn text(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `Retry-After`: seconds, or a date.
fn wait(value: &str) -> Option<Duration> {
    match value.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(value.trim()).ok()?;
            Some(date.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

fn classify(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    if let Some(refused) = chain(&error).find_map(|cause| cause.downcast_ref::<AddressRefused>()) {
        return SendError::Refused(refused.0.clone());
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

/// Resolves names as the system does, and hands out only addresses that may be reached.
struct CheckedResolver {
    network: Network,
}

#[derive(Debug, Error)]
#[error("{0}")]
struct AddressRefused(String);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let network = self.network;
        Box::pin(async move {
            let mut allowed: Vec<SocketAddr> = Vec::new();
            let mut refused = None;
            for address in tokio::net::lookup_host((name.as_str(), 0)).await? {
                match egress::check_resolved(address.ip(), network) {
                    Ok(()) => allowed.push(address),
                    Err(reason) => refused = Some(reason),
                }
            }
            match refused {
                Some(reason) if allowed.is_empty() => Err(AddressRefused(reason).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
