//! OAuth 2 flows of a document to clients that the gateway can be: the first flow whose URLs can be
//! used, with the scopes that the operations require.

use std::collections::{BTreeMap, BTreeSet};

use super::security::secret_template;
use crate::check::is_private_url;
use crate::definition::{GrantDefinition, OAuth2Definition, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::openapi::{Document, Flow, FlowKind, Operation, Report, Scheme, required_scopes};

/// Where OpenID Connect puts the metadata below an issuer.
const METADATA: &str = "/.well-known/openid-configuration";

/// The client of each scheme that has a flow which can be used; the other flows are reported.
pub(super) fn clients(
    document: &Document,
    operations: &[(String, Operation<'_>)],
    used: &BTreeMap<String, Scheme>,
    secrets: &BTreeMap<String, String>,
    report: &Report,
) -> BTreeMap<String, OAuth2Definition> {
    let mut scopes = BTreeMap::new();
    required_scopes(&document.spot(), &mut scopes);
    for (_, operation) in operations {
        required_scopes(&operation.outline.spot, &mut scopes);
    }
    let mut clients = BTreeMap::new();
    for (name, scheme) in used.iter().filter(|(_, scheme)| !scheme.flows.is_empty()) {
        let secret = secrets.get(name).map(String::as_str).unwrap_or_default();
        match scheme.flows.iter().find_map(|flow| client(flow, secret)) {
            Some(mut client) => {
                client.scopes = scopes.get(name).map(fitting).unwrap_or_default();
                report_client(document, name, secret, &client, report);
                clients.insert(name.clone(), client);
            }
            None => report_left_out(document, name, report),
        }
    }
    clients
}

/// The secrets with the client's name and password, beside the one with a ready token.
pub(super) fn secret_names(token: &str) -> [String; 2] {
    let first = token.strip_suffix("_TOKEN").unwrap_or(token);
    [format!("{first}_CLIENT_ID"), format!("{first}_CLIENT_SECRET")]
}

fn client(flow: &Flow, secret: &str) -> Option<OAuth2Definition> {
    if !flow.urls.iter().all(|url| is_endpoint(url)) {
        return None;
    }
    let [id, password] = secret_names(secret);
    let mut client = OAuth2Definition {
        grant: GrantDefinition::AuthorizationCode,
        token: Some(secret_template(secret)),
        token_url: None,
        authorization_url: None,
        device_authorization_url: None,
        issuer: None,
        client_id: secret_template(&id),
        client_secret: Some(secret_template(&password)),
        refresh_token: None,
        client_authentication: None,
        scopes: Vec::new(),
        parameters: BTreeMap::new(),
        resource: None,
    };
    let mut urls = flow.urls.iter();
    let mut next = || urls.next().map(|url| Template::literal(url));
    match flow.kind {
        FlowKind::ClientCredentials => {
            client.grant = GrantDefinition::ClientCredentials;
            client.token_url = next();
        }
        FlowKind::AuthorizationCode => {
            client.authorization_url = next();
            client.token_url = next();
        }
        FlowKind::DeviceAuthorization => {
            client.grant = GrantDefinition::DeviceCode;
            client.device_authorization_url = next();
            client.token_url = next();
        }
        FlowKind::OpenIdConnect => {
            client.issuer = Some(Template::literal(flow.urls.first()?.strip_suffix(METADATA)?));
        }
    }
    Some(client)
}

/// Whether tokens may come from there: the same that `cap check` asks.
fn is_endpoint(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '#' | '{' | '}' | '@');
    !rest.is_empty() && !rest.starts_with('/') && !rest.contains(odd) && !is_private_url(url)
}

/// RFC 6749, section 3.3; others cannot be sent.
fn fitting(scopes: &BTreeSet<String>) -> Vec<String> {
    let fits =
        |scope: &&String| !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic() && !"\"\\".contains(c));
    scopes.iter().filter(fits).cloned().collect()
}

fn report_client(document: &Document, name: &str, secret: &str, client: &OAuth2Definition, report: &Report) {
    let Some(declared) = document.components("securitySchemes") else { return };
    let [id, password] = secret_names(secret);
    report.say(
        Diagnostic::new(
            Code::TOKEN_OBTAINED,
            format!("tokens of security scheme `{name}` can be obtained by the gateway"),
            declared.address.child(name).place(),
        )
        .label(format!("by the grant `{}`", client.grant.name()))
        .help(format!("set `{id}` and `{password}`, or a token that you have as `{secret}`, which goes before them")),
    );
}

fn report_left_out(document: &Document, name: &str, report: &Report) {
    let Some(declared) = document.components("securitySchemes") else { return };
    report.say(
        Diagnostic::new(
            Code::FLOW_LEFT_OUT,
            format!("no flow of security scheme `{name}` can be used"),
            declared.address.child(name).place(),
        )
        .label("its URLs are not public https URLs, or are missing")
        .help("store a token as the secret, or write `oauth2` into the api's file"),
    );
}
