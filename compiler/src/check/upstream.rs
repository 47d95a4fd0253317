//! Rules of an upstream file.

use super::Report;
use super::auth::check_auth;
use super::headers::{HeaderOwner, check_header_name, check_header_template, check_repeated};
use super::names::check_server;
use super::server::check_server_url;
use super::templates::{Allowed, check_template};
use super::transport::{check_limits, check_proxy, check_tls};
use crate::definition::{TransportDefinition, UpstreamDefinition};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::Pointer;

pub(super) fn check(upstream: &UpstreamDefinition, report: &mut Report<'_>) {
    check_server(&upstream.name, report);
    check_transport(upstream, report);
    check_repeated(upstream.headers.keys().map(String::as_str), &Pointer::of(["headers"]), report);
    check_unsent(upstream, report);
    check_proxy(upstream.proxy.as_ref(), report);
    check_tls(upstream.tls.as_ref(), report);
    check_limits(&upstream.limits, report);
    if let Some(auth) = &upstream.auth {
        check_auth(auth, upstream.network, report);
    }
    for (name, value) in &upstream.headers {
        let pointer = Pointer::of(["headers", name]);
        check_header_name(name, HeaderOwner::Api, &pointer, report);
        check_header_template(value, &pointer, report);
        check_template(value, &pointer, &Allowed::CREDENTIALS, report);
    }
    for (key, globs) in [("allow", upstream.allow.as_deref().unwrap_or_default()), ("deny", &upstream.deny)] {
        for (index, glob) in globs.iter().enumerate() {
            check_glob(glob, &Pointer::of([key]).item(index), report);
        }
    }
}

fn check_transport(upstream: &UpstreamDefinition, report: &mut Report<'_>) {
    let transport = &upstream.transport;
    let pointer = Pointer::of(["transport"]);
    for (key, url) in [("http", &transport.http), ("sse", &transport.sse)] {
        if let Some(url) = url {
            check_server_url(url, &pointer.child(key), upstream.network, &Allowed::CREDENTIALS, report);
        }
    }
    for (name, value) in &transport.env {
        check_template(value, &pointer.child("env").child(name.as_str()), &Allowed::CREDENTIALS, report);
    }
    let fault = match transport {
        TransportDefinition { stdio: Some(command), .. } if command.is_empty() => "`stdio` names no program",
        TransportDefinition { http: None, sse: None, stdio: None, .. } => "none of `http`, `sse` and `stdio` is there",
        TransportDefinition { http: Some(_), sse: None, stdio: None, .. }
        | TransportDefinition { http: None, sse: Some(_), stdio: None, .. }
        | TransportDefinition { http: None, sse: None, stdio: Some(_), .. } => return,
        TransportDefinition { .. } => "more than one of `http`, `sse` and `stdio` is there",
    };
    let place = report.key(&pointer);
    report.push(
        Diagnostic::new(Code::UPSTREAM_TRANSPORT, "an upstream has exactly one transport", place)
            .label(fault)
            .help("keep one of `http: URL`, `sse: URL` and `stdio: [program, argument, …]`"),
    );
}

/// What only another transport reads.
fn check_unsent(upstream: &UpstreamDefinition, report: &mut Report<'_>) {
    let transport = &upstream.transport;
    let of_url = transport.http.is_some() || transport.sse.is_some();
    let is_program = transport.stdio.is_some();
    let mut unsent = Vec::new();
    if is_program && !of_url {
        let to_env = "move them to `transport.env`, or remove them";
        let remove = "remove it, or use `http: URL`";
        unsent.push((!upstream.headers.is_empty(), Pointer::of(["headers"]), "a program takes no headers", to_env));
        unsent.push((
            upstream.auth.is_some(),
            Pointer::of(["auth"]),
            "a program takes no credentials but `env`",
            to_env,
        ));
        unsent.push((upstream.proxy.is_some(), Pointer::of(["proxy"]), "a program is not connected to", remove));
        unsent.push((upstream.tls.is_some(), Pointer::of(["tls"]), "a program is not connected to", remove));
    } else if of_url && !is_program {
        let to_headers = "move them to `headers`, or remove them";
        let remove = "remove it";
        let env = Pointer::of(["transport", "env"]);
        unsent.push((!transport.env.is_empty(), env, "no program is started", to_headers));
        let directory = Pointer::of(["transport", "directory"]);
        unsent.push((transport.directory.is_some(), directory, "no program is started", remove));
    }
    for (_, pointer, label, help) in unsent.into_iter().filter(|(there, ..)| *there) {
        let place = report.key(&pointer);
        let message = "this belongs to another transport";
        report.push(Diagnostic::new(Code::UPSTREAM_TRANSPORT, message, place).label(label).help(help));
    }
}

fn check_glob(glob: &str, pointer: &Pointer, report: &mut Report<'_>) {
    if let Err(error) = globset::Glob::new(glob) {
        let place = report.value(pointer);
        report.push(
            Diagnostic::new(Code::INVALID_VALUE, format!("`{glob}` is not a glob"), place)
                .label(error.kind().to_string())
                .help("`*` stands for any text, `?` for one character"),
        );
    }
}
