//! Rules of the request: its method, path, parameters and body.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Report;
use super::capability::shape;
use super::templates::{Allowed, Secrets, check_template, check_value};
use crate::capability::Style;
use crate::definition::{
    BodyDefinition, Hole, ParameterDefinition, RequestDefinition, Template, TemplateName, TemplateValue,
    argument_expression,
};
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
    if let Some(body) = &request.body {
        check_body(body, &root.child("body"), &allowed, report);
    }
    used_arguments(request)
}

/// Who sets a header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderOwner {
    /// A capability's request.
    Request,
    /// `headers` of an api or upstream.
    Api,
    /// A credential.
    Credential,
}

/// A header that may be set by hand.
pub(super) fn check_header_name(name: &str, owner: HeaderOwner, pointer: &Pointer, report: &mut Report<'_>) {
    let lower = name.to_ascii_lowercase();
    let fault = if !is_token(name) {
        "a header's name has letters, digits and `-` only"
    } else if FRAMING.contains(&lower.as_str()) {
        "the HTTP client sets this header itself"
    } else if owner == HeaderOwner::Request && matches!(lower.as_str(), "authorization" | "proxy-authorization") {
        "credentials belong into `auth`"
    } else {
        return;
    };
    let place = report.key(pointer);
    report.push(
        Diagnostic::new(Code::HEADER, format!("the header `{name}` cannot be set here"), place)
            .label(fault)
            .help("remove it"),
    );
}

/// The literal parts of a header's or credential's value.
pub(super) fn check_header_template(value: &Template, pointer: &Pointer, report: &mut Report<'_>) {
    if shape(&value.pieces).chars().any(|c| c.is_control() && c != '\t') {
        let place = report.value(pointer);
        report.push(
            Diagnostic::new(Code::HEADER, "a header's value has control characters", place)
                .label("no line breaks or other control characters may stand here")
                .help("write the value on one line"),
        );
    }
}

const FRAMING: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-connection",
];

const METHODS: [&str; 16] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "SEARCH", "PROPFIND", "REPORT",
    "COPY", "MOVE", "LINK", "UNLINK",
];

fn check_method(method: &str, pointer: &Pointer, report: &mut Report<'_>) {
    if METHODS.contains(&method) {
        return;
    }
    let place = report.value(pointer);
    let diagnostic = Diagnostic::new(Code::METHOD, format!("`{method}` is not an HTTP method"), place)
        .label("methods are written in capital letters");
    report.push(match nearest(method, METHODS) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("known here: {}", METHODS.join(", "))),
    });
}

fn check_path(
    request: &RequestDefinition,
    input: &Value,
    root: &Pointer,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    let pointer = root.child("path");
    check_template(&request.path, &pointer, allowed, report);
    let literal = shape(&request.path.pieces);
    let fault = if !literal.starts_with('/') {
        Some("must begin with `/`")
    } else if literal.contains(['?', '#']) {
        Some("must not hold a query or fragment")
    } else if literal.split('/').any(|segment| matches!(segment, "." | "..")) {
        Some("must not hold `.` or `..`")
    } else if literal.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Some("must not hold white space")
    } else {
        None
    };
    if let Some(fault) = fault {
        let place = report.value(&pointer);
        report.push(
            Diagnostic::new(Code::REQUEST_PATH, "this is not a path below the server", place)
                .label(fault)
                .help("write a path such as `/things/{{ id }}`; query parameters belong into `query`"),
        );
    }
    check_optional_in_path(&request.path, input, &pointer, report);
    check_path_parameters(request, root, report);
}

/// A path cannot leave a value out, so its arguments are required or have a default.
fn check_optional_in_path(path: &Template, input: &Value, pointer: &Pointer, report: &mut Report<'_>) {
    let required: Vec<&str> =
        input.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let known = |name: &str| input.pointer("/properties").and_then(|properties| properties.get(name)).is_some();
    let defaulted =
        |hole: &Hole| hole.conditional || hole.filters.iter().any(|used| matches!(used.name.as_str(), "default" | "d"));
    for used in path.holes().filter(|hole| !defaulted(hole)).flat_map(|hole| &hole.names) {
        let TemplateName::Argument(name) = &used.name else { continue };
        if required.contains(&name.as_str()) || !known(name) {
            continue;
        }
        let place = crate::diagnostic::Place::within(report.source, pointer.clone(), used.range.clone());
        let message = format!("the path needs `{name}`, which may be left out");
        report.push(
            Diagnostic::new(Code::OPTIONAL_IN_PATH, message, place)
                .label("a path has no place for a missing value")
                .help(format!(
                    "add `{name}` to `input.required`, or write `{{{{ {} | default('…') }}}}`",
                    argument_expression(name)
                )),
        );
    }
}

