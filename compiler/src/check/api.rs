//! Rules of an api file.

use super::Report;
use super::headers::{HeaderOwner, check_header_name, check_header_template, check_repeated};
use super::names::check_server;
use super::server::check_server_url;
use super::templates::{Allowed, check_template};
use super::transport::{check_limits, check_proxy, check_tls};
use crate::definition::{ApiDefinition, AuthDefinition, CombinationDefinition, Template, TemplateName};
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
        check_template(value, &pointer, &Allowed::CREDENTIALS, report);
    }
    if let Some(auth) = &api.auth {
        check_auth(auth, report);
    }
    for (name, scheme) in &api.schemes {
        check_combination(scheme, &Pointer::of(["schemes", name]), report);
    }
    check_requirements(api, report);
}

/// `auth` of an api or of a stand-alone capability.
pub(super) fn check_auth(auth: &AuthDefinition, report: &mut Report<'_>) {
    let pointer = Pointer::of(["auth"]);
    match auth.alternatives.as_slice() {
        [only] => check_combination(only, &pointer, report),
        several => {
            for (index, combination) in several.iter().enumerate() {
                check_combination(combination, &pointer.item(index), report);
            }
        }
    }
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

fn check_combination(combination: &CombinationDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let basic = combination.basic.iter().flat_map(|basic| {
        [("username", &basic.username), ("password", &basic.password)]
            .map(|(key, template)| (pointer.child("basic").child(key), template))
    });
    let bearer = combination.bearer.iter().map(|template| (pointer.child("bearer"), template));
    let named = [("header", &combination.header), ("query", &combination.query), ("cookie", &combination.cookie)]
        .into_iter()
        .flat_map(|(key, map)| map.iter().map(move |(name, template)| (key, name, template)))
        .map(|(key, name, template)| (pointer.child(key).child(name.as_str()), template));
    let templates: Vec<_> = bearer.chain(basic).chain(named).collect();
    for (pointer, template) in templates {
        check_template(template, &pointer, &Allowed::CREDENTIALS, report);
        check_header_template(template, &pointer, report);
    }
    check_written_out(combination, pointer, report);
    for name in combination.header.keys() {
        check_header_name(name, HeaderOwner::Credential, &pointer.child("header").child(name.as_str()), report);
    }
}

/// Warns of credentials that are written out. A user name without a secret is usual, and so is a
/// key as the user name with an empty password.
fn check_written_out(combination: &CombinationDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let bearer = combination.bearer.iter().map(|template| (pointer.child("bearer"), template));
    let basic = combination.basic.iter().filter(|basic| !names_secret(&basic.username));
    let basic = basic.map(|basic| (pointer.child("basic").child("password"), &basic.password));
    let named = [("header", &combination.header), ("query", &combination.query), ("cookie", &combination.cookie)]
        .into_iter()
        .flat_map(|(key, map)| map.iter().map(move |(name, template)| (key, name, template)))
        .map(|(key, name, template)| (pointer.child(key).child(name.as_str()), template));
    for (pointer, template) in bearer.chain(basic).chain(named) {
        if !template.is_literal() || template.source.is_empty() {
            continue;
        }
        let place = report.value(&pointer);
        report.push(
            Diagnostic::new(Code::WRITTEN_CREDENTIAL, "a credential stands in the file", place)
                .label("whoever reads the file can use it")
                .help("write `{{ secret.NAME }}`, keep the value outside of the folder, and replace it where it was issued"),
        );
    }
}

fn names_secret(template: &Template) -> bool {
    template.holes().flat_map(|hole| &hole.names).any(|used| matches!(used.name, TemplateName::Secret(_)))
}
