//! Rules of an api file.

use super::Report;
use super::auth::{check_auth, check_combination};
use super::headers::{HeaderOwner, check_header_name, check_header_template, check_repeated};
use super::names::check_server;
use super::server::check_server_url;
use super::templates::{Allowed, check_template};
use super::transport::{check_limits, check_proxy, check_tls};
use crate::definition::ApiDefinition;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

pub(super) fn check(api: &ApiDefinition, report: &mut Report<'_>) {
    check_server(&api.name, report);
    check_server_url(&api.server, &Pointer::of(["server"]), api.network, &Allowed::CREDENTIALS, report);
    for (name, server) in &api.servers {
        check_server_url(server, &Pointer::of(["servers", name]), api.network, &Allowed::CREDENTIALS, report);
    }
    check_proxy(api.proxy.as_ref(), report);
    check_tls(api.tls.as_ref(), report);
    check_limits(&api.limits, report);
    check_repeated(api.headers.keys().map(String::as_str), &Pointer::of(["headers"]), report);
    for (name, value) in &api.headers {
        let pointer = Pointer::of(["headers", name]);
        check_header_name(name, HeaderOwner::Api, &pointer, report);
        check_header_template(value, &pointer, report);
        check_template(value, &pointer, &Allowed::SIGNATURES, report);
    }
    if let Some(auth) = &api.auth {
        check_auth(auth, api.network, report);
    }
    for (name, scheme) in &api.schemes {
        check_combination(scheme, &Pointer::of(["schemes", name]), api.network, report);
    }
    check_requirements(api, report);
}

/// `security` of an api or a capability against the api's `schemes`.
pub(super) fn check_security(api: &ApiDefinition, security: &[Vec<String>], report: &mut Report<'_>) {
    for (alternative, schemes) in security.iter().enumerate() {
        for (index, scheme) in schemes.iter().enumerate() {
            if api.schemes.contains_key(scheme) {
                continue;
            }
            let place = report.value(&Pointer::of(["security"]).item(alternative).item(index));
            let diagnostic = Diagnostic::new(Code::UNKNOWN_SCHEME, format!("the api has no scheme `{scheme}`"), place)
                .label(format!("`schemes` of the api `{}` does not have it", api.name));
            report.push(match nearest(scheme, api.schemes.keys().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help(format!("add `{scheme}` to `schemes` of the api's file")),
            });
        }
    }
}

fn check_requirements(api: &ApiDefinition, report: &mut Report<'_>) {
    let Some(security) = &api.security else { return };
    check_security(api, security, report);
    if api.auth.is_some() {
        let place = report.key(&Pointer::of(["security"]));
        let auth = report.key(&Pointer::of(["auth"]));
        report.push(
            Diagnostic::new(Code::SERVER_CHOICE, "`auth` and `security` both say which credentials to send", place)
                .label("only one of the two can")
                .also(auth, "this says it as well")
                .help("keep `auth` for one credential, or `schemes` and `security` for several"),
        );
    }
}
