//! Rules of OAuth 2.0: what each grant needs, and where its endpoints may be.

use super::Report;
use super::server::is_private_url;
use crate::definition::{
    ClientAuthenticationDefinition, GrantDefinition, NetworkDefinition, OAuth2Definition, Template,
};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

pub(super) fn check_oauth2(
    oauth2: &OAuth2Definition,
    pointer: &Pointer,
    network: Option<NetworkDefinition>,
    report: &mut Report<'_>,
) {
    for (key, url) in endpoints(oauth2) {
        check_endpoint(url, &pointer.child(key), network, report);
    }
    for (key, why) in missing(oauth2) {
        let place = report.key(pointer);
        let grant = oauth2.grant.name();
        report.push(
            Diagnostic::new(Code::OAUTH_GRANT, format!("the grant `{grant}` has no `{key}`"), place).label(why).help(
                match key {
                    "refresh_token" => "add `refresh_token: \"{{ secret.NAME }}\"`".to_owned(),
                    "client_secret" => "add `client_secret: \"{{ secret.NAME }}\"`".to_owned(),
                    key => format!("add `{key}: https://…`, or `issuer` where the server publishes its metadata"),
                },
            ),
        );
    }
    check_unread(oauth2, pointer, report);
    check_scopes(oauth2, pointer, report);
}

fn endpoints(oauth2: &OAuth2Definition) -> impl Iterator<Item = (&'static str, &Template)> {
    oauth2.templates().filter(|(key, _)| key.ends_with("_url") || *key == "issuer")
}

/// The keys that the grant cannot do without, and why.
fn missing(oauth2: &OAuth2Definition) -> Vec<(&'static str, &'static str)> {
    let discovered = oauth2.issuer.is_some();
    let mut keys = Vec::new();
    if oauth2.token_url.is_none() && !discovered {
        keys.push(("token_url", "nothing says where tokens come from"));
    }
    match oauth2.grant {
        GrantDefinition::AuthorizationCode if oauth2.authorization_url.is_none() && !discovered => {
            keys.push(("authorization_url", "nothing says where a person logs in"));
        }
        GrantDefinition::DeviceCode if oauth2.device_authorization_url.is_none() && !discovered => {
            keys.push(("device_authorization_url", "nothing says where a device asks for its code"));
        }
        GrantDefinition::RefreshToken if oauth2.refresh_token.is_none() => {
            keys.push(("refresh_token", "there is no token to begin with"));
        }
        GrantDefinition::ClientCredentials
        | GrantDefinition::AuthorizationCode
        | GrantDefinition::DeviceCode
        | GrantDefinition::RefreshToken => {}
    }
    let shown = matches!(
        oauth2.client_authentication,
        Some(ClientAuthenticationDefinition::Basic | ClientAuthenticationDefinition::Post)
    );
    if shown && oauth2.client_secret.is_none() {
        keys.push(("client_secret", "`client_authentication` sends one"));
    }
    keys
}

/// Keys of another grant: whoever wrote them expects something that does not happen.
fn check_unread(oauth2: &OAuth2Definition, pointer: &Pointer, report: &mut Report<'_>) {
    let secret = oauth2.client_authentication == Some(ClientAuthenticationDefinition::None);
    let unread = [
        ("refresh_token", oauth2.refresh_token.is_some() && oauth2.grant != GrantDefinition::RefreshToken),
        ("client_secret", oauth2.client_secret.is_some() && secret),
    ];
    for (key, _) in unread.into_iter().filter(|(_, unread)| *unread) {
        let place = report.key(&pointer.child(key));
        let (why, help) = match key {
            "client_secret" => ("`client_authentication: none` does not send it", "remove one of the two".to_owned()),
            _ => ("another grant does not begin with it", "write `grant: refresh_token`, or remove it".to_owned()),
        };
        report.push(Diagnostic::new(Code::OAUTH_GRANT, format!("`{key}` is never sent"), place).label(why).help(help));
    }
}

/// RFC 6749, section 3.3: a scope is printable ASCII without spaces, quotes and backslashes.
fn check_scopes(oauth2: &OAuth2Definition, pointer: &Pointer, report: &mut Report<'_>) {
    let fits = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    for (index, scope) in oauth2.scopes.iter().enumerate() {
        if !scope.is_empty() && scope.chars().all(fits) {
            continue;
        }
        let place = report.value(&pointer.child("scopes").item(index));
        let parts: Vec<&str> = scope.split([' ', ',']).filter(|part| !part.is_empty()).collect();
        report.push(
            Diagnostic::new(Code::INVALID_VALUE, format!("`{scope}` is not a scope"), place)
                .label("a scope has no spaces, quotes or backslashes")
                .help(format!("write each scope as an item: `[{}]`", parts.join(", "))),
        );
    }
}

/// Tokens and client secrets are sent there, so the way has to be secret as well (RFC 6749, section 3.2).
fn check_endpoint(url: &Template, pointer: &Pointer, network: Option<NetworkDefinition>, report: &mut Report<'_>) {
    // What a secret stands for is not known here; any name will do for its place.
    let shape = url.shape();
    let whole_secret = url.single().is_some();
    let private = network == Some(NetworkDefinition::Private);
    let (label, help) = match shape.split_once("://") {
        _ if whole_secret => return,
        Some(("https", rest)) if is_host(rest) && (private || !is_private_url(&shape)) => return,
        Some(("http", rest)) if is_host(rest) && private => return,
        Some(("https" | "http", rest)) if !is_host(rest) => {
            ("it has no host, or spaces or a fragment", "write the whole URL")
        }
        Some(("https", _)) => ("it is a private address", "add `network: private` if this server is meant"),
        Some(("http", _)) => ("tokens and client secrets would be sent in the clear", "write `https://…`"),
        _ => ("expected an absolute URL", "write `https://…`"),
    };
    let place = report.value(pointer);
    let message = "this is not an endpoint that tokens can come from";
    report.push(Diagnostic::new(Code::OAUTH_ENDPOINT, message, place).label(label).help(help));
}

fn is_host(rest: &str) -> bool {
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    !authority.is_empty() && !rest.contains(['#', ' ']) && !authority.contains('@') && !rest.contains(char::is_control)
}
