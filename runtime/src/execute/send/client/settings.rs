//! How connections are made: the settings of a client, and the addresses that it may reach.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cap_compiler::capability::Network;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Proxy, redirect};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::Url;

use super::SendError;
use crate::execute::send::egress;
use crate::execute::send::resolve::Resolver;
use crate::execute::wire::WireRequest;

/// Idle connections to one server.
const MOST_IDLE: usize = 32;
/// How long a connection is kept that nobody uses.
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// A digest of settings: clients are found by it, and it keeps no secret.
pub(super) type SettingKey = [u8; 32];

pub(super) fn builder(network: Network, connect_timeout: Duration, resolver: &Arc<dyn Resolver>) -> ClientBuilder {
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
pub(super) fn special(
    request: &WireRequest,
    wait: Duration,
    resolver: &Arc<dyn Resolver>,
) -> Result<Client, SendError> {
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

pub(super) fn setting_key(request: &WireRequest, wait: Duration) -> SettingKey {
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

/// Resolves names, and hands out only addresses that may be reached.
struct CheckedResolver {
    network: Network,
    resolver: Arc<dyn Resolver>,
}

/// The address that a name resolves to must not be reached.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct AddressRefused(pub(super) String);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (network, found) = (self.network, self.resolver.resolve(name.as_str()));
        Box::pin(async move {
            let allowed = egress::allowed(found.await?, network).map_err(AddressRefused)?;
            Ok(Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}