fn check_path_parameters(request: &RequestDefinition, root: &Pointer, report: &mut Report<'_>) {
    let in_path: BTreeSet<&str> = names(&request.path).collect();
    for (name, parameter) in &request.path_parameters {
        let pointer = root.child("path_parameters").child(name.as_str());
        if !in_path.contains(name.as_str()) {
            let place = report.key(&pointer);
            report.push(
                Diagnostic::new(Code::UNKNOWN_ARGUMENT, format!("the path does not use `{name}`"), place)
                    .label("no `{{ … }}` of the path has this name")
                    .help(format!("add `{{{{ {name} }}}}` to `path`, or remove this")),
            );
        }
        check_style(Location::Path, parameter.style, &pointer, report);
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    Path,
    Query,
    Header,
    Cookie,
    Form,
}

impl Location {
    fn key(self) -> &'static str {
        match self {
            Self::Path => "path_parameters",
            Self::Query => "query",
            Self::Header => "headers",
            Self::Cookie => "cookies",
            Self::Form => "form",
        }
    }

    /// The styles that OpenAPI 3.1.1 (section 4.8.12.4) allows here.
    fn styles(self) -> &'static [Style] {
        match self {
            Self::Path => &[Style::Simple, Style::Label, Style::Matrix],
            Self::Query | Self::Form => &[Style::Form, Style::SpaceDelimited, Style::PipeDelimited, Style::DeepObject],
            Self::Header => &[Style::Simple],
            Self::Cookie => &[Style::Form],
        }
    }
}

fn check_parameter(
    location: Location,
    name: &str,
    parameter: &ParameterDefinition,
    pointer: &Pointer,
    allowed: &Allowed<'_>,
    report: &mut Report<'_>,
) {
    if location == Location::Header {
        check_header_name(name, HeaderOwner::Request, pointer, report);
    }
    check_style(location, parameter.style, pointer, report);
    check_value(&parameter.value, &value_pointer(parameter, pointer), allowed, report);
}

/// A parameter is its value alone, or a mapping with `value`.
fn value_pointer(parameter: &ParameterDefinition, pointer: &Pointer) -> Pointer {
    if parameter.is_plain() { pointer.clone() } else { pointer.child("value") }
}

fn check_style(location: Location, style: Option<Style>, pointer: &Pointer, report: &mut Report<'_>) {
    let Some(style) = style.filter(|style| !location.styles().contains(style)) else { return };
    let names: Vec<String> = location.styles().iter().map(|style| format!("`{}`", style.name())).collect();
    let place = report.value(&pointer.child("style"));
    report.push(
        Diagnostic::new(
            Code::PARAMETER_STYLE,
            format!("`{}` does not exist in `{}`", style.name(), location.key()),
            place,
        )
        .label("OpenAPI does not define this style here")
        .help(format!("use {}", names.join(" or "))),
    );
}

fn check_body(body: &BodyDefinition, pointer: &Pointer, allowed: &Allowed<'_>, report: &mut Report<'_>) {
    if let Some(content_type) = &body.content_type {
        check_template(content_type, &pointer.child("content_type"), allowed, report);
        check_header_template(content_type, &pointer.child("content_type"), report);
    }
    for (key, value) in [("json", &body.json), ("text", &body.text), ("binary", &body.binary)] {
        if let Some(value) = value {
            check_value(value, &pointer.child(key), allowed, report);
        }
    }
    for (name, parameter) in body.form.iter().flatten() {
        check_parameter(Location::Form, name, parameter, &pointer.child("form").child(name.as_str()), allowed, report);
    }
    for (name, part) in body.multipart.iter().flatten() {
        let pointer = pointer.child("multipart").child(name.as_str());
        let value = if part.is_plain() { pointer.clone() } else { pointer.child("value") };
        check_value(&part.value, &value, allowed, report);
        for (key, template) in [("filename", &part.filename), ("content_type", &part.content_type)] {
            if let Some(template) = template {
                check_template(template, &pointer.child(key), allowed, report);
                check_header_template(template, &pointer.child(key), report);
            }
        }
    }
    check_body_form(body, pointer, report);
}

fn check_body_form(body: &BodyDefinition, pointer: &Pointer, report: &mut Report<'_>) {
    let forms = body.forms();
    if forms.len() == 1 {
        return;
    }
    let place = report.key(pointer);
    let label = match forms.as_slice() {
        [] => "none of `json`, `form`, `multipart`, `text` and `binary` is there".to_owned(),
        several => {
            format!("{} are there", several.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(" and "))
        }
    };
    report.push(
        Diagnostic::new(Code::BODY_FORM, "a body has exactly one form", place)
            .label(label)
            .help("keep one of `json`, `form`, `multipart`, `text` and `binary`"),
    );
}

/// `token` of RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn names(template: &Template) -> impl Iterator<Item = &str> {
    template.holes().flat_map(|hole| &hole.names).filter_map(|used| match &used.name {
        TemplateName::Argument(name) => Some(name.as_str()),
        TemplateName::Secret(_) => None,
    })
}

fn used_arguments(request: &RequestDefinition) -> BTreeSet<String> {
    let mut used: BTreeSet<String> = names(&request.path).map(str::to_owned).collect();
    let mut note = |template: &Template| used.extend(names(template).map(str::to_owned));
    let parameters = request.query.iter().chain(&request.headers).chain(&request.cookies);
    let body = request.body.as_ref();
    let form = body.and_then(|body| body.form.as_ref()).into_iter().flatten();
    let parts = || body.and_then(|body| body.multipart.as_ref()).into_iter().flatten();
    let values = parameters
        .chain(form)
        .map(|(_, parameter)| &parameter.value)
        .chain(parts().map(|(_, part)| &part.value))
        .chain(body.into_iter().flat_map(|body| [&body.json, &body.text, &body.binary]).flatten());
    for value in values {
        TemplateValue::visit(value, &mut Vec::new(), &mut |_, template| note(template));
    }
    let texts = parts().flat_map(|(_, part)| [&part.filename, &part.content_type]).flatten();
    for template in texts.chain(body.and_then(|body| body.content_type.as_ref())) {
        note(template);
    }
    used
}
