//! Rules of the request: its method, and which arguments it uses. Its parts have files of their own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Report;
use super::body::check_body;
use super::headers::check_repeated;
use super::parameter::{Location, check_parameter};
use super::path::check_path;
use super::templates::{Allowed, Secrets};
use super::transport::check_idempotency_key;
use crate::capability::{METHODS, is_method};
use crate::definition::{RequestDefinition, Template, TemplateName, TemplateValue};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

/// Checks a request and gives the arguments that it uses.
pub(super) fn check_request(
    request: &RequestDefinition,
    input: &Value,
    arguments: &BTreeSet<&str>,
    report: &mut Report<'_>,
) -> BTreeSet<String> {
    let allowed = Allowed { arguments: Some(arguments), secrets: Secrets::Refused };
    let root = Pointer::of(["request"]);
    check_method(&request.method, &root.child("method"), report);
    check_path(request, input, &root, &allowed, report);
    for (location, parameters) in
        [(Location::Query, &request.query), (Location::Header, &request.headers), (Location::Cookie, &request.cookies)]
    {
        for (name, parameter) in parameters {
            let pointer = root.child(location.key()).child(name.as_str());
            check_parameter(location, name, parameter, &pointer, &allowed, report);
        }
    }
    if let Some(whole) = &request.query_string {
        let pointer = root.child(Location::QueryString.key());
        check_parameter(Location::QueryString, "", whole, &pointer, &allowed, report);
    }
    check_repeated(request.headers.iter().map(|(name, _)| name.as_str()), &root.child("headers"), report);
    if let Some(body) = &request.body {
        check_body(body, input, &root.child("body"), &allowed, report);
    }
    check_idempotency_key(request, report);
    used_arguments(request)
}

const USUAL_METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"];

fn check_method(method: &str, pointer: &Pointer, report: &mut Report<'_>) {
    if is_method(method) {
        return;
    }
    let place = report.value(pointer);
    let diagnostic = Diagnostic::new(Code::METHOD, format!("`{method}` is not an HTTP method"), place);
    let capital = method.trim().to_ascii_uppercase();
    if is_method(&capital) {
        report.push(diagnostic.label("methods are written in capital letters").help(format!("write `{capital}`")));
        return;
    }
    let diagnostic = diagnostic.label("no method has this name");
    report.push(match nearest(method, METHODS) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("common ones: {}", USUAL_METHODS.join(", "))),
    });
}

pub(super) fn names(template: &Template) -> impl Iterator<Item = &str> {
    template.holes().flat_map(|hole| &hole.names).filter_map(|used| match &used.name {
        TemplateName::Argument(name) => Some(name.as_str()),
        TemplateName::Secret(_) => None,
    })
}

fn used_arguments(request: &RequestDefinition) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = names(&request.path).map(str::to_owned).collect();
    let mut note = |template: &Template| used.extend(names(template).map(str::to_owned));
    let parameters = request.query.iter().chain(&request.headers).chain(&request.cookies);
    for parameter in parameters.map(|(_, parameter)| parameter).chain(&request.query_string) {
        TemplateValue::visit(&parameter.value, &mut Vec::new(), &mut |_, template| note(template));
    }
    if let Some(body) = &request.body {
        body.contents().for_each(|content| content.visit(&mut note));
        body.content_type.iter().chain(&body.select).chain(&body.empty).for_each(note);
    }
    used
}
