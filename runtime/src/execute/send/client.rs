//! The HTTP client: sends one request once and reads its answer within bounds.
//!
//! Redirects, retries and deadlines are decided by the caller. No proxy of the environment is used:
//! a proxy would resolve names itself, and the check of addresses would be for nothing. The proxy of a
//! definition is: a person reviewed it, and what can be checked before it is asked, is.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cap_compiler::capability::Network;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Method, Proxy, Response, redirect};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::timeout;
use url::{Host, Url};

use super::egress;
use super::resolve::Resolver;
use crate::execute::wire::WireRequest;

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
/// Idle connections to one server.
const MOST_IDLE: usize = 32;
/// How long a connection is kept that nobody uses.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// A digest of settings: clients are found by it, and it keeps no secret.
type SettingKey = [u8; 32];

/// Bounds on one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of the answer's body, decompressed.
    pub(crate) max_response: u64,
    /// For a connection to stand, where the definition says.
    pub(crate) connect_timeout: Option<Duration>,
    /// The longest silence of the server, where the definition says.
    pub(crate) read_timeout: Option<Duration>,
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
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|_| SendError::Invalid(format!("`{}` is no HTTP method", request.method)))?;
        let client = self.client(request, bounds)?;
        self.check_before_proxy(request).await?;
        let mut outgoing = client.request(method, request.url.clone()).headers(headers(request)?);
        if let Some(body) = &request.body {
            outgoing = outgoing.body(body.clone());
        }
        let response = heard(outgoing.send(), bounds).await?;
        read(response, bounds).await
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

async fn in_time<T>(waiting: impl Future<Output = T>, longest: Option<Duration>) -> Result<T, SendError> {
    match longest {
        None => Ok(waiting.await),
        Some(longest) => timeout(longest, waiting).await.map_err(|_| SendError::Silent(longest)),
    }
}

fn builder(network: Network, connect_timeout: Duration, resolver: &Arc<dyn Resolver>) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("cap/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(connect_timeout)
        .pool_max_idle_per_host(MOST_IDLE)
        .pool_idle_timeout(LONGEST_IDLE)
        .no_proxy()
        .dns_resolver(Arc::new(CheckedResolver { network, resolver: Arc::clone(resolver) }))
}

/// A client with the settings of a definition.
fn special(request: &WireRequest, wait: Duration, resolver: &Arc<dyn Resolver>) -> Result<Client, SendError> {
    let connection = request.connection.as_deref().cloned().unwrap_or_default();
    let network = match &connection.proxy {
        // The name that is resolved then is the proxy's, which a person wrote down.
        Some(_) => Network::Private,
        None => request.network,
    };
    let mut builder = builder(network, wait, resolver);
    if let Some(url) = &connection.proxy {
        builder = builder.proxy(proxy(url.expose_secret())?);
    }
    if let Some(ca) = &connection.ca {
        builder = builder.tls_certs_only(authorities(ca)?);
    }
    if let Some(pem) = &connection.identity {
        let unusable = |_| SendError::Invalid(IDENTITY.to_owned());
        builder = builder.identity(Identity::from_pem(pem.expose_secret().as_bytes()).map_err(unusable)?);
    }
    // What TLS says of a key that does not fit is not repeated: it may show parts of it.
    builder.build().map_err(|_| SendError::Invalid(IDENTITY.to_owned()))
}

const IDENTITY: &str =
    "`tls.certificate` and `tls.key` are not a PEM certificate and the private key that belongs to it";

fn proxy(url: &str) -> Result<Proxy, SendError> {
    // The URL is not repeated: it may hold a password.
    let invalid = |_| SendError::Invalid("its `proxy` is not an `http` or `https` URL".to_owned());
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let parsed = parsed.ok_or_else(|| invalid(()))?;
    egress::check_proxy(&parsed).map_err(SendError::Refused)?;
    Proxy::all(url).map_err(|_| invalid(()))
}

fn authorities(pem: &str) -> Result<Vec<Certificate>, SendError> {
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(SendError::Invalid("`tls.ca` has no PEM certificates".to_owned())),
    }
}

fn setting_key(request: &WireRequest, wait: Duration) -> SettingKey {
    let mut digest = Sha256::new();
    let connection = request.connection.as_deref().cloned().unwrap_or_default();
    let private: &[u8] = match request.network {
        Network::Public => b"public",
        Network::Private => b"private",
    };
    let texts = [
        Some(private),
        connection.proxy.as_ref().map(|proxy| proxy.expose_secret().as_bytes()),
        connection.ca.as_ref().map(String::as_bytes),
        connection.identity.as_ref().map(|pem| pem.expose_secret().as_bytes()),
    ];
    for text in texts {
        // With its length before it, no text runs into the next one.
        digest.update(text.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
        digest.update(text.unwrap_or_default());
    }
    digest.update(wait.as_millis().to_be_bytes());
    digest.finalize().into()
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

async fn read(mut response: Response, bounds: &Bounds) -> Result<Answer, SendError> {
    readable(&response)?;
    let limit = usize::try_from(bounds.max_response).unwrap_or(usize::MAX);
    let mut answer = Answer {
        status: response.status().as_u16(),
        content_type: text(&response, &CONTENT_TYPE),
        location: text(&response, &LOCATION),
        retry_after: text(&response, &RETRY_AFTER).and_then(|value| wait(&value)),
        body: Vec::new(),
        cut: false,
    };
    while let Some(chunk) = in_time(response.chunk(), bounds.read_timeout).await?.map_err(classify)? {
        let room = limit - answer.body.len();
        answer.body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if chunk.len() > room {
            answer.cut = true;
            break;
        }
    }
    Ok(answer)
}

/// What is still encoded was encoded twice, or in a way that was not offered.
fn readable(response: &Response) -> Result<(), SendError> {
    match text(response, &CONTENT_ENCODING).map(|encoding| encoding.trim().to_ascii_lowercase()) {
        None => Ok(()),
        Some(encoding) if encoding.is_empty() || encoding == "identity" => Ok(()),
        Some(_) if response.content_length() == Some(0) => Ok(()),
        Some(_) => {
            let reason = "its answer has a content encoding that was not asked for, and was not read";
            Err(SendError::Unusable(reason.to_owned()))
        }
    }
}

fn text(response: &Response, name: &HeaderName) -> Option<String> {
    response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `Retry-After`: seconds, or a date. No more than a year, so that it can be added to any time.
fn wait(value: &str) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(366 * 86_400);
    let asked = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(value.trim()).ok()?;
            date.duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(asked.min(LONGEST))
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

/// Resolves names, and hands out only addresses that may be reached.
struct CheckedResolver {
    network: Network,
    resolver: Arc<dyn Resolver>,
}

#[derive(Debug, Error)]
#[error("{0}")]
struct AddressRefused(String);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (network, found) = (self.network, self.resolver.resolve(name.as_str()));
        Box::pin(async move {
            let allowed = egress::allowed(found.await?, network).map_err(AddressRefused)?;
            Ok(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
