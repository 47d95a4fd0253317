//! Servers: absolute URLs whose scheme and host no argument reaches, and the network rule.

use std::net::IpAddr;

use super::Report;
use super::templates::{Allowed, check_template};
use crate::definition::{NetworkDefinition, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// A server of an api, a stand-alone capability or an upstream.
pub(super) fn check_server_url(
    server: &Template,
    pointer: &Pointer,
    network: Option<NetworkDefinition>,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    let before = report.diagnostics.len();
    check_template(server, pointer, allowed, report);
    if report.diagnostics.len() > before {
        return;
    }
    // What a secret stands for is not known here; any name will do for its place.
    let shape = server.shape();
    match fault(&shape) {
        Some((fault, help)) => {
            // The URL itself is not repeated: it may hold a password.
            let place = report.value(pointer);
            let message = "this is not the URL of a server";
            report.push(Diagnostic::new(Code::SERVER_URL, message, place).label(fault).help(help));
        }
        None if is_placeholder(&shape) => report.push(placeholder(pointer, report)),
        None => check_network(&shape, pointer, network, report),
    }
}

/// The host of a URL, in lower case.
pub(super) fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    Some(host_of(authority).to_ascii_lowercase()).filter(|host| !host.is_empty())
}

/// RFC 6761, section 6.4: no name that ends with `.invalid` exists. Imports write one where a
/// document names no server.
fn is_placeholder(url: &str) -> bool {
    let authority = url.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
    authority.split(':').next().unwrap_or_default().to_ascii_lowercase().ends_with(".invalid")
}

fn placeholder(pointer: &Pointer, report: &Report<'_>) -> Diagnostic {
    Diagnostic::new(Code::PLACEHOLDER_SERVER, "the server is a placeholder", report.value(pointer))
        .label("the document named no server; calls are refused")
        .help("write the server's URL here")
}

/// What is wrong with a URL, and the edit to make.
fn fault(url: &str) -> Option<(&'static str, String)> {
    let usual = || "write an absolute URL such as `https://api.example.com/v1`".to_owned();
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest).trim_start_matches('/');
        let named = !rest.is_empty() && !rest.contains(['@', '?', ' ']);
        let help = if named { format!("write `https://{rest}`") } else { usual() };
        return Some(("must begin with `https://` or `http://`", help));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host_of(authority);
    if host.is_empty() {
        return Some(("has no host", usual()));
    }
    if authority.contains('@') {
        let help = "remove what stands before `@`, and write `auth: {basic: {username: NAME, password: \"{{ secret.NAME }}\"}}`";
        return Some(("must not hold a user name or password", help.to_owned()));
    }
    if rest.contains(['?', '#']) {
        let help = "remove what begins with `?` or `#`; parameters belong into `query` of a request";
        return Some(("must end with its path", help.to_owned()));
    }
    if url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c)) {
        return Some(("has characters that no URL has", usual()));
    }
    None
}

/// Whether a URL's host is private by its spelling.
pub(crate) fn is_private_url(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    is_private(host_of(authority))
}

fn check_network(url: &str, pointer: &Pointer, network: Option<NetworkDefinition>, report: &mut Report<'_>) {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or_default());
    if network == Some(NetworkDefinition::Private) || !is_private(host_of(authority)) {
        return;
    }
    let place = report.value(pointer);
    report.push(
        Diagnostic::new(Code::PRIVATE_SERVER, format!("`{authority}` is a private address"), place)
            .label("calls to it would be refused")
            .help("add `network: private` if this server is meant"),
    );
}

/// The host of `host:port`, without the brackets of IPv6.
fn host_of(authority: &str) -> &str {
    if let Some(rest) = authority.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    authority.split(':').next().unwrap_or_default()
}

/// Hosts that are private by their spelling. What a name resolves to is checked when it is called.
fn is_private(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local") || host.ends_with(".internal") {
        return true;
    }
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        Ok(IpAddr::V6(v6)) => {
            v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
        }
        Err(_) => false,
    }
}
