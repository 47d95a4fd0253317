//! Which server is called: the one asked for, the document's, or an operation's own.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::naming::snake;
use crate::definition::{NetworkDefinition, Template};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::openapi::{Document, Operation, Report, Server, servers};

/// The servers of an api.
#[derive(Clone, Debug)]
pub(super) struct ServerPlan {
    /// The one below which paths stand when nothing else is said.
    pub(super) base: String,
    /// Whether a person asked for a private address.
    pub(super) network: Option<NetworkDefinition>,
    /// Others by name.
    pub(super) named: BTreeMap<String, String>,
    /// Where the document came from, if that is a URL.
    origin: Origin,
}

/// What relative and replaced URLs are resolved against.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// The server that a person asked for; every other server moves there.
    Asked(String),
    /// The document's own URL.
    Document(String),
    /// Nothing: relative URLs lead nowhere.
    None,
}

/// Chooses the servers; `None`, with an error, if the one that a person asked for is none. A document
/// that names no server gets a placeholder, which is never called.
pub(super) fn plan(
    document: &Document,
    api: &str,
    operations: &[(String, Operation<'_>)],
    asked: Option<&str>,
    report: &Report,
) -> Option<ServerPlan> {
    let (base, network, origin) = match asked {
        Some(asked) => {
            let Some(base) = absolute(asked) else {
                report.say(not_a_server(document, asked));
                return None;
            };
            let private = is_private(&base).then_some(NetworkDefinition::Private);
            (base.clone(), private, Origin::Asked(base))
        }
        None => {
            let (base, origin) = declared_server(document, api, report);
            (base, None, origin)
        }
    };
    let mut plan = ServerPlan { base, network, named: BTreeMap::new(), origin };
    plan.named = plan.names(operations, report);
    Some(plan)
}

fn declared_server(document: &Document, api: &str, report: &Report) -> (String, Origin) {
    let declared = servers(&document.spot(), report);
    let url = document.source().as_str();
    let origin = absolute(url).map_or(Origin::None, |_| Origin::Document(url.to_owned()));
    // A document without servers means its own host.
    let implied = declared.is_empty().then(|| resolve("/", &origin)).flatten();
    if let Some(base) = declared.iter().find_map(|server| resolve(&server.url, &origin)).or(implied) {
        return (base, origin);
    }
    let host = format!("https://{}.invalid", api.to_ascii_lowercase().replace('_', "-"));
    let path = declared.first().map(|server| match absolute(&server.url) {
        Some(url) => path_part(&url).to_owned(),
        None if server.url.contains("//") => String::new(),
        None => server.url.clone(),
    });
    let base = absolute(&joined(&format!("{host}/"), path.as_deref().unwrap_or_default())).unwrap_or(host);
    report.say(no_server(document, &declared, &base));
    let origin = Origin::Document(format!("{base}/"));
    (base, origin)
}

impl ServerPlan {
    /// The name of an operation's own server, if it has another than the api's.
    pub(super) fn of_operation(&self, operation: &Operation<'_>) -> Option<String> {
        let url = self.own(&operation.servers)?;
        self.named.iter().find(|(_, known)| **known == url).map(|(name, _)| name.clone())
    }

    /// The named servers as templates.
    pub(super) fn templates(&self) -> BTreeMap<String, Template> {
        self.named.iter().map(|(name, url)| (name.clone(), Template::literal(url))).collect()
    }

    /// The URL of an operation's own server, unless it is the api's.
    fn own(&self, servers: &[Server]) -> Option<String> {
        let url = servers.iter().find_map(|server| resolve(&server.url, &self.origin))?;
        (url != self.base).then_some(url)
    }

    fn names(&self, operations: &[(String, Operation<'_>)], report: &Report) -> BTreeMap<String, String> {
        let mut urls: BTreeSet<String> = BTreeSet::new();
        for (_, operation) in operations.iter().filter(|(_, operation)| !operation.servers.is_empty()) {
            match self.own(&operation.servers) {
                Some(url) => {
                    self.report_moved(operation, &url, report);
                    urls.insert(url);
                }
                None => self.report_unusable(operation, report),
            }
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for url in &urls {
            *counts.entry(server_name(url, &self.base)).or_default() += 1;
        }
        let unique = |url: String| {
            let name = server_name(&url, &self.base);
            let name = if counts.get(&name) == Some(&1) { name } else { hashed(&name, &url) };
            (name, url)
        };
        urls.into_iter().map(unique).collect()
    }

    fn report_moved(&self, operation: &Operation<'_>, url: &str, report: &Report) {
        let (Origin::Asked(_), Some(server)) = (&self.origin, operation.servers.first()) else { return };
        let say = || {
            Diagnostic::new(
                Code::SERVER_REPLACED,
                format!("an operation has the server `{}` of its own", server.url),
                server.address.place(),
            )
            .label(format!("`{url}` is called instead"))
            .help("edit `servers:` in the api's file if it should be another")
        };
        report.count(&server.url, say, Code::SERVER_REPLACED);
    }

    fn report_unusable(&self, operation: &Operation<'_>, report: &Report) {
        let servers = &operation.servers;
        let Some(server) = servers.first() else { return };
        if servers.iter().any(|server| resolve(&server.url, &self.origin).is_some()) {
            return;
        }
        let say = || {
            let message = format!("an operation's own server `{}` cannot be called", server.url);
            Diagnostic::new(Code::SERVER_LEFT_OUT, message, server.address.place())
                .label("the api's server is called instead")
                .help("name a public server with `http://` or `https://`")
        };
        report.count(&server.url, say, Code::SERVER_LEFT_OUT);
    }
}

/// The absolute URL that is called for a declared one, if it may be.
fn resolve(url: &str, origin: &Origin) -> Option<String> {
    match origin {
        Origin::Asked(base) => match absolute(url) {
            Some(url) => Some(trimmed(&format!("{}{}", host_part(base), path_part(&url)))),
            None => absolute(&joined(base, url)),
        },
        Origin::Document(document) => {
            let own = host_part(document);
            let url = absolute(url).or_else(|| absolute(&joined(document, url)))?;
            (!is_private(&url) || host_part(&url) == own).then_some(url).filter(|url| !is_private(url))
        }
        Origin::None => absolute(url).filter(|url| !is_private(url)),
    }
}

/// The URL without what no request can use, if it is absolute and has a host.
fn absolute(url: &str) -> Option<String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let host = rest.split('/').next().unwrap_or_default();
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty()
        || host.starts_with(':')
        || !host.chars().all(usable)
        || rest.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
    {
        return None;
    }
    Some(trimmed(&format!("{}://{rest}", scheme.to_ascii_lowercase())))
}

fn trimmed(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

/// Scheme and host.
fn host_part(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(start..).and_then(|rest| rest.find('/')).map_or(url.len(), |at| start + at);
    url.get(..end).unwrap_or(url)
}

fn path_part(url: &str) -> &str {
    url.get(host_part(url).len()..).unwrap_or_default()
}

/// A relative URL below the base's host, or beside the base's last segment.
fn joined(base: &str, relative: &str) -> String {
    if relative.contains("://") {
        return String::new();
    }
    if let Some(rest) = relative.strip_prefix("//") {
        return format!("{}//{rest}", base.split("//").next().unwrap_or("https:"));
    }
    let mut parts: Vec<&str> = Vec::new();
    if !relative.starts_with('/') {
        parts.extend(path_part(base).split('/').filter(|part| !part.is_empty()));
        parts.pop();
    }
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{}/{}", host_part(base), parts.join("/"))
}

/// Whether the host is one that only a person may choose: loopback, private and local names.
fn is_private(url: &str) -> bool {
    let host = host_part(url).split("://").nth(1).unwrap_or_default().to_ascii_lowercase();
    let bare = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default().to_owned(),
        None => host.split(':').next().unwrap_or_default().to_owned(),
    };
    let bare = bare.trim_end_matches('.');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified() || ip.is_broadcast()
        }
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => !bare.contains('.') || [".localhost", ".local", ".internal"].iter().any(|end| bare.ends_with(end)),
    }
}

/// A name from the host's first telling label, or from the path where the host is the api's own.
fn server_name(url: &str, base: &str) -> String {
    let host = host_part(url).split("://").nth(1).unwrap_or_default();
    let labels: Vec<&str> = host.split(':').next().unwrap_or_default().split('.').collect();
    let numeric = labels.iter().all(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    let own = host_part(url) == host_part(base);
    let telling = labels.iter().find(|label| !matches!(**label, "api" | "www")).copied().unwrap_or_default();
    let name = snake(if numeric || own { path_part(url) } else { telling });
    if name.is_empty() { "root".to_owned() } else { name }
}

fn hashed(name: &str, url: &str) -> String {
    let digits: String = Sha256::digest(url.as_bytes()).iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}_{digits}")
}

fn not_a_server(document: &Document, asked: &str) -> Diagnostic {
    let message = format!("`{asked}` is not a server");
    let mut diagnostic = Diagnostic::new(Code::NO_SERVER, message, document.spot().address.place())
        .help("give `--server` an absolute URL such as `https://api.example.com/v1`");
    diagnostic.severity = Severity::Error;
    diagnostic
}

fn no_server(document: &Document, declared: &[Server], base: &str) -> Diagnostic {
    let help =
        format!("import again with `--server URL`, or write the server into the api's file in place of `{base}`");
    let Some(server) = declared.first() else {
        return Diagnostic::new(Code::NO_SERVER, "the document names no server", document.spot().address.place())
            .help(help);
    };
    let label = match absolute(&server.url) {
        Some(_) => "this address is private, and only a person may choose such a one",
        None => "this is not an absolute http or https URL",
    };
    let message = format!("the document's server `{}` cannot be called", server.url);
    Diagnostic::new(Code::NO_SERVER, message, server.address.place()).label(label).help(help)
}
