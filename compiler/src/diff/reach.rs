//! What a capability reaches: hosts, secrets and where they go, proxies, certificates, tokens.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::code::ChangeCode;
use super::sent::{origin, shown};
use super::tool::Both;
use crate::capability::{Capability, Credential, HttpCall, Network, OAuth2, Text};

/// Where a secret goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Destination {
    pub(super) secret: String,
    pub(super) origin: String,
    pub(super) position: String,
}

/// How the reach of a tool changed.
pub(super) fn of_capability(both: &Both<'_>, before: &Capability, after: &Capability) -> Vec<Change> {
    let (Some(old), Some(new)) = (before.call.http(), after.call.http()) else { return Vec::new() };
    let changes = of_calls(old, new);
    changes.into_iter().map(|(code, sentence, at)| both.change(code, sentence, &[at])).collect()
}

/// A change with the key of a definition that it is at.
pub(super) type Found = (ChangeCode, String, &'static str);

pub(super) fn of_calls(old: &HttpCall, new: &HttpCall) -> Vec<Found> {
    let mut found = Vec::new();
    let (was, is) = (origin(&old.server), origin(&new.server));
    if was != is {
        let plain = if was.starts_with("https:") && is.starts_with("http:") { ", without encryption" } else { "" };
        found.push((ChangeCode::SERVER_CHANGED, format!("it reaches `{is}`{plain}; it was `{was}`"), "server"));
    }
    match (old.network, new.network) {
        (Network::Public, Network::Private) => {
            found.push((ChangeCode::NETWORK_PRIVATE, "its server may have a private address".to_owned(), "network"));
        }
        (Network::Private, Network::Public) => {
            let sentence = "its server may no longer have a private address".to_owned();
            found.push((ChangeCode::REACH_REDUCED, sentence, "network"));
        }
        (Network::Public, Network::Public) | (Network::Private, Network::Private) => {}
    }
    found.extend(of_transport(old, new));
    found.extend(of_secrets(old, new));
    found.extend(of_auth(old, new));
    found.extend(of_tokens(old, new));
    if old.auth != new.auth && !found.iter().any(|(_, _, at)| *at == "auth") {
        found.push((ChangeCode::CREDENTIAL_CHANGED, "its credentials are made in another way".to_owned(), "auth"));
    }
    found
}

fn of_transport(old: &HttpCall, new: &HttpCall) -> Vec<Found> {
    let mut found = Vec::new();
    let (before, after) = (old.transport.as_deref(), new.transport.as_deref());
    let proxy = |it: Option<&crate::capability::Transport>| it.and_then(|it| it.proxy.as_ref()).map(shown);
    match (proxy(before), proxy(after)) {
        (one, another) if one == another => {}
        (_, Some(proxy)) => {
            found.push((ChangeCode::PROXY_CHANGED, format!("connections go through the proxy `{proxy}`"), "proxy"));
        }
        (Some(proxy), None) => {
            let sentence = format!("connections no longer go through the proxy `{proxy}`");
            found.push((ChangeCode::PROXY_CHANGED, sentence, "proxy"));
        }
        (None, None) => {}
    }
    if before.and_then(|it| it.ca.as_ref()) != after.and_then(|it| it.ca.as_ref()) {
        let sentence = match after.and_then(|it| it.ca.as_ref()) {
            Some(_) => "other certificate authorities are trusted",
            None => "the system's certificate authorities are trusted instead of one's own",
        };
        found.push((ChangeCode::TLS_CHANGED, sentence.to_owned(), "tls"));
    }
    if before.and_then(|it| it.identity.as_ref()) != after.and_then(|it| it.identity.as_ref()) {
        found.push((ChangeCode::TLS_CHANGED, "another client certificate is shown".to_owned(), "tls"));
    }
    found
}

/// Secrets that are new or go elsewhere. Of a server that is another, all its secrets go elsewhere.
fn of_secrets(old: &HttpCall, new: &HttpCall) -> Vec<Found> {
    let mut found = Vec::new();
    let names = |call: &HttpCall| call.secrets().into_iter().map(|name| name.0.clone()).collect::<BTreeSet<_>>();
    let (had, has) = (names(old), names(new));
    for name in has.difference(&had) {
        found.push((ChangeCode::SECRET_NAMED, format!("it uses the secret `{name}`"), "auth"));
    }
    for name in had.difference(&has) {
        found.push((ChangeCode::REACH_REDUCED, format!("it no longer uses the secret `{name}`"), "auth"));
    }
    let before = destinations(old);
    for it in destinations(new).into_iter().filter(|it| had.contains(&it.secret) && !before.contains(it)) {
        let elsewhere = !before.iter().any(|known| known.secret == it.secret && known.origin == it.origin);
        let to = if elsewhere { format!("{} of `{}`", it.position, it.origin) } else { it.position };
        found.push((ChangeCode::SECRET_ELSEWHERE, format!("the secret `{}` is sent in {to}", it.secret), "auth"));
    }
    found
}

/// Whether credentials are needed, and of which kinds the alternatives are.
fn of_auth(old: &HttpCall, new: &HttpCall) -> Vec<Found> {
    let is_open = |call: &HttpCall| call.auth.is_empty() || call.auth.iter().any(Vec::is_empty);
    let changed = |code, sentence: &str| vec![(code, sentence.to_owned(), "auth")];
    match (is_open(old), is_open(new)) {
        (false, true) if new.auth.is_empty() => changed(ChangeCode::AUTH_WEAKENED, "it is called without credentials"),
        (false, true) => changed(ChangeCode::AUTH_WEAKENED, "it may be called without credentials"),
        (true, false) => changed(ChangeCode::REACH_REDUCED, "it is called with credentials only"),
        _ => {
            let weakest = |call: &HttpCall| call.auth.iter().map(|set| strength(set)).min();
            if weakest(new) < weakest(old) && !is_open(new) {
                return changed(ChangeCode::AUTH_WEAKENED, "a weaker kind of credentials is enough");
            }
            if set_lengths(new) < set_lengths(old) && !is_open(new) {
                return changed(ChangeCode::AUTH_WEAKENED, "fewer credentials together are enough");
            }
            Vec::new()
        }
    }
}

fn set_lengths(call: &HttpCall) -> Option<usize> {
    call.auth.iter().map(Vec::len).min()
}

/// How well a set of credentials keeps its secrets: signatures and short-lived tokens, then headers, then URLs.
fn strength(set: &[Credential]) -> u8 {
    let of_one = |credential: &Credential| match credential {
        Credential::AwsSigV4(_) => 4,
        Credential::OAuth2(_) => 3,
        Credential::Bearer(_) | Credential::Basic { .. } | Credential::Header { .. } | Credential::Cookie { .. } => 2,
        Credential::Query { .. } => 1,
    };
    set.iter().map(of_one).max().unwrap_or_default()
}

/// What tokens are asked for, and where.
fn of_tokens(old: &HttpCall, new: &HttpCall) -> Vec<Found> {
    let mut found = Vec::new();
    let (before, after) = (tokens(old), tokens(new));
    if before.is_empty() || after.is_empty() {
        return found;
    }
    let scopes = |all: &[&OAuth2]| all.iter().flat_map(|it| it.scopes.clone()).collect::<BTreeSet<String>>();
    let (had, has) = (scopes(&before), scopes(&after));
    let list = |names: Vec<&String>| names.into_iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    let more: Vec<&String> = has.difference(&had).collect();
    let less: Vec<&String> = had.difference(&has).collect();
    match (more.is_empty(), less.is_empty()) {
        (false, _) => found.push((ChangeCode::SCOPE_WIDENED, format!("tokens have the scope {}", list(more)), "auth")),
        (true, false) if has.is_empty() => {
            let sentence = "tokens have whatever scope the authorization server gives".to_owned();
            found.push((ChangeCode::SCOPE_WIDENED, sentence, "auth"));
        }
        (true, false) => {
            let sentence = format!("tokens no longer have the scope {}", list(less));
            found.push((ChangeCode::REACH_REDUCED, sentence, "auth"));
        }
        (true, true) => {}
    }
    let ways = |all: &[&OAuth2]| all.iter().flat_map(|it| way(it)).collect::<BTreeMap<&str, String>>();
    let (had, has) = (ways(&before), ways(&after));
    for (what, is) in &has {
        match had.get(what) {
            Some(was) if was == is => {}
            Some(was) => {
                let sentence = format!("{what} is `{is}`; it was `{was}`");
                found.push((ChangeCode::AUTHORIZATION_SERVER, sentence, "auth"));
            }
            None => found.push((ChangeCode::AUTHORIZATION_SERVER, format!("{what} is `{is}`"), "auth")),
        }
    }
    found
}

pub(super) fn tokens(call: &HttpCall) -> Vec<&OAuth2> {
    let each = call.auth.iter().flatten().filter_map(|credential| match credential {
        Credential::OAuth2(oauth2) => Some(&**oauth2),
        Credential::Bearer(_)
        | Credential::Basic { .. }
        | Credential::Header { .. }
        | Credential::Query { .. }
        | Credential::Cookie { .. }
        | Credential::AwsSigV4(_) => None,
    });
    each.collect()
}

/// Where tokens come from and what they are for, by what people call it.
pub(super) fn way(oauth2: &OAuth2) -> Vec<(&'static str, String)> {
    let texts: [(&'static str, Option<&Text>); 6] = [
        ("the issuer of tokens", oauth2.issuer.as_ref()),
        ("the token endpoint", oauth2.token_url.as_ref()),
        ("the authorization endpoint", oauth2.authorization_url.as_ref()),
        ("the device endpoint", oauth2.device_authorization_url.as_ref()),
        ("the client", Some(&oauth2.client_id)),
        ("the resource of tokens", oauth2.resource.as_ref()),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name, shown(text?))));
    texts.chain([("the grant", oauth2.grant.name().to_owned())]).collect()
}

