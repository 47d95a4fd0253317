//! Rules of a capability, in the order of its file.

use super::api::{check_auth, check_security};
use super::input::{check_input, check_unused};
use super::names::check_tool;
use super::request::check_request;
use super::server::check_server_url;
use super::templates::Allowed;
use super::{Linked, LinkedApi, Report, schema};
use crate::definition::{CapabilityDefinition, TemplatePiece};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::syntax::Pointer;

pub(super) fn check(linked: &Linked<'_>, report: &mut Report<'_>) {
    let definition = linked.definition;
    check_tool(&definition.name, &linked.served_name(), report);
    match linked.api {
        Some(api) => check_of_api(definition, api, report),
        None => check_stand_alone(definition, report),
    }
    check_words(definition, report);
    check_annotations(definition, report);
    let arguments = check_input(linked, report);
    let used = check_request(&definition.request, &definition.input, &arguments, report);
    check_unused(&arguments, &used, report);
    if let Some(response) = &definition.response.schema {
        let pointer = Pointer::of(["response", "schema"]);
        schema::check(response, &pointer, report);
        schema::check_references(linked, response, &pointer, report);
    }
}

/// What a capability with `api` may not say, because its api says it.
fn check_of_api(definition: &CapabilityDefinition, api: LinkedApi<'_>, report: &mut Report<'_>) {
    if definition.auth.is_some() {
        misplaced("auth", "choose the api's `schemes` with `security`", report);
    }
    if definition.network.is_some() {
        misplaced("network", "say it in the api's file", report);
    }
    if let Some(security) = &definition.security {
        check_security(api.definition, security, report);
    }
    let Some(server) = &definition.server else { return };
    let known = &api.definition.servers;
    if !known.contains_key(&server.source) {
        let place = report.value(&Pointer::of(["server"]));
        let message = format!("the api `{}` has no server `{}`", api.definition.name, server.source);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_SCHEME, message, place)
            .label("a capability of an api chooses one of its `servers` by name");
        report.push(match nearest(&server.source, known.keys().map(String::as_str)) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("name the URL under `servers` in the api's file and write that name here"),
        });
    }
}

fn misplaced(key: &str, help: &str, report: &mut Report<'_>) {
    let place = report.key(&Pointer::of([key]));
    report.push(
        Diagnostic::new(Code::SERVER_CHOICE, format!("`{key}` belongs to stand-alone capabilities"), place)
            .label("this capability has an `api`")
            .help(help),
    );
}

fn check_stand_alone(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let Some(server) = &definition.server else {
        let place = report.value(&Pointer::root());
        report.push(
            Diagnostic::new(Code::SERVER_CHOICE, "neither `api` nor `server` is there", place)
                .label("where should the request go?")
                .help("add `api: NAME` of an api's file, or `server: https://…`"),
        );
        return;
    };
    check_server_url(server, &Pointer::of(["server"]), definition.network, &Allowed::NOTHING, report);
    if definition.security.is_some() {
        let place = report.key(&Pointer::of(["security"]));
        report.push(
            Diagnostic::new(Code::SERVER_CHOICE, "`security` chooses among the `schemes` of an api", place)
                .label("this capability has no `api`")
                .help("write the credentials into `auth`"),
        );
    }
    if let Some(auth) = &definition.auth {
        check_auth(auth, report);
    }
}

fn check_words(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    if definition.description.trim().len() < 3 {
        let place = report.value(&Pointer::of(["description"]));
        report.push(
            Diagnostic::new(Code::EMPTY_DESCRIPTION, "the description says nothing", place)
                .label("agents choose tools by this text")
                .help("say what the tool does, when to use it and what comes back"),
        );
    }
}

fn check_annotations(definition: &CapabilityDefinition, report: &mut Report<'_>) {
    let annotations = definition.annotations;
    let fault = match definition.request.method.as_str() {
        "DELETE" if annotations.read_only == Some(true) => ("read_only", "DELETE changes things"),
        "GET" | "HEAD" if annotations.read_only == Some(false) => ("read_only", "GET and HEAD should change nothing"),
        "GET" | "HEAD" if annotations.destructive == Some(true) => {
            ("destructive", "GET and HEAD should destroy nothing")
        }
        _ if annotations.read_only == Some(true) && annotations.destructive == Some(true) => {
            ("destructive", "what reads only destroys nothing")
        }
        _ => return,
    };
    let place = report.value(&Pointer::of(["annotations", fault.0]));
    let message = format!("`{}` contradicts the request", fault.0);
    let method = report.value(&Pointer::of(["request", "method"]));
    report.push(
        Diagnostic::new(Code::ANNOTATION_METHOD, message, place)
            .label(fault.1)
            .also(method, "the request")
            .help("remove the annotation unless the server really differs from the method"),
    );
}

impl Linked<'_> {
    /// The name under which the tool is served.
    #[must_use]
    pub fn served_name(&self) -> String {
        match self.api {
            Some(api) => format!("{}__{}", api.definition.name, self.definition.name),
            None => self.definition.name.clone(),
        }
    }
}

/// The literal text of a template, with `x` for each hole.
pub(super) fn shape(pieces: &[TemplatePiece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            TemplatePiece::Literal(text) => text.as_str(),
            TemplatePiece::Hole(_) => "x",
        })
        .collect()
}
