//! What a new tool or upstream reaches that nothing of the old set reached. What changed of a tool that was there
//! already is told by [`super::reach`].

use std::collections::BTreeSet;

use super::code::ChangeCode;
use super::reach::{Destination, destinations, tokens, way};
use super::sent::{origin, shown};
use super::side::Side;
use crate::capability::{HttpCall, Network, Transport, UpstreamTransport};

/// What a whole set of capabilities reaches: what a new tool adds to it is new reach.
#[derive(Debug, Default)]
pub(super) struct Known {
    origins: BTreeSet<String>,
    /// Those that may have private addresses.
    private: BTreeSet<String>,
    secrets: BTreeSet<String>,
    destinations: BTreeSet<Destination>,
    /// How connections to an origin are made.
    connections: BTreeSet<(String, Connection)>,
    /// Scopes by where their tokens come from; an empty one where none is asked for.
    scopes: BTreeSet<(String, String)>,
    ways: BTreeSet<(&'static str, String)>,
}

/// One part of how connections are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Connection {
    Proxy(Option<String>),
    Authorities(Option<String>),
    Identity(Option<(String, String)>),
}

impl Known {
    pub(super) fn of(side: &Side) -> Self {
        let mut known = Self::default();
        let doors = side.upstreams.iter().filter_map(|it| it.upstream.door());
        side.capabilities.iter().chain(doors).filter_map(|it| it.call.http()).for_each(|call| known.note(call));
        for upstream in &side.upstreams {
            if let UpstreamTransport::Stdio(program) = &upstream.upstream.transport {
                known.secrets.extend(program.secrets().map(|name| name.0.clone()));
            }
        }
        known
    }

    fn note(&mut self, call: &HttpCall) {
        let origin = origin(&call.server);
        self.secrets.extend(call.secrets().into_iter().map(|name| name.0.clone()));
        self.destinations.extend(destinations(call));
        self.connections.extend(connections(call).into_iter().map(|it| (origin.clone(), it)));
        self.scopes.extend(scopes(call));
        self.ways.extend(ways(call));
        if call.network == Network::Private {
            self.private.insert(origin.clone());
        }
        self.origins.insert(origin);
    }

    pub(super) fn has_secret(&self, name: &str) -> bool {
        self.secrets.contains(name)
    }

    fn is_sent_to(&self, secret: &str, origin: &str) -> bool {
        self.destinations.iter().any(|it| it.secret == secret && it.origin == origin)
    }
}

/// What a new call reaches that nothing reached before.
pub(super) fn reached(call: &HttpCall, known: &Known) -> Vec<(ChangeCode, String)> {
    let mut found = Vec::new();
    let origin = origin(&call.server);
    if !known.origins.contains(&origin) {
        found.push((ChangeCode::SERVER_CHANGED, format!("it reaches `{origin}`, which nothing reached before")));
    }
    if call.network == Network::Private && !known.private.contains(&origin) {
        let sentence = format!("`{origin}` may have a private address, which it might not before");
        found.push((ChangeCode::NETWORK_PRIVATE, sentence));
    }
    found.extend(of_secrets(call, known));
    found.extend(ways_to_connect(call, known));
    found.extend(of_tokens(call, known));
    found
}

fn of_secrets(call: &HttpCall, known: &Known) -> Vec<(ChangeCode, String)> {
    let names: BTreeSet<&str> = call.secrets().into_iter().map(|name| name.0.as_str()).collect();
    let unknown = names.into_iter().filter(|name| !known.has_secret(name));
    let mut found: Vec<(ChangeCode, String)> =
        unknown.map(|name| (ChangeCode::SECRET_NAMED, format!("it uses the secret `{name}`"))).collect();
    let beyond = destinations(call).into_iter().filter(|it| !known.destinations.contains(it));
    for Destination { secret, origin, position } in beyond.filter(|it| known.has_secret(&it.secret)) {
        let sentence = if known.is_sent_to(&secret, &origin) {
            format!("the secret `{secret}` is sent in {position} of `{origin}`, where it was not sent")
        } else {
            format!("the secret `{secret}` is sent to `{origin}`, where it was not sent")
        };
        found.push((ChangeCode::SECRET_ELSEWHERE, sentence));
    }
    found.dedup();
    found
}

