//! How connections are made: an api's settings, or a stand-alone capability's own.

use std::time::Duration;

use super::text;
use crate::capability::{CircuitBreaker, ClientIdentity, Transport};
use crate::check::Linked;
use crate::definition::{CircuitBreakerDefinition, Template, TlsDefinition};

/// The settings, if there are any.
pub(super) fn transport(linked: &Linked<'_>) -> Option<Box<Transport>> {
    let (proxy, tls) = match linked.api.map(|api| api.definition) {
        Some(api) => (api.proxy.as_ref(), api.tls.as_ref()),
        None => (linked.definition.proxy.as_ref(), linked.definition.tls.as_ref()),
    };
    of(proxy, tls)
}

/// The settings that these are.
pub(super) fn of(proxy: Option<&Template>, tls: Option<&TlsDefinition>) -> Option<Box<Transport>> {
    if proxy.is_none() && tls.is_none() {
        return None;
    }
    Some(Box::new(Transport {
        proxy: proxy.map(text::text),
        ca: tls.and_then(|tls| tls.ca.clone()),
        identity: tls.and_then(identity),
    }))
}

fn identity(tls: &TlsDefinition) -> Option<ClientIdentity> {
    let (certificate, key) = (tls.certificate.as_ref()?, tls.key.as_ref()?);
    Some(ClientIdentity { certificate: text::text(certificate), key: text::text(key) })
}

/// What is not said is the default.
pub(super) fn circuit_breaker(said: Option<CircuitBreakerDefinition>) -> CircuitBreaker {
    match (said, CircuitBreaker::default()) {
        (None, default) => default,
        (Some(CircuitBreakerDefinition::Off), _) | (Some(_), CircuitBreaker::Off) => CircuitBreaker::Off,
        (
            Some(CircuitBreakerDefinition::On { failures, pause }),
            CircuitBreaker::On { failures: few, pause: short },
        ) => CircuitBreaker::On { failures: failures.unwrap_or(few), pause: pause.unwrap_or(short).max(SHORTEST) },
    }
}

/// A shorter pause would be none.
const SHORTEST: Duration = Duration::from_millis(10);
