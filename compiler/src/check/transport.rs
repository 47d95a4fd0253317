//! Rules of how connections are made: proxies, certificates, timeouts, and keys that make tries safe.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Report;
use super::headers::{HeaderOwner, check_header_name};
use super::templates::{Allowed, check_template};
use crate::definition::{LimitsDefinition, RequestDefinition, Template, TemplatePiece, TlsDefinition};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

/// The `proxy` of an api or a stand-alone capability.
pub(super) fn check_proxy(proxy: Option<&Template>, report: &mut Report<'_>) {
    let Some(proxy) = proxy else { return };
    let pointer = Pointer::of(["proxy"]);
    let before = report.diagnostics.len();
    check_template(proxy, &pointer, &Allowed::CREDENTIALS, report);
    // A secret may be the whole URL; what it is shows when it is used.
    if report.diagnostics.len() > before || proxy.single().is_some() {
        return;
    }
    if let Some(fault) = proxy_fault(&shape(proxy)) {
        // The URL itself is not repeated: it may hold a password.
        let place = report.value(&pointer);
        report.push(
            Diagnostic::new(Code::PROXY_URL, "this is not the URL of a proxy", place)
                .label(fault)
                .help("write a URL such as `http://proxy.example:3128`"),
        );
    } else if has_written_password(proxy) {
        report.push(written(&pointer, report));
    }
}

fn shape(template: &Template) -> String {
    super::capability::shape(&template.pieces)
}

fn proxy_fault(url: &str) -> Option<&'static str> {
    let Some(rest) = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://")) else {
        return Some("must begin with `http://` or `https://`");
    };
    if rest.trim_end_matches('/').contains(['/', '?', '#']) {
        return Some("has more than a host and a port");
    }
    match url::Url::parse(url) {
        Ok(parsed) if parsed.has_host() => None,
        Ok(_) | Err(_) => Some("is no URL with a host"),
    }
}

/// Whether a password stands in the text itself.
fn has_written_password(proxy: &Template) -> bool {
    let secret = |piece: &TemplatePiece| matches!(piece, TemplatePiece::Hole(_));
    let shaped = shape(proxy);
    let password = url::Url::parse(&shaped).ok().and_then(|url| url.password().map(str::to_owned));
    password.is_some() && !proxy.pieces.iter().any(secret)
}

fn written(pointer: &Pointer, report: &Report<'_>) -> Diagnostic {
    Diagnostic::new(Code::WRITTEN_CREDENTIAL, "a credential stands in the file", report.value(pointer))
        .label("whoever reads the file can use it")
        .help("write `{{ secret.NAME }}`, keep the value outside of the folder, and replace it where it was issued")
}

/// The `tls` of an api or a stand-alone capability.
pub(super) fn check_tls(tls: Option<&TlsDefinition>, report: &mut Report<'_>) {
    let Some(tls) = tls else { return };
    let root = Pointer::of(["tls"]);
    if let Some(fault) = tls.ca.as_deref().and_then(pem_fault) {
        let place = report.value(&root.child("ca"));
        report.push(
            Diagnostic::new(Code::TLS_CERTIFICATE, "`ca` has no certificates that can be read", place)
                .label(fault)
                .help("write the certificates as PEM text behind `ca: |`, each line indented"),
        );
    }
    for (key, said) in [("certificate", &tls.certificate), ("key", &tls.key)] {
        let Some(template) = said else { continue };
        check_template(template, &root.child(key), &Allowed::CREDENTIALS, report);
    }
    if tls.key.as_ref().is_some_and(Template::is_literal) {
        report.push(written(&root.child("key"), report));
    }
    check_pair(tls, &root, report);
}

/// A certificate and its key go together.
fn check_pair(tls: &TlsDefinition, root: &Pointer, report: &mut Report<'_>) {
    let (there, missing) = match (&tls.certificate, &tls.key) {
        (Some(_), None) => ("certificate", "key"),
        (None, Some(_)) => ("key", "certificate"),
        (Some(_), Some(_)) | (None, None) => return,
    };
    let place = report.key(&root.child(there));
    report.push(
        Diagnostic::new(Code::TLS_CERTIFICATE, format!("`{there}` stands without `{missing}`"), place)
            .label("a client shows its certificate and proves it with the key")
            .help(format!("add `{missing}: \"{{{{ secret.NAME }}}}\"`")),
    );
}

/// What is wrong with PEM certificates, as far as their shape tells.
fn pem_fault(text: &str) -> Option<&'static str> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    if text.contains("PRIVATE KEY") {
        return Some("has a private key, which belongs into a secret");
    }
    let mut blocks = text.split(BEGIN).skip(1).peekable();
    if blocks.peek().is_none() {
        return Some("has no `-----BEGIN CERTIFICATE-----`");
    }
    blocks.find_map(|block| match block.split_once(END) {
        None => Some("has no `-----END CERTIFICATE-----`"),
        Some((body, _)) => (!is_certificate(body)).then_some("a certificate is damaged or not complete"),
    })
}

/// Whether base64 text is one DER sequence and nothing else (X.690, section 8.1).
fn is_certificate(base64: &str) -> bool {
    let compact: String = base64.chars().filter(|c| !c.is_whitespace()).collect();
    let Ok(bytes) = BASE64_STANDARD.decode(compact) else { return false };
    let [0x30, length, rest @ ..] = bytes.as_slice() else { return false };
    let octets = usize::from(length & 0x7f);
    if length & 0x80 == 0 || octets > 4 {
        return false;
    }
    let Some((length, content)) = rest.split_at_checked(octets) else { return false };
    length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte)) == content.len()
}

/// A timeout within the whole call's that ends after it.
pub(super) fn check_limits(limits: &LimitsDefinition, report: &mut Report<'_>) {
    let Some(whole) = limits.timeout else { return };
    for (key, said) in [("connect_timeout", limits.connect_timeout), ("read_timeout", limits.read_timeout)] {
        if said.is_none_or(|said| said < whole) {
            continue;
        }
        let place = report.value(&Pointer::of(["limits", key]));
        let timeout = report.value(&Pointer::of(["limits", "timeout"]));
        report.push(
            Diagnostic::new(Code::TIMEOUTS, format!("`{key}` is not shorter than `timeout`"), place)
                .label("it is never reached")
                .also(timeout, "the whole call ends here")
                .help(format!("make `{key}` shorter, or remove it")),
        );
    }
}

/// The `idempotency_key` of a request.
pub(super) fn check_idempotency_key(request: &RequestDefinition, report: &mut Report<'_>) {
    let Some(key) = &request.idempotency_key else { return };
    let pointer = Pointer::of(["request", "idempotency_key"]);
    check_header_name(&key.header, HeaderOwner::Request, &pointer, report);
    if !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "QUERY") {
        return;
    }
    let place = report.key(&pointer);
    let method = report.value(&Pointer::of(["request", "method"]));
    report.push(
        Diagnostic::new(Code::IDEMPOTENCY_KEY, format!("{} needs no idempotency key", request.method), place)
            .label("this request may be repeated without one")
            .also(method, "changes nothing")
            .help("remove `idempotency_key`"),
    );
}