/// Of a host that is new, only what stands in the definition deserves a word; of one that was reached already, also
/// that a proxy or authorities of one's own are not used.
fn ways_to_connect(call: &HttpCall, known: &Known) -> Vec<(ChangeCode, String)> {
    let origin = origin(&call.server);
    let is_known = known.origins.contains(&origin);
    let beyond = connections(call).into_iter().filter(|it| !known.connections.contains(&(origin.clone(), it.clone())));
    let told = beyond.filter_map(|it| match it {
        Connection::Proxy(Some(proxy)) => {
            Some((ChangeCode::PROXY_CHANGED, format!("connections go through the proxy `{proxy}`")))
        }
        Connection::Proxy(None) if is_known => {
            let sentence = format!("connections to `{origin}` go through no proxy, as they did before");
            Some((ChangeCode::PROXY_CHANGED, sentence))
        }
        Connection::Authorities(Some(_)) => {
            Some((ChangeCode::TLS_CHANGED, "certificate authorities of its own are trusted".to_owned()))
        }
        Connection::Authorities(None) if is_known => {
            let sentence = format!("the system's certificate authorities are trusted for `{origin}`");
            Some((ChangeCode::TLS_CHANGED, sentence))
        }
        Connection::Identity(Some(_)) => {
            Some((ChangeCode::TLS_CHANGED, "a client certificate is shown that was not shown there".to_owned()))
        }
        Connection::Proxy(None) | Connection::Authorities(None) | Connection::Identity(None) => None,
    });
    told.collect()
}

fn connections(call: &HttpCall) -> [Connection; 3] {
    let transport = call.transport.as_deref();
    let identity = |it: &Transport| it.identity.as_ref().map(|it| (shown(&it.certificate), shown(&it.key)));
    [
        Connection::Proxy(transport.and_then(|it| it.proxy.as_ref()).map(shown)),
        Connection::Authorities(transport.and_then(|it| it.ca.clone())),
        Connection::Identity(transport.and_then(identity)),
    ]
}

fn of_tokens(call: &HttpCall, known: &Known) -> Vec<(ChangeCode, String)> {
    let beyond: Vec<(String, String)> = scopes(call).into_iter().filter(|it| !known.scopes.contains(it)).collect();
    let names: BTreeSet<String> =
        beyond.iter().filter(|(_, scope)| !scope.is_empty()).map(|(_, scope)| format!("`{scope}`")).collect();
    let mut found = Vec::new();
    if !names.is_empty() {
        let list = names.into_iter().collect::<Vec<_>>().join(", ");
        found.push((
            ChangeCode::SCOPE_WIDENED,
            format!("tokens have the scope {list}, which none of the same authorization server had"),
        ));
    }
    if beyond.iter().any(|(_, scope)| scope.is_empty()) {
        let sentence = "tokens have whatever scope the authorization server gives".to_owned();
        found.push((ChangeCode::SCOPE_WIDENED, sentence));
    }
    let ways = ways(call).into_iter().filter(|it| !known.ways.contains(it));
    found.extend(ways.map(|(what, is)| (ChangeCode::AUTHORIZATION_SERVER, format!("{what} is `{is}`"))));
    found
}

fn scopes(call: &HttpCall) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for oauth2 in tokens(call) {
        let endpoint = oauth2.issuer.as_ref().or(oauth2.token_url.as_ref()).map(origin).unwrap_or_default();
        let none = oauth2.scopes.is_empty().then(String::new);
        found.extend(oauth2.scopes.iter().cloned().chain(none).map(|scope| (endpoint.clone(), scope)));
    }
    found
}

fn ways(call: &HttpCall) -> BTreeSet<(&'static str, String)> {
    tokens(call).into_iter().flat_map(way).collect()
}