/// Where each secret of a call goes.
pub(super) fn destinations(call: &HttpCall) -> BTreeSet<Destination> {
    let server = origin(&call.server);
    let mut found = BTreeSet::new();
    let mut note = |text: &Text, origin: &str, position: &str| {
        let to = |secret: &crate::capability::SecretName| Destination {
            secret: secret.0.clone(),
            origin: origin.to_owned(),
            position: position.to_owned(),
        };
        found.extend(text.secrets().map(to));
    };
    note(&call.server, &server, "the address");
    for credential in call.auth.iter().flatten() {
        let position = position(credential);
        let Credential::OAuth2(oauth2) = credential else {
            credential.texts().into_iter().for_each(|text| note(text, &server, &position));
            continue;
        };
        let endpoint = oauth2.token_url.as_ref().or(oauth2.issuer.as_ref()).map_or(String::new(), origin);
        for text in credential.texts() {
            let is_ready = oauth2.token.as_ref() == Some(text);
            let to = if is_ready { (&server, position.as_str()) } else { (&endpoint, "token requests") };
            note(text, to.0, to.1);
        }
    }
    if let Some(transport) = &call.transport {
        transport.proxy.iter().for_each(|proxy| note(proxy, &origin(proxy), "the proxy's address"));
    }
    for header in &call.headers {
        found.extend(header.value.secrets().into_iter().map(|secret| Destination {
            secret: secret.0.clone(),
            origin: server.clone(),
            position: format!("the header `{}`", header.name),
        }));
    }
    found
}

fn position(credential: &Credential) -> String {
    match credential {
        Credential::Bearer(_) | Credential::Basic { .. } | Credential::OAuth2(_) => "the header `Authorization`".into(),
        Credential::Header { name, .. } => format!("the header `{name}`"),
        Credential::Query { name, .. } => format!("the query parameter `{name}`"),
        Credential::Cookie { name, .. } => format!("the cookie `{name}`"),
        Credential::AwsSigV4(_) => "a signature".into(),
    }
}
